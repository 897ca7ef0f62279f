"""What holds for every fleet, whatever its nodes run and ask for."""

from dataclasses import dataclass, replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from service.advisor import UpgradeRequest
from service.domain.fleet import Role
from service.domain.identity import Claim
from service.domain.image import Image
from service.domain.recommendation import Recommendation
from service.domain.reference import Reference, Repository
from service.domain.version import Branch, KubernetesVersion
from service.errors import ServiceError
from service.fleet import FleetAdvisor, FleetAnswer, FleetNode
from tests import brute_force
from tests.advising import OWN, World
from tests.asking import read_tag
from tests.property.strategies import nodes, to_policy

# A fleet is several questions.
few = settings(max_examples=40)


@dataclass(frozen=True)
class Fleet:
    """Nodes with the lists of their repositories."""

    world: World
    nodes: tuple[FleetNode, ...]

    def recommend(self) -> list[FleetAnswer]:
        return FleetAdvisor(self.world.build_advisor(), lambda _: self.world).recommend(self.nodes)

    def servers_of(self, node: FleetNode) -> list[KubernetesVersion | None]:
        """Give what the servers of a node's cluster run."""
        return [
            kubernetes_of(each)
            for each in self.nodes
            if node.cluster and each.cluster == node.cluster and each.role is Role.SERVER
        ]


def request_of(node: FleetNode) -> UpgradeRequest:
    assert isinstance(node.asked, UpgradeRequest)
    return node.asked


def kubernetes_of(node: FleetNode) -> KubernetesVersion | None:
    reference = request_of(node).claim.reference
    assert reference is not None
    return read_tag(str(reference.tag), reference.repository.flavor).kubernetes


@st.composite
def fleets(draw: st.DrawFn) -> Fleet:
    """Draw a few nodes in few clusters; their streams may differ."""
    drawn = [draw(nodes()) for _ in range(draw(st.integers(1, 2)))]
    lists: dict[str, list[str]] = {}
    members: list[FleetNode] = []
    for node in drawn:
        name = f"{OWN}/{node.flavor}"
        lists[name] = [*lists.get(name, []), *node.tags]
        images = [node.running, *(tag for tag in node.tags if not brute_force.is_noise(tag))]
        for running in draw(st.lists(st.sampled_from(images), min_size=1, max_size=4)):
            claim = Claim(Reference(Repository.parse(name), running), None, None)
            asked = UpgradeRequest(claim, to_policy(node.wishes))
            cluster = draw(st.sampled_from([None, "a", "a", "a", "b"]))
            role = draw(st.sampled_from(list(Role)))
            members.append(FleetNode(f"node-{len(members)}", asked, cluster, role))
    return Fleet(World(lists), tuple(members))


def offered_by(answer: FleetAnswer) -> list[Image]:
    """Give every image that an answer names as one to go to."""
    if isinstance(answer.found, ServiceError):
        return []
    alternatives = [alternative.image for alternative in answer.found.alternatives]
    successor = [answer.found.successor] if answer.found.successor else []
    return [*answer.found.path, *alternatives, *successor]


def outcome_of(found: Recommendation | ServiceError) -> object:
    return f"{found.slug}: {found}" if isinstance(found, ServiceError) else found


def ask_alone(fleet: Fleet, node: FleetNode) -> object:
    try:
        return fleet.world.ask(request_of(node))
    except ServiceError as error:
        return outcome_of(error)


@few
@given(fleets())
def test_nothing_passes_a_server_by_more_than_one_minor(fleet: Fleet) -> None:
    for node, answer in zip(fleet.nodes, fleet.recommend(), strict=True):
        for image in offered_by(answer):
            for server in filter(None, fleet.servers_of(node)):
                kubernetes = image.tag.kubernetes
                above = Branch(server.minor.major, server.minor.minor + 1)
                assert kubernetes is None or kubernetes.minor <= above


@given(fleets())
def test_no_agent_passes_a_server(fleet: Fleet) -> None:
    for node, answer in zip(fleet.nodes, fleet.recommend(), strict=True):
        for image in offered_by(answer) if node.role is Role.AGENT else []:
            for server in filter(None, fleet.servers_of(node)):
                kubernetes = image.tag.kubernetes
                if kubernetes:
                    same = kubernetes.distribution is server.distribution
                    compared = 6 if same else 5  # Their revisions do not compare.
                    assert kubernetes.order[:compared] <= server.order[:compared]


@few
@given(fleets())
def test_nothing_moves_up_beside_a_server_that_nobody_knows(fleet: Fleet) -> None:
    for node, answer in zip(fleet.nodes, fleet.recommend(), strict=True):
        running = kubernetes_of(node)
        for image in offered_by(answer) if None in fleet.servers_of(node) else []:
            kubernetes = image.tag.kubernetes
            if kubernetes:
                assert running is not None
                assert kubernetes.minor <= running.minor
                assert node.role is Role.SERVER or kubernetes <= running


@few
@given(fleets())
def test_node_without_a_cluster_is_answered_as_alone(fleet: Fleet) -> None:
    free = replace(fleet, nodes=tuple(replace(node, cluster=None) for node in fleet.nodes))

    answers = free.recommend()

    assert [outcome_of(answer.found) for answer in answers] == [
        ask_alone(free, node) for node in free.nodes
    ]
    assert not any(answer.held for answer in answers)


@few
@given(fleets())
def test_cluster_is_warned_of_where_it_changes_the_way_and_nowhere_else(fleet: Fleet) -> None:
    for node, answer in zip(fleet.nodes, fleet.recommend(), strict=True):
        alone = ask_alone(fleet, node)
        if isinstance(alone, Recommendation) and isinstance(answer.found, Recommendation):
            assert (answer.held is not None) is (answer.found.path != alone.path)


@few
@given(fleets(), st.randoms(use_true_random=False))
def test_answers_follow_their_nodes_in_any_order(fleet: Fleet, random: Random) -> None:
    answers = dict(zip(fleet.nodes, map(_flat, fleet.recommend()), strict=True))
    shuffled = list(fleet.nodes)
    random.shuffle(shuffled)

    again = replace(fleet, nodes=tuple(shuffled)).recommend()

    assert list(map(_flat, again)) == [answers[node] for node in shuffled]


def _flat(answer: FleetAnswer) -> tuple[object, object]:
    return outcome_of(answer.found), answer.held
