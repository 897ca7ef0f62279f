"""Which single hops are legal, and why the others are not: domain rules 2 to 4 and 7."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import filterfalse
from typing import Protocol

from service.domain.lineup import Lane, LaneKey
from service.domain.policy import KubernetesPreference, MaxStep, Policy
from service.domain.rules import Rules
from service.domain.tag import ImageTag


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


class Terms(Protocol):
    """What holds for every hop of a node.

    Attributes:
        running: What the node runs now, from which ``max_step`` is measured.
        rules: Those that speak of the running image.
        undelivered: The tags that the registry cannot deliver, as they are spelled, and why.
    """

    @property
    def running(self) -> ImageTag: ...  # noqa: D102 - see above

    @property
    def policy(self) -> Policy: ...  # noqa: D102

    @property
    def rules(self) -> Rules: ...  # noqa: D102

    @property
    def undelivered(self) -> Mapping[str, Refusal]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of an upgrade, from where the node then stands; its other parts are ``Terms``.

    Attributes:
        origin: Where this hop starts: the running image, or the target of the hop before.
        target: Newer than the origin.
    """

    running: ImageTag
    origin: ImageTag
    target: ImageTag
    policy: Policy
    rules: Rules
    undelivered: Mapping[str, Refusal] = field(default_factory=dict)


class Gate:
    """What stands between an image and the next; made once for all targets that are looked at.

    Args:
        terms: What holds for every hop of the node.
        origin: Where the hop starts.
        within_lanes: Whether only images of ``list_lanes`` are looked at, which some rules never
            refuse.
    """

    __slots__ = ("_tests",)

    def __init__(self, terms: Terms, origin: ImageTag, *, within_lanes: bool = False) -> None:
        rules = _RULES_WITHIN_LANES if within_lanes else _RULES
        # Most rules refuse nothing under most policies; those that can are some five of them.
        self._tests = [
            (refusal, test)
            for refusal, rule in rules.items()
            if (tests := rule(terms, origin))
            for test in tests
        ]

    def find_refusal(self, target: ImageTag) -> Refusal | None:
        """Give the first reason against a target; None where the hop is legal."""
        for refusal, refuses in self._tests:
            if refuses(target):
                return refusal
        return None

    def list_refusals(self, target: ImageTag) -> tuple[Refusal, ...]:
        """List every reason against a target, in the order in which they are told."""
        found = (refusal for refusal, refuses in self._tests if refuses(target))
        return tuple(dict.fromkeys(found))

    def list_refused(
        self, lane: Lane, images: Sequence[ImageTag]
    ) -> Iterator[tuple[Refusal, Sequence[ImageTag]]]:
        """List the refused among the images of a lane, by the first reason against each.

        Most rules treat a whole lane alike, and then cost the look at its ends.

        Args:
            lane: Where they are.
            images: Those that are newer than the running image, lowest first; at least one.
        """
        for refusal, refuses in self._tests:
            alike = _treats_alike(refusal, refuses, lane, images)
            if alike:
                yield refusal, images
                return
            if alike is None and (refused := tuple(filter(refuses, images))):
                yield refusal, refused
                images = tuple(filterfalse(refuses, images))
                if not images:
                    return

    def refuses_all(self, refusal: Refusal, lane: Lane, origin: ImageTag) -> bool:
        """Whether what refuses an image clearly refuses all that is newer in its lane.

        Args:
            refusal: The reason against the last image of the lane.
            lane: Where it is.
            origin: Where the hop starts.
        """
        images = lane.since(origin.version)
        return any(
            each is refusal and _treats_alike(refusal, refuses, lane, images)
            for each, refuses in self._tests
        )

    def is_refused_by_policy(self, target: ImageTag) -> bool:
        """Whether the caller's own policy is among the reasons against a target."""
        return any(refuses(target) for refusal, refuses in self._tests if refusal in _OWN_POLICY)


def is_newer(target: ImageTag, origin: ImageTag) -> bool:
    """Whether an image is a higher Kairos release, or a newer Kubernetes on the same one."""
    if target.version.order != origin.version.order:
        return target.version.order > origin.version.order
    if target.kubernetes is None or origin.kubernetes is None:
        return False
    return target.kubernetes.order > origin.kubernetes.order


def find_refusal(hop: Hop) -> Refusal | None:
    """Give the first reason against a hop; None where it is legal."""
    return Gate(hop, hop.origin).find_refusal(hop.target)


