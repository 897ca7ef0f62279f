"""The use case of many nodes at once: each answered as alone, but that clusters stay together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from service.advisor import Advisor, UpgradeRequest
from service.domain.catalogue import CatalogueSource
from service.domain.fleet import KubernetesHold, Member, Role, find_holds
from service.domain.image import Image
from service.domain.policy import Policy
from service.domain.recommendation import Recommendation
from service.domain.reference import Repository
from service.domain.release_file import ReleaseFile
from service.domain.tag import Arch
from service.domain.version import KubernetesVersion
from service.domain.warning import UpgradeWarning
from service.errors import ServiceError

# The answers to many nodes are read as JSON, so this is the form that rules hear of.
_FORM = "json"

Found = Recommendation | ServiceError


@dataclass(frozen=True, slots=True)
class FleetNode:
    """One node of a fleet.

    Attributes:
        name: As its owner calls it; None where what was given can be no name.
        asked: The question; or why there is none, which is then the answer.
        cluster: Whom it is held together with; None for nobody.
        role: None where there is no cluster, or it was not told legibly.
        kubernetes: What it runs, where that is told beside its image.
    """

    name: str | None
    asked: UpgradeRequest | ServiceError
    cluster: str | None = None
    role: Role | None = None
    kubernetes: KubernetesVersion | None = None


@dataclass(frozen=True, slots=True)
class FleetAnswer:
    """The answer to one node.

    Attributes:
        found: What any node gets that asks the same; one object for all of them.
        held: Why its cluster holds this one back; None where it does not.
    """

    found: Found
    held: UpgradeWarning | None = None


@dataclass(frozen=True, slots=True)
class FleetDefaults:
    """What holds for nodes that do not know this service, and so say nothing of it.

    Attributes:
        request: The policy; and what of a node it does not say itself.
        cluster: Of all of them; None for none.
        place: Where their images come from: a repository, or what that of each flavor begins with.
    """

    request: UpgradeRequest
    cluster: str | None
    place: str | None
    _asked: dict[tuple[object, ...], UpgradeRequest] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def ask(
        self, values: Mapping[str, str], *, arch: str | None, boot_state: str | None
    ) -> UpgradeRequest:
        """Give the question of a node: one object for all that say the same.

        Args:
            values: Of its release file.
            arch: By the name of tags or of ``uname -m``; one that Kairos has not is no claim.
            boot_state: None where it tells none.

        Raises:
            InvalidRequestError: The values are none of a release file.
        """
        key = frozenset(values.items()), arch, boot_state
        if key not in self._asked:
            known = self.request
            claim = replace(
                known.claim,
                release_file=ReleaseFile.of(values),
                arch=Arch.parse(arch or "") or known.claim.arch,
                place=self.place,
            )
            self._asked[key] = replace(
                known, claim=claim, boot_state=boot_state or known.boot_state
            )
        return self._asked[key]


class FleetAdvisor:
    """Answers for many nodes in one call.

    Each repository is listed once, each question answered once, and each target verified once; what
    fails, fails once for all nodes that it concerns.

    Args:
        advisor: Answers for one node.
        start_listing: Begins the catalogues of one call, within its time, with repositories that it
            will ask for.
    """

    def __init__(
        self,
        advisor: Advisor,
        start_listing: Callable[[Sequence[Repository]], CatalogueSource],
    ) -> None:
        self._advisor = advisor
        self._start_listing = start_listing

    def recommend(self, nodes: Sequence[FleetNode]) -> list[FleetAnswer]:
        """Recommend the upgrade of each node, in their order.

        What is wrong with one node is its own answer; but a server of which nobody knows what it
        runs holds its cluster.
        """
        running = self._identify(nodes)
        images = [image for image in running if isinstance(image, Image)]
        source = self._start_listing(list(dict.fromkeys(image.repository for image in images)))
        batch = _Batch(self._advisor.begin_batch(source))
        holds = find_holds(list(map(_see_member, nodes, running)))
        return list(map(batch.recommend, nodes, running, holds))

    def _identify(self, nodes: Sequence[FleetNode]) -> list[Image | ServiceError]:
        """Say what each node runs, or why that cannot be said."""
        # By identity, for equal questions are one object, and a release file has no hash.
        asked = {id(node.asked): node.asked for node in nodes}
        found = {key: self._identify_one(each) for key, each in asked.items()}
        return [found[id(node.asked)] for node in nodes]

    def _identify_one(self, asked: UpgradeRequest | ServiceError) -> Image | ServiceError:
        if isinstance(asked, ServiceError):
            return asked
        try:
            return self._advisor.identify(asked.claim)
        except ServiceError as error:
            return _bare(error)


class _Batch:
    """The answers of one call."""

    def __init__(self, advisor: Advisor) -> None:
        self._advisor = advisor
        self._answers: dict[tuple[object, ...], Found] = {}

    def recommend(
        self, node: FleetNode, running: Image | ServiceError, hold: KubernetesHold | None
    ) -> FleetAnswer:
        """Answer for a node."""
        if isinstance(running, ServiceError):
            return FleetAnswer(running)
        if isinstance(node.asked, ServiceError):
            return FleetAnswer(node.asked)
        policy = hold.narrow(node.asked.policy) if hold else node.asked.policy
        found = self._find(running, policy, node.asked.boot_state)
        if hold and isinstance(found, Recommendation) and found.held_from:
            return FleetAnswer(found, hold.warn(found.held_from))
        return FleetAnswer(found)

    def _find(self, *question: *tuple[Image, Policy, str]) -> Found:
        # Images are equal however their version is spelt, but each answer names its own.
        key = (str(question[0].reference), *question)
        if key not in self._answers:
            try:
                self._answers[key] = self._advisor.recommend_from(*question, _FORM)
            except ServiceError as error:
                self._answers[key] = _bare(error)
        return self._answers[key]


def _see_member(node: FleetNode, running: Image | ServiceError) -> Member | None:
    """See a node as its cluster does; None outside of one."""
    if node.cluster is None or node.role is None:
        return None
    told = None if isinstance(running, ServiceError) else running.tag.kubernetes
    return Member(node.name or "", node.cluster, node.role, node.kubernetes or told)


def _bare(error: ServiceError) -> ServiceError:
    """Give an error without the frames that it came through, which would keep all they held."""
    return error.with_traceback(None)
