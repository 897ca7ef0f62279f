"""Which single hops are legal, and why the others are not: domain rules 2 to 4 and 7."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import filterfalse
from typing import Protocol

from service.domain.change import raises_kubernetes_minor
from service.domain.lineup import Lane, LaneKey
from service.domain.policy import KubernetesPreference, Policy
from service.domain.rules import Rules
from service.domain.survey import (
    Predicate,
    Survey,
    by_image,
    by_kubernetes,
    by_lane,
    by_release,
)
from service.domain.tag import ImageTag


class Refusal(StrEnum):
    """Why an image is no target; in the order in which the reasons are told."""

    __hash__ = str.__hash__  # see Variant

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
        self._tests: list[_Test] = []
        for rule in rules:
            self._tests += rule(terms, origin)

    def find_refusal(self, target: ImageTag) -> Refusal | None:
        """Give the first reason against a target; None where the hop is legal."""
        for refusal, refuses, _ in self._tests:
            if refuses(target):
                return refusal
        return None

    def list_refusals(self, target: ImageTag) -> tuple[Refusal, ...]:
        """List every reason against a target, in the order in which they are told."""
        found = (refusal for refusal, refuses, _ in self._tests if refuses(target))
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
        for refusal, refuses, survey in self._tests:
            alike = survey(refuses, lane, images)
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
            refusal: The reason against the last image of the lane that is looked at.
            lane: Where it is.
            origin: Where the hop starts.
        """
        images = lane.since(origin.version)
        for each, refuses, survey in self._tests:
            if each is refusal and survey(refuses, lane, images):
                return True
        return False

    def is_refused_by_policy(self, target: ImageTag) -> bool:
        """Whether the caller's own policy is among the reasons against a target."""
        return any(refuses(target) for refusal, refuses, _ in self._tests if refusal in _OWN_POLICY)


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


def list_lanes(origin: ImageTag, policy: Policy) -> Sequence[LaneKey]:
    """List the lanes that legal targets are in.

    The rules refuse all others: for an unknown, lower or skipped Kubernetes, and pre-releases.
    """
    minors: Sequence[tuple[int, ...] | None] = (None,)
    if origin.kubernetes is not None:
        major, minor = origin.kubernetes.order[:2]
        # The higher one first: newer releases are there, after which the other is soon done.
        minors = (major, minor + 1), (major, minor)
    stable = [(each, False) for each in minors]
    return [*stable, *((each, True) for each in minors)] if policy.prerelease else stable


# A rule looks once at where hops start, and gives the tests that tell which targets it refuses;
# none where it refuses none.
_Test = tuple[Refusal, Predicate, Survey]
_Rule = Callable[[Terms, ImageTag], Sequence[_Test]]


def _withdrawn(terms: Terms, _: ImageTag) -> Sequence[_Test]:
    rules = terms.rules.withdrawn
    if not rules:
        return ()
    return (
        (Refusal.WITHDRAWN, lambda target: any(rule.withdraws(target) for rule in rules), by_image),
    )


def _excluded(terms: Terms, _: ImageTag) -> Sequence[_Test]:
    policy = terms.policy
    if policy.frozen:
        return ((Refusal.EXCLUDED, lambda _: True, by_lane),)
    if not policy.exclude:
        return ()
    exclude = policy.exclude

    def survey(_: Predicate, lane: Lane, __: Sequence[ImageTag]) -> bool | None:
        return False if lane.releases.isdisjoint(exclude) else None

    return ((Refusal.EXCLUDED, lambda target: target.version in exclude, survey),)


def _prerelease(terms: Terms, _: ImageTag) -> Sequence[_Test]:
    if terms.policy.prerelease:
        return ()
    return ((Refusal.PRERELEASE, lambda target: target.version.is_prerelease, by_lane),)


def _above_max_step(terms: Terms, _: ImageTag) -> Sequence[_Test]:
    kept = terms.policy.max_step.kept_numbers
    if kept == 0:
        return ()
    numbers = terms.running.version.order[:kept]
    return (
        (Refusal.ABOVE_MAX_STEP, lambda target: target.version.order[:kept] != numbers, by_release),
    )


def _above_max_version(terms: Terms, _: ImageTag) -> Sequence[_Test]:
    ceiling = terms.policy.max_version
    if ceiling is None:
        return ()
    return (
        (Refusal.ABOVE_MAX_VERSION, lambda target: not ceiling.allows(target.version), by_release),
    )