def list_refusals(hop: Hop) -> tuple[Refusal, ...]:
    """List every reason against a hop, in the order in which they are told."""
    return Gate(hop, hop.origin).list_refusals(hop.target)


def is_refused_by_policy(hop: Hop) -> bool:
    """Whether the caller's own policy is among the reasons against a hop."""
    return Gate(hop, hop.origin).is_refused_by_policy(hop.target)


def list_lanes(origin: ImageTag, policy: Policy) -> Iterator[LaneKey]:
    """List the lanes that legal targets are in.

    The rules refuse all others: for an unknown, lower or skipped Kubernetes, and pre-releases.
    """
    for prerelease in (False, True) if policy.prerelease else (False,):
        if origin.kubernetes is None:
            yield None, prerelease
            continue
        major, minor = origin.kubernetes.order[:2]
        # The higher one first: newer releases are there, after which the other is soon done.
        yield (major, minor + 1), prerelease
        yield (major, minor), prerelease


# A rule looks once at where hops start, and gives the tests that tell which targets it refuses;
# none where it refuses none.
_Test = Callable[[ImageTag], bool]
_Rule = Callable[[Terms, ImageTag], Sequence[_Test]]


def _treats_alike(
    refusal: Refusal, refuses: _Test, lane: Lane, images: Sequence[ImageTag]
) -> bool | None:
    """Say whether a test refuses all images of a lane or none; None where each must be asked.

    Within a lane such a test looks at the Kairos or at the Kubernetes version, and refuses nothing,
    all, or what lies beyond some version. So it treats all as it treats the ends of both orders. A
    barrier may have two sides: what it refuses at all ends, it refuses between them as well.
    """
    if refusal not in _ORDERLY:
        return None
    verdict = refuses(images[0])
    if not verdict is refuses(images[-1]) is refuses(lane.lowest) is refuses(lane.highest):
        return None
    return True if verdict else None if refusal is Refusal.BARRIER else False


def _withdrawn(terms: Terms, _: ImageTag) -> Sequence[_Test]:
    rules = terms.rules.withdrawn
    return (lambda target: any(rule.withdraws(target) for rule in rules),) if rules else ()


def _excluded(terms: Terms, _: ImageTag) -> Sequence[_Test]:
    policy = terms.policy
    if policy.frozen:
        return (lambda _: True,)
    return (lambda target: target.version in policy.exclude,) if policy.exclude else ()


def _prerelease(terms: Terms, _: ImageTag) -> Sequence[_Test]:
    return () if terms.policy.prerelease else (lambda target: target.version.is_prerelease,)


def _above_max_step(terms: Terms, _: ImageTag) -> Sequence[_Test]:
    kept = _KEPT_NUMBERS[terms.policy.max_step]
    if kept == 0:
        return ()
    numbers = terms.running.version.order[:kept]
    return (lambda target: target.version.order[:kept] != numbers,)


def _above_max_version(terms: Terms, _: ImageTag) -> Sequence[_Test]:
    ceiling = terms.policy.max_version
    return () if ceiling is None else (lambda target: not ceiling.allows(target.version),)


def _kubernetes_unknown(_: Terms, origin: ImageTag) -> Sequence[_Test]:
    unknown = origin.has_unknown_kubernetes
    return (lambda target: target.has_unknown_kubernetes != unknown,)


def _kubernetes_downgrade(_: Terms, origin: ImageTag) -> Sequence[_Test]:
    if origin.kubernetes is None:
        return ()
    lowest = origin.kubernetes.order
    return (lambda target: target.kubernetes is not None and target.kubernetes.order < lowest,)


def _kubernetes_minor_skipped(_: Terms, origin: ImageTag) -> Sequence[_Test]:
    if origin.kubernetes is None:
        return ()
    major, minor = origin.kubernetes.order[:2]
    return (_is_kubernetes_above((major, minor + 1)),)


def _above_max_kubernetes(terms: Terms, origin: ImageTag) -> Sequence[_Test]:
    policy = terms.policy
    if not policy.bounds_kubernetes:
        return ()
    unknown = origin.has_unknown_kubernetes

    def is_above(target: ImageTag) -> bool:
        if target.kubernetes is None:
            return unknown and _stays_unknown(target)
        return not policy.allows_kubernetes(target.kubernetes)

    return (is_above,)


