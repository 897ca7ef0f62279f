"""Which single hops are legal, and why the others are not: domain rules 2 to 4 and 7."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from service.domain.policy import KubernetesPreference, MaxStep, Policy
from service.domain.rules import Rules
from service.domain.tag import ImageTag
from service.domain.version import Branch


class Refusal(StrEnum):
    """Why an image is no target; in the order in which the reasons are told."""

    WITHDRAWN = "withdrawn"
    EXCLUDED = "excluded"
    PRERELEASE = "prerelease"
    ABOVE_MAX_STEP = "above_max_step"
    ABOVE_MAX_VERSION = "above_max_version"
    KUBERNETES_UNKNOWN = "kubernetes_unknown"
    KUBERNETES_DOWNGRADE = "kubernetes_downgrade"
    KUBERNETES_MINOR_SKIPPED = "kubernetes_minor_skipped"
    ABOVE_MAX_KUBERNETES = "above_max_kubernetes"
    BARRIER = "barrier"
    KUBERNETES_MINOR_HELD = "kubernetes_minor_held"
    PLATFORM_MISSING = "platform_missing"
    NOT_PULLABLE = "not_pullable"


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of an upgrade, from where the node then stands.

    Attributes:
        running: What the node runs now, from which ``max_step`` is measured.
        origin: Where this hop starts: the running image, or the target of the hop before.
        target: Newer than the origin.
        rules: Those that speak of the running image.
        undelivered: Why the registry cannot deliver the target; None where it can, or was not
            asked.
    """

    running: ImageTag
    origin: ImageTag
    target: ImageTag
    policy: Policy
    rules: Rules
    undelivered: Refusal | None = None


def is_newer(target: ImageTag, origin: ImageTag) -> bool:
    """Whether an image is a higher Kairos release, or a newer Kubernetes on the same one."""
    if target.version != origin.version:
        return target.version > origin.version
    if target.kubernetes is None or origin.kubernetes is None:
        return False
    return target.kubernetes > origin.kubernetes


def find_refusal(hop: Hop) -> Refusal | None:
    """Give the first reason against a hop; None where it is legal."""
    for refusal, applies in _RULES.items():
        if applies(hop):
            return refusal
    return None


def list_refusals(hop: Hop) -> tuple[Refusal, ...]:
    """List every reason against a hop, in the order in which they are told."""
    return tuple(refusal for refusal, applies in _RULES.items() if applies(hop))


def is_refused_by_policy(hop: Hop) -> bool:
    """Whether the caller's own policy is among the reasons against a hop."""
    return any(_RULES[refusal](hop) for refusal in _OWN_POLICY)


def _is_withdrawn(hop: Hop) -> bool:
    return any(rule.withdraws(hop.target) for rule in hop.rules.withdrawn)


def _is_excluded(hop: Hop) -> bool:
    return hop.policy.frozen or hop.target.version in hop.policy.exclude


def _is_unwanted_prerelease(hop: Hop) -> bool:
    return hop.target.version.is_prerelease and not hop.policy.prerelease


def _is_above_max_step(hop: Hop) -> bool:
    running, target = hop.running.version.branch, hop.target.version.branch
    if hop.policy.max_step is MaxStep.PATCH:
        return target != running
    return hop.policy.max_step is MaxStep.MINOR and target.major != running.major


def _is_above_max_version(hop: Hop) -> bool:
    ceiling = hop.policy.max_version
    return ceiling is not None and not ceiling.allows(hop.target.version)


def _is_kubernetes_unknown(hop: Hop) -> bool:
    return hop.origin.has_unknown_kubernetes != hop.target.has_unknown_kubernetes


def _is_kubernetes_downgrade(hop: Hop) -> bool:
    origin, target = hop.origin.kubernetes, hop.target.kubernetes
    return origin is not None and target is not None and target < origin


def _is_kubernetes_minor_skipped(hop: Hop) -> bool:
    origin, target = hop.origin.kubernetes, hop.target.kubernetes
    if origin is None or target is None:
        return False
    return target.minor > Branch(origin.minor.major, origin.minor.minor + 1)


def _is_above_max_kubernetes(hop: Hop) -> bool:
    if not hop.policy.bounds_kubernetes:
        return False
    kubernetes = hop.target.kubernetes
    return _stays_unknown(hop) or (
        kubernetes is not None and not hop.policy.allows_kubernetes(kubernetes)
    )


def _stays_unknown(hop: Hop) -> bool:
    """Whether a hop is legal without a known Kubernetes: a ceiling is a promise beyond that."""
    return hop.origin.has_unknown_kubernetes and hop.target.has_unknown_kubernetes


def _runs_into_barrier(hop: Hop) -> bool:
    return any(rule.forbids(hop.origin, hop.target) for rule in hop.rules.barriers)


def _is_kubernetes_minor_held(hop: Hop) -> bool:
    keeps = hop.policy.kubernetes_preference is KubernetesPreference.KEEP
    if keeps and _stays_unknown(hop):
        return True
    minimal = hop.policy.kubernetes_preference is KubernetesPreference.MINIMAL
    same_release = hop.target.version == hop.origin.version
    return (keeps or (minimal and same_release)) and raises_kubernetes_minor(hop.origin, hop.target)


def _has_no_platform(hop: Hop) -> bool:
    return hop.undelivered is Refusal.PLATFORM_MISSING


def _is_not_pullable(hop: Hop) -> bool:
    return hop.undelivered is Refusal.NOT_PULLABLE


def raises_kubernetes_minor(origin: ImageTag, target: ImageTag) -> bool:
    """Whether a hop moves to another Kubernetes minor; false where one of them is unknown."""
    if origin.kubernetes is None or target.kubernetes is None:
        return False
    return target.kubernetes.minor != origin.kubernetes.minor


_RULES: dict[Refusal, Callable[[Hop], bool]] = {
    Refusal.WITHDRAWN: _is_withdrawn,
    Refusal.EXCLUDED: _is_excluded,
    Refusal.PRERELEASE: _is_unwanted_prerelease,
    Refusal.ABOVE_MAX_STEP: _is_above_max_step,
    Refusal.ABOVE_MAX_VERSION: _is_above_max_version,
    Refusal.KUBERNETES_UNKNOWN: _is_kubernetes_unknown,
    Refusal.KUBERNETES_DOWNGRADE: _is_kubernetes_downgrade,
    Refusal.KUBERNETES_MINOR_SKIPPED: _is_kubernetes_minor_skipped,
    Refusal.ABOVE_MAX_KUBERNETES: _is_above_max_kubernetes,
    Refusal.BARRIER: _runs_into_barrier,
    Refusal.KUBERNETES_MINOR_HELD: _is_kubernetes_minor_held,
    Refusal.PLATFORM_MISSING: _has_no_platform,
    Refusal.NOT_PULLABLE: _is_not_pullable,
}

# A caller or an operator may let these go; the others protect the node.
_OWN_POLICY = (
    Refusal.EXCLUDED,
    Refusal.ABOVE_MAX_STEP,
    Refusal.ABOVE_MAX_VERSION,
    Refusal.ABOVE_MAX_KUBERNETES,
    Refusal.KUBERNETES_MINOR_HELD,
)