def _kubernetes_unknown(_: Terms, origin: ImageTag) -> Sequence[_Test]:
    unknown = origin.has_unknown_kubernetes

    def differs(target: ImageTag) -> bool:
        return target.has_unknown_kubernetes != unknown

    return ((Refusal.KUBERNETES_UNKNOWN, differs, by_lane),)


def _kubernetes_downgrade(_: Terms, origin: ImageTag) -> Sequence[_Test]:
    if origin.kubernetes is None:
        return ()
    lowest = origin.kubernetes.order

    def is_below(target: ImageTag) -> bool:
        return target.kubernetes is not None and target.kubernetes.order < lowest

    return ((Refusal.KUBERNETES_DOWNGRADE, is_below, by_kubernetes),)


def _kubernetes_minor_skipped(_: Terms, origin: ImageTag) -> Sequence[_Test]:
    if origin.kubernetes is None:
        return ()
    major, minor = origin.kubernetes.order[:2]
    highest = major, minor + 1

    def is_above(target: ImageTag) -> bool:
        return target.kubernetes is not None and target.kubernetes.order[:2] > highest

    return ((Refusal.KUBERNETES_MINOR_SKIPPED, is_above, by_lane),)


def _above_max_kubernetes(terms: Terms, origin: ImageTag) -> Sequence[_Test]:
    policy = terms.policy
    if not policy.bounds_kubernetes:
        return ()
    unknown = origin.has_unknown_kubernetes

    def is_above(target: ImageTag) -> bool:
        if target.kubernetes is None:
            return unknown and _stays_unknown(target)
        return not policy.allows_kubernetes(target.kubernetes)

    return ((Refusal.ABOVE_MAX_KUBERNETES, is_above, by_kubernetes),)


def _barrier(terms: Terms, origin: ImageTag) -> Sequence[_Test]:
    return [
        (Refusal.BARRIER, rule.target.holds, rule.target.survey)
        for rule in terms.rules.barriers
        if rule.origin.holds(origin)
    ]


def _kubernetes_minor_held(terms: Terms, origin: ImageTag) -> Sequence[_Test]:
    held, preference = Refusal.KUBERNETES_MINOR_HELD, terms.policy.kubernetes_preference
    if preference is KubernetesPreference.MINIMAL:
        release = origin.version.order

        def is_held(target: ImageTag) -> bool:
            return target.version.order == release and raises_kubernetes_minor(origin, target)

        return ((held, is_held, by_release),)
    if preference is not KubernetesPreference.KEEP:
        return ()
    if origin.has_unknown_kubernetes:
        return ((held, _stays_unknown, by_lane),)
    return ((held, lambda target: raises_kubernetes_minor(origin, target), by_lane),)


def _undelivered(terms: Terms, _: ImageTag) -> Sequence[_Test]:
    undelivered = terms.undelivered
    if not undelivered:
        return ()

    def is_refused(refusal: Refusal) -> Predicate:
        return lambda target: undelivered.get(str(target)) is refusal

    refusals = Refusal.PLATFORM_MISSING, Refusal.NOT_PULLABLE
    return [(refusal, is_refused(refusal), by_image) for refusal in refusals]


def _stays_unknown(target: ImageTag) -> bool:
    """Whether a hop is legal without a known Kubernetes: a ceiling is a promise beyond that."""
    return target.has_unknown_kubernetes


# In the order in which the reasons are told.
_RULES: tuple[_Rule, ...] = (
    _withdrawn,
    _excluded,
    _prerelease,
    _above_max_step,
    _above_max_version,
    _kubernetes_unknown,
    _kubernetes_downgrade,
    _kubernetes_minor_skipped,
    _above_max_kubernetes,
    _barrier,
    _kubernetes_minor_held,
    _undelivered,
)

# What list_lanes and a policy's ceiling leave out is all that these refuse.
_RULES_OF_LANES = (
    _prerelease,
    _above_max_step,
    _above_max_version,
    _kubernetes_unknown,
    _kubernetes_minor_skipped,
)
_RULES_WITHIN_LANES = tuple(rule for rule in _RULES if rule not in _RULES_OF_LANES)

# A caller or an operator may let these go; the others protect the node.
_OWN_POLICY = (
    Refusal.EXCLUDED,
    Refusal.ABOVE_MAX_STEP,
    Refusal.ABOVE_MAX_VERSION,
    Refusal.ABOVE_MAX_KUBERNETES,
    Refusal.KUBERNETES_MINOR_HELD,
)
