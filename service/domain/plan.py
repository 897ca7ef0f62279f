"""What a question comes to, before it is told."""

from dataclasses import dataclass, replace
from itertools import zip_longest

from service.domain.delivery import Findings
from service.domain.image import Image
from service.domain.lineup import Lineup
from service.domain.path import Journey, choose_target, plan_path
from service.domain.situation import Question, Situation
from service.domain.status import Status, decide_status
from service.domain.tag import ImageTag
from service.errors import KubernetesVersionUnknownError


@dataclass(frozen=True, slots=True)
class Plan:
    """What a question comes to, before it is told.

    Attributes:
        way: The hops that were found, whatever the status makes of them.
    """

    situation: Situation
    journey: Journey
    way: tuple[ImageTag, ...]
    status: Status

    @property
    def path(self) -> tuple[ImageTag, ...]:
        """The hops to go; empty where the status has none."""
        return self.way if self.status is Status.UPGRADE_AVAILABLE else ()

    @property
    def target(self) -> Image | None:
        """The first hop."""
        standing = self.situation.question.standing
        return standing.sibling(self.path[0]) if self.path else None

    @property
    def held_from(self) -> ImageTag | None:
        """The first hop that the node would take if its cluster did not hold it back."""
        question = self.situation.question
        if question.policy.cluster_limit is None:
            return None
        free = self.situation.journey(replace(question.policy, cluster_limit=None))
        hops = zip_longest(_plan_way(question, free), self.way)
        return next((alone for alone, held in hops if alone and alone != held), None)

    def with_findings(self, findings: Findings) -> "Plan":
        """Give the same plan, with more known that does not change it."""
        situation = replace(self.situation, findings=findings)
        return Plan(situation, self.journey, self.way, self.status)


def make_plan(situation: Situation) -> Plan:
    """Decide where to go.

    Raises:
        KubernetesVersionUnknownError: No safe Kubernetes step can be computed.

    Source: domain rules 1 to 8.
    """
    journey = situation.journey(situation.question.policy)
    _refuse_unknown_kubernetes(situation.question.running, journey)
    way = _plan_way(situation.question, journey)
    return Plan(situation, journey, way, decide_status(situation, journey, way))


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
        images = Lineup(image for image in journey.images if image.version.branch.major == wanted)
        if target := choose_target(replace(journey, images=images), journey.running):
            return (target,)
    return ()
