"""Why not the others, and what else: what stands beside a target."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from service.domain.legality import Gate, Refusal
from service.domain.lineup import version_order
from service.domain.path import Journey, choose_target
from service.domain.policy import FlavorReleasePolicy, KubernetesPreference, MaxStep, Policy
from service.domain.situation import Situation
from service.domain.tag import ImageTag

_CACHED_POLICIES = 256

# In the order in which they are told.
_TOLD = tuple(Refusal)


@dataclass(frozen=True, slots=True)
class Rejected:
    """Newer images that are no target, by their first reason.

    Attributes:
        example: The highest of them.
    """

    code: Refusal
    count: int
    example: ImageTag


class AlternativeCode(StrEnum):
    """The one thing that an alternative changes in what was asked."""

    WITHIN_MAJOR = "within_major"
    NEXT_MINOR = "next_minor"
    NEXT_MAJOR = "next_major"
    NEXT_KUBERNETES_MINOR = "next_kubernetes_minor"
    FLAVOR_RELEASE_CHANGE = "flavor_release_change"
    PRERELEASE = "prerelease"


def list_rejected(journey: Journey) -> tuple[Rejected, ...]:
    """Group the refused among the newer images of a journey, in the order of the reasons."""
    gate = Gate(journey, journey.running)
    groups: defaultdict[Refusal, list[Sequence[ImageTag]]] = defaultdict(list)
    for lane, images in journey.newer_by_lane():
        for refusal, refused in gate.list_refused(lane, images):
            groups[refusal].append(refused)
    return tuple(
        Rejected(code, sum(map(len, groups[code])), _find_highest(groups[code]))
        for code in _TOLD
        if code in groups
    )


def _find_highest(groups: Iterable[Sequence[ImageTag]]) -> ImageTag:
    """Find the highest of all images, each group of which has its highest at the end."""
    return max((images[-1] for images in groups), key=version_order)


def list_alternatives(
    situation: Situation,
    target: ImageTag | None,
) -> tuple[tuple[AlternativeCode, ImageTag], ...]:
    """List the first hops under one changed parameter, where they differ from the target."""
    asked = situation.question.policy
    found = []
    for code, changed in _changes(asked).items():
        journey = situation.journey(changed)
        if target and _changes_nothing(code, journey, situation, target):
            continue
        image = None if journey.find_incomparable() else choose_target(journey, journey.running)
        if image and image != target:
            found.append((code, image))
    return tuple(found)


def _changes_nothing(
    code: AlternativeCode, journey: Journey, situation: Situation, target: ImageTag
) -> bool:
    """Whether a change clearly leaves the target as it is, so that no choice needs to be made."""
    if code is AlternativeCode.WITHIN_MAJOR:
        return target.version.order[0] == journey.running.version.order[0]
    return code is AlternativeCode.FLAVOR_RELEASE_CHANGE and journey.images is situation.images


# Callers ask under few policies, and each takes six copies.
@lru_cache(maxsize=_CACHED_POLICIES)
def _changes(asked: Policy) -> Mapping[AlternativeCode, Policy]:
    """Give each policy that differs from the asked one in the parameter of an alternative."""
    changed = {code: change(asked) for code, change in _CHANGES.items()}
    return {code: policy for code, policy in changed.items() if policy and policy != asked}


def _within_major(asked: Policy) -> Policy | None:
    return replace(asked, max_step=MaxStep.MINOR) if asked.max_step is MaxStep.MAJOR else None


def _next_minor(asked: Policy) -> Policy | None:
    return replace(asked, max_step=MaxStep.MINOR) if asked.max_step is MaxStep.PATCH else None


def _next_major(asked: Policy) -> Policy | None:
    return replace(asked, max_step=MaxStep.MAJOR)


def _next_kubernetes_minor(asked: Policy) -> Policy | None:
    return replace(asked, kubernetes=KubernetesPreference.NEXT)


def _flavor_release_change(asked: Policy) -> Policy | None:
    return replace(asked, flavor_release=FlavorReleasePolicy.FOLLOW)


def _prerelease(asked: Policy) -> Policy | None:
    return replace(asked, prerelease=True)


_CHANGES: dict[AlternativeCode, Callable[[Policy], Policy | None]] = {
    AlternativeCode.WITHIN_MAJOR: _within_major,
    AlternativeCode.NEXT_MINOR: _next_minor,
    AlternativeCode.NEXT_MAJOR: _next_major,
    AlternativeCode.NEXT_KUBERNETES_MINOR: _next_kubernetes_minor,
    AlternativeCode.FLAVOR_RELEASE_CHANGE: _flavor_release_change,
    AlternativeCode.PRERELEASE: _prerelease,
}
