"""How a fleet is gone about: what is asked for once, and what each failure costs."""

from collections.abc import Sequence

import pytest

from service.advisor import UpgradeRequest
from service.domain.catalogue import CatalogueSource
from service.domain.fleet import Role
from service.domain.identity import Claim
from service.domain.policy import Policy
from service.domain.recommendation import Recommendation
from service.domain.reference import Reference, Repository
from service.errors import RegistryUnavailableError, ServiceError, UnversionedTagError
from service.fleet import FleetAdvisor, FleetAnswer, FleetDefaults, FleetNode
from tests.advising import HADRON, World
from tests.asking import read_kubernetes
from tests.fleets import LISTS, TAGS, UBUNTU, image
from tests.policies import DEFAULTS, MINOR, NEXT

SILENT = "quay.io/kairos/silent"
OLD = image("v3.1.0", "1.29.1")
SERVER = image("v3.1.0", "1.29.5")


def request(reference: str, policy: Policy = DEFAULTS) -> UpgradeRequest:
    return UpgradeRequest(Claim(Reference.parse(reference), None, None), policy)


def node(
    reference: str, cluster: str | None = None, role: Role = Role.AGENT, policy: Policy = DEFAULTS
) -> FleetNode:
    return FleetNode(f"{role}-{cluster}", request(reference, policy), cluster, role)


def recommend(world: World, *nodes: FleetNode) -> list[FleetAnswer]:
    return FleetAdvisor(world.build_advisor(), lambda _: world).recommend(nodes)


def test_repositories_are_told_at_the_start_in_the_order_asked() -> None:
    world = World({**LISTS, SILENT: TAGS})
    told: list[Sequence[Repository]] = []

    def start(repositories: Sequence[Repository]) -> CatalogueSource:
        told.append(repositories)
        return world

    unversioned = FleetNode("n", request("docker.io/library/debian"))
    nodes = [node(f"{SILENT}:{TAGS[0]}"), node(OLD), unversioned, node(OLD)]

    FleetAdvisor(world.build_advisor(), start).recommend(nodes)

    assert [list(map(str, repositories)) for repositories in told] == [[SILENT, UBUNTU]]


def test_equal_questions_have_one_answer() -> None:
    world = World(LISTS)

    first, second, other = recommend(world, node(OLD), node(OLD), node(OLD, policy=MINOR))

    assert first.found is second.found
    assert first.found is not other.found
    assert world.asked == [UBUNTU, HADRON, UBUNTU, HADRON]


def test_versions_that_are_equal_but_for_their_spelling_have_answers_of_their_own() -> None:
    listed, other = (f"{UBUNTU}:24.04-core-amd64-generic-v4.0.0-{rc}1" for rc in ("RC", "rc"))
    world = World({UBUNTU: [listed.rpartition(":")[2]], HADRON: TAGS})

    first, second = recommend(world, node(listed), node(other))

    assert [str(answer.found.running.reference) for answer in (first, second)] == [listed, other]  # type: ignore[union-attr]


def test_clusters_that_hold_alike_share_the_answer_and_tell_their_own_reason() -> None:
    nodes = [
        node(reference, cluster, role)
        for cluster in ("a", "b")
        for reference, role in ((SERVER, Role.SERVER), (OLD, Role.AGENT))
    ]

    answers = recommend(World(LISTS), *nodes)

    assert answers[1].found is answers[3].found
    assert answers[1].held is not None
    assert answers[3].held is not None
    assert "'server-a' in" not in answers[3].held.message
    assert "'server-a'" in answers[1].held.message
    assert "'server-b'" in answers[3].held.message


def test_failure_is_answered_without_the_frames_it_came_through() -> None:
    world = World({**LISTS, SILENT: RegistryUnavailableError("the registry said nothing")})

    silent, unversioned = recommend(world, node(f"{SILENT}:{TAGS[0]}"), node(f"{UBUNTU}:latest"))

    for answer, kind in ((silent, RegistryUnavailableError), (unversioned, UnversionedTagError)):
        assert isinstance(answer.found, kind)
        assert isinstance(answer.found, ServiceError)
        assert answer.found.__traceback__ is None


def test_what_a_node_says_beside_its_image_counts_for_its_cluster() -> None:
    lost = FleetNode(
        "lost",
        UnversionedTagError("no version"),
        "edge",
        Role.SERVER,
        read_kubernetes("k3s-v1.29.5-k3s1"),
    )

    _, held = recommend(World(LISTS), lost, node(OLD, "edge", policy=NEXT))

    assert isinstance(held.found, Recommendation)
    assert str(held.found.path[-1].tag.kubernetes) == "v1.29.5+k3s1"


@pytest.mark.parametrize("role", [None, Role.AGENT])
def test_node_of_no_role_holds_nobody(role: Role | None) -> None:
    other = FleetNode("other", request(SERVER), "edge", role)

    answers = recommend(World(LISTS), other, node(OLD, "edge"))

    assert [answer.held for answer in answers] == [None, None]


def test_nodes_that_say_the_same_ask_the_same() -> None:
    defaults = FleetDefaults(request(OLD, MINOR), None, UBUNTU)
    values = {"FLAVOR": "ubuntu"}

    asked = [defaults.ask(dict(values), arch="x86_64", boot_state=None) for _ in range(2)]
    other = defaults.ask(values, arch="x86_64", boot_state="passive")

    assert asked[0] is asked[1]
    assert asked[0].policy is MINOR
    assert asked[0].boot_state == "active"
    assert str(asked[0].claim.arch) == "amd64"
    assert other.boot_state == "passive"