def _barrier(terms: Terms, origin: ImageTag) -> Sequence[_Test]:
    return [rule.target.holds for rule in terms.rules.barriers if rule.origin.holds(origin)]


def _kubernetes_minor_held(terms: Terms, origin: ImageTag) -> Sequence[_Test]:
    match terms.policy.kubernetes_preference:
        case KubernetesPreference.MINIMAL:
            release = origin.version.order
            return (
                lambda target: (
                    target.version.order == release and raises_kubernetes_minor(origin, target)
                ),
            )
        case KubernetesPreference.KEEP if origin.has_unknown_kubernetes:
            return (_stays_unknown,)
        case KubernetesPreference.KEEP:
            return (lambda target: raises_kubernetes_minor(origin, target),)
        case _:
            return ()


def _undelivered(refusal: Refusal) -> _Rule:
    def rule(terms: Terms, _: ImageTag) -> Sequence[_Test]:
        undelivered = terms.undelivered
        return (lambda target: undelivered.get(str(target)) is refusal,) if undelivered else ()

    return rule


def _is_kubernetes_above(ceiling: tuple[int, int]) -> _Test:
    return lambda target: target.kubernetes is not None and target.kubernetes.order[:2] > ceiling


def _stays_unknown(target: ImageTag) -> bool:
    """Whether a hop is legal without a known Kubernetes: a ceiling is a promise beyond that."""
    return target.has_unknown_kubernetes


def raises_kubernetes_minor(origin: ImageTag, target: ImageTag) -> bool:
    """Whether a hop moves to another Kubernetes minor; false where one of them is unknown."""
    if origin.kubernetes is None or target.kubernetes is None:
        return False
    return target.kubernetes.order[:2] != origin.kubernetes.order[:2]


# How many of a version's numbers a step leaves as they are.
_KEPT_NUMBERS = {MaxStep.PATCH: 2, MaxStep.MINOR: 1, MaxStep.MAJOR: 0}

_RULES: dict[Refusal, _Rule] = {
    Refusal.WITHDRAWN: _withdrawn,
    Refusal.EXCLUDED: _excluded,
    Refusal.PRERELEASE: _prerelease,
    Refusal.ABOVE_MAX_STEP: _above_max_step,
    Refusal.ABOVE_MAX_VERSION: _above_max_version,
    Refusal.KUBERNETES_UNKNOWN: _kubernetes_unknown,
    Refusal.KUBERNETES_DOWNGRADE: _kubernetes_downgrade,
    Refusal.KUBERNETES_MINOR_SKIPPED: _kubernetes_minor_skipped,
    Refusal.ABOVE_MAX_KUBERNETES: _above_max_kubernetes,
    Refusal.BARRIER: _barrier,
    Refusal.KUBERNETES_MINOR_HELD: _kubernetes_minor_held,
    Refusal.PLATFORM_MISSING: _undelivered(Refusal.PLATFORM_MISSING),
    Refusal.NOT_PULLABLE: _undelivered(Refusal.NOT_PULLABLE),
}

# These refuse no image of the lanes that are listed, and nothing but images of other lanes.
_RULES_OF_LANES = (
    Refusal.PRERELEASE,
    Refusal.KUBERNETES_UNKNOWN,
    Refusal.KUBERNETES_MINOR_SKIPPED,
)
_RULES_WITHIN_LANES = {
    refusal: rule for refusal, rule in _RULES.items() if refusal not in _RULES_OF_LANES
}

# Within a lane, these follow one of its two orders; see _treats_alike.
_ORDERLY = frozenset(
    {
        Refusal.PRERELEASE,
        Refusal.ABOVE_MAX_STEP,
        Refusal.ABOVE_MAX_VERSION,
        Refusal.KUBERNETES_UNKNOWN,
        Refusal.KUBERNETES_DOWNGRADE,
        Refusal.KUBERNETES_MINOR_SKIPPED,
        Refusal.ABOVE_MAX_KUBERNETES,
        Refusal.BARRIER,
        Refusal.KUBERNETES_MINOR_HELD,
    }
)

# A caller or an operator may let these go; the others protect the node.
_OWN_POLICY = (
    Refusal.EXCLUDED,
    Refusal.ABOVE_MAX_STEP,
    Refusal.ABOVE_MAX_VERSION,
    Refusal.ABOVE_MAX_KUBERNETES,
    Refusal.KUBERNETES_MINOR_HELD,
)
