"""What each refusal of a step means, for people."""

from collections.abc import Callable

from service.domain.legality import Hop, Refusal
from service.domain.situation import Situation
from service.domain.warning import SKEW_URL, Severity, UpgradeWarning

_Told = tuple[str, str | None]


def describe_refusal(refusal: Refusal, hop: Hop, situation: Situation) -> UpgradeWarning:
    """Say why a hop is refused, with where to read more."""
    message, url = _DESCRIPTIONS[refusal](hop, situation)
    return UpgradeWarning(refusal, Severity.CRITICAL, message, url)


def _describe_withdrawn(hop: Hop, _: Situation) -> _Told:
    rule = next(rule for rule in hop.rules.withdrawn if rule.withdraws(hop.target))
    return f"{hop.target.version} was withdrawn: {rule.summary}", rule.url


def _describe_policy(hop: Hop, _: Situation) -> _Told:
    return f"the operator's policy for {hop.target} does not allow this step", None


def _describe_unknown(hop: Hop, _: Situation) -> _Told:
    silent = hop.origin if hop.origin.has_unknown_kubernetes else hop.target
    message = f"{silent} does not tell its Kubernetes version, so the step may be a downgrade"
    return message, SKEW_URL


def _describe_kubernetes(hop: Hop, _: Situation) -> _Told:
    message = (
        f"Kubernetes moves from {hop.origin.kubernetes} to {hop.target.kubernetes}: never down, and"
        " one minor at a time"
    )
    return message, SKEW_URL


def _describe_barrier(hop: Hop, _: Situation) -> _Told:
    rule = next(rule for rule in hop.rules.barriers if rule.forbids(hop.origin, hop.target))
    return rule.summary, rule.url


def _describe_platform(hop: Hop, _: Situation) -> _Told:
    return f"the registry has {hop.target} for other platforms than {hop.target.arch} only", None


def _describe_not_pullable(hop: Hop, situation: Situation) -> _Told:
    catalogue = situation.catalogue
    published = (
        image
        for image in catalogue.list_images(hop.target.stream)
        if (image.version, image.kubernetes) == (hop.target.version, hop.target.kubernetes)
    )
    other = next(published, None)
    hint = f"; the same is published as {other}" if other and str(other) != str(hop.target) else ""
    return f"{catalogue.repository} has no {hop.target}{hint}", None


_DESCRIPTIONS: dict[Refusal, Callable[[Hop, Situation], _Told]] = {
    Refusal.WITHDRAWN: _describe_withdrawn,
    Refusal.EXCLUDED: _describe_policy,
    Refusal.PRERELEASE: _describe_policy,
    Refusal.ABOVE_MAX_STEP: _describe_policy,
    Refusal.ABOVE_MAX_VERSION: _describe_policy,
    Refusal.KUBERNETES_UNKNOWN: _describe_unknown,
    Refusal.KUBERNETES_DOWNGRADE: _describe_kubernetes,
    Refusal.KUBERNETES_MINOR_SKIPPED: _describe_kubernetes,
    Refusal.ABOVE_MAX_KUBERNETES: _describe_policy,
    Refusal.BARRIER: _describe_barrier,
    Refusal.KUBERNETES_MINOR_HELD: _describe_policy,
    Refusal.PLATFORM_MISSING: _describe_platform,
    Refusal.NOT_PULLABLE: _describe_not_pullable,
}
