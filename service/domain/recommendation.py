"""The answer: a status, a target with the way to it, and what to know before going."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from service.domain.catalogue import Catalogue
from service.domain.change import Change
from service.domain.explanation import (
    AlternativeCode,
    Rejected,
    list_alternatives,
    list_rejected,
)
from service.domain.image import Image
from service.domain.links import Links, links_of
from service.domain.path import Journey, choose_target, plan_path
from service.domain.situation import Question, Situation
from service.domain.status import Status, decide_status
from service.domain.support import Support
from service.domain.tag import ImageTag
from service.domain.warning import UpgradeWarning
from service.domain.warning_rules import (
    warn_of_rules,
    warn_of_running,
    warn_of_sources,
    warn_of_target,
)
from service.errors import KubernetesVersionUnknownError


@dataclass(frozen=True, slots=True)
class Alternative:
    """The target under one changed parameter."""

    code: AlternativeCode
    image: Image


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The answer to a question.

    Attributes:
        target: What to install now; None without one.
        path: The hops until nothing is newer, the target first; empty without one.
        successor: With the status manual: the image to rebuild from, or the one in the repository
            that succeeded the running image's.
        links: Of what to install; None for images that are not Kairos' own.
    """

    status: Status
    running: Image
    target: Image | None
    path: tuple[Image, ...]
    alternatives: tuple[Alternative, ...]
    change: Change
    support: Support
    warnings: tuple[UpgradeWarning, ...]
    rejected: tuple[Rejected, ...]
    successor: Image | None
    links: Links | None
    catalogue: Catalogue


def recommend(situation: Situation) -> Recommendation:
    """Answer a question.

    Raises:
        KubernetesVersionUnknownError: No safe Kubernetes step can be computed.

    Source: domain rules 1 to 8.
    """
    question = situation.question
    journey = situation.journey(question.policy)
    _refuse_unknown_kubernetes(question.running, journey)
    way = _plan_way(question, journey)
    status = decide_status(situation, journey, way)
    path = way if status is Status.UPGRADE_AVAILABLE else ()
    reached = way[0] if way and status in (Status.UPGRADE_AVAILABLE, Status.MANUAL) else None
    step = Change.between(situation.running, reached or situation.running)
    hops = tuple(map(question.standing.sibling, path))
    successor = question.standing.sibling(reached) if reached and not path else None
    return Recommendation(
        status=status,
        running=question.running,
        target=hops[0] if hops else None,
        path=hops,
        alternatives=_list_alternatives(situation, path),
        change=step if path else Change.between(situation.running, situation.running),
        support=situation.support,
        warnings=(
            *warn_of_target(situation, way if reached else (), step),
            *warn_of_rules(situation, reached),
            *warn_of_running(situation),
            *warn_of_sources(situation),
        ),
        rejected=list_rejected(journey),
        successor=successor,
        links=_find_links(situation, hops),
        catalogue=situation.catalogue,
    )


def _refuse_unknown_kubernetes(running: Image, journey: Journey) -> None:
    """Stop where a newer image has a Kubernetes that could be lower than the running one."""
    if known := journey.find_incomparable():
        raise KubernetesVersionUnknownError(
            f"{running.tag} does not tell its Kubernetes version, while newer images such as"
            f" {known} do: give the tag that names it, or the release file of the node",
        )


def _plan_way(question: Question, journey: Journey) -> tuple[ImageTag, ...]:
    if question.is_moved:
        return _plan_successor(journey)
    # What a legacy repository without a successor still lists leads nowhere.
    return () if question.is_renamed else plan_path(journey)


def _plan_successor(journey: Journey) -> tuple[ImageTag, ...]:
    """Choose within the running major or, where there is nothing, within the next.

    Source: domain rule 8.
    """
    major = journey.running.version.branch.major
    for wanted in (major, major + 1):
        images = [image for image in journey.images if image.version.branch.major == wanted]
        if target := choose_target(replace(journey, images=images), journey.running):
            return (target,)
    return ()


def _list_alternatives(situation: Situation, path: Sequence[ImageTag]) -> tuple[Alternative, ...]:
    """List what another question would get; nothing where no question gets an image."""
    question = situation.question
    if question.is_manual or not question.is_boot_fit:
        return ()
    found = list_alternatives(situation, path[0] if path else None)
    return tuple(Alternative(code, question.running.sibling(image)) for code, image in found)


def _find_links(situation: Situation, hops: Sequence[Image]) -> Links | None:
    return links_of(hops[0]) if hops and situation.question.official else None
