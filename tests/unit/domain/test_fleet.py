import math
from itertools import permutations

import pytest

from service.domain.fleet import KubernetesHold, Member, Role, find_holds
from service.domain.policy import Policy
from tests.asking import read_kubernetes, read_tag, standard
from tests.policies import MINOR

SERVER, AGENT = Role.SERVER, Role.AGENT
UNKNOWN = None


def member(name: str, role: Role, kubernetes: str | None, cluster: str = "edge") -> Member:
    return Member(name, cluster, role, read_kubernetes(kubernetes) if kubernetes else None)


def allows(hold: KubernetesHold | None, kubernetes: str) -> bool:
    policy = hold.narrow(Policy()) if hold else Policy()
    return policy.allows_kubernetes(read_kubernetes(kubernetes))


def hold_of(node: Member, *others: Member) -> KubernetesHold | None:
    return find_holds([node, *others])[0]


@pytest.mark.parametrize(
    ("role", "kubernetes", "allowed"),
    [
        (SERVER, "k3s-v1.31.9-k3s1", True),
        (SERVER, "k3s-v1.32.0-k3s1", True),
        (SERVER, "k3s-v1.32.99-k3s9", True),
        (SERVER, "k3s-v1.33.0-k3s1", False),
        (SERVER, "k3s-v1.33.0-rc1-k3s1", False),
        (SERVER, "k3s-v2.0.0-k3s1", False),
        (AGENT, "k3s-v1.30.9-k3s1", True),
        (AGENT, "k3s-v1.31.2-k3s2", True),
        (AGENT, "k3s-v1.31.2-k3s3", False),
        (AGENT, "k3s-v1.31.2-rc1-k3s9", True),
        (AGENT, "k3s-v1.31.3-k3s1", False),
        (AGENT, "k3s-v1.32.0-k3s1", False),
    ],
)
def test_lowest_server_holds_its_cluster(role: Role, kubernetes: str, *, allowed: bool) -> None:
    servers = [
        member("high", SERVER, "k3s-v1.32.4-k3s1"),
        member("low", SERVER, "k3s-v1.31.2-k3s2"),
    ]

    hold = hold_of(member("node", role, "k3s-v1.31.9-k3s1"), *servers)

    assert allows(hold, kubernetes) is allowed
    assert hold is not None
    assert "'low', which runs v1.31.2+k3s2" in hold.reason
    assert "'edge'" in hold.reason


def test_lowest_server_is_held_by_itself() -> None:
    hold = hold_of(member("only", SERVER, "k3s-v1.31.2-k3s1"))

    assert allows(hold, "k3s-v1.32.9-k3s1")
    assert not allows(hold, "k3s-v1.33.0-k3s1")


def test_nobody_is_held_by_another_cluster() -> None:
    low = member("low", SERVER, "k3s-v1.20.0-k3s1", "other")

    hold = hold_of(member("node", SERVER, "k3s-v1.31.2-k3s1"), low)

    assert allows(hold, "k3s-v1.32.0-k3s1")


def test_cluster_without_a_named_server_holds_nobody() -> None:
    agents = [member("a", AGENT, "k3s-v1.31.2-k3s1"), member("b", AGENT, UNKNOWN), None]

    assert find_holds(agents) == [None, None, None]


@pytest.mark.parametrize(
    ("role", "allowed", "refused"),
    [
        (SERVER, "k3s-v1.31.9-k3s1", "k3s-v1.32.0-k3s1"),
        (AGENT, "k3s-v1.31.2-k3s1", "k3s-v1.31.2-k3s2"),
    ],
)
def test_server_of_unknown_kubernetes_keeps_the_others_where_they_are(
    role: Role, allowed: str, refused: str
) -> None:
    servers = [member("lost", SERVER, UNKNOWN), member("high", SERVER, "k3s-v1.32.0-k3s1")]

    hold = hold_of(member("node", role, "k3s-v1.31.2-k3s1"), *servers)

    assert allows(hold, allowed)
    assert not allows(hold, refused)
    assert hold is not None
    assert "'lost'" in hold.reason


def test_known_server_holds_beside_an_unknown_one() -> None:
    servers = [member("lost", SERVER, UNKNOWN), member("low", SERVER, "k3s-v1.29.0-k3s1")]

    hold = hold_of(member("node", SERVER, "k3s-v1.31.2-k3s1"), *servers)

    assert not allows(hold, "k3s-v1.31.3-k3s1")
    assert hold is not None
    assert "'low'" in hold.reason


@pytest.mark.parametrize("role", Role)
def test_node_of_unknown_kubernetes_gets_none_where_a_server_has_none(role: Role) -> None:
    hold = hold_of(member("node", role, UNKNOWN), member("lost", SERVER, UNKNOWN))

    assert not allows(hold, "k3s-v1.0.0-k3s1")


@pytest.mark.parametrize(
    ("kubernetes", "allowed"),
    [
        ("k0s-v1.31.2-k0s.0", True),
        ("k0s-v1.31.2-k0s.9", True),
        ("k0s-v1.31.3-k0s.0", False),
    ],
)
def test_revisions_of_two_distributions_do_not_compare(kubernetes: str, *, allowed: bool) -> None:
    server = member("server", SERVER, "k3s-v1.31.2-k3s1")

    hold = hold_of(member("node", AGENT, "k0s-v1.30.0-k0s.0"), server)

    assert allows(hold, kubernetes) is allowed


def test_lower_of_two_distributions_holds() -> None:
    servers = [
        member("k3s", SERVER, "k3s-v1.31.2-k3s1"),
        member("k0s", SERVER, "k0s-v1.30.2-k0s.0"),
    ]

    hold = hold_of(member("node", AGENT, "k3s-v1.29.0-k3s1"), *servers)

    assert allows(hold, "k3s-v1.30.2-k3s7")
    assert not allows(hold, "k3s-v1.30.3-k3s1")


def test_holds_follow_their_nodes_in_any_order() -> None:
    members = [
        member("a", SERVER, "k3s-v1.31.2-k3s1"),
        member("b", SERVER, "k3s-v1.31.2-k3s1"),
        member("c", SERVER, "k0s-v1.31.2-k0s.1"),
        member("d", AGENT, "k3s-v1.31.2-k3s1"),
        None,
    ]
    expected = dict(zip(members, find_holds(members), strict=True))

    for order in permutations(members):
        assert dict(zip(order, find_holds(order), strict=True)) == expected


def test_hold_is_part_of_a_policy() -> None:
    hold = KubernetesHold((1, 31, math.inf), "a reason")

    narrowed = hold.narrow(MINOR)

    assert narrowed.max_step is MINOR.max_step
    assert narrowed.bounds_kubernetes
    assert not narrowed.allows_kubernetes(read_kubernetes("k3s-v1.32.0-k3s1"))


def test_warning_names_what_the_node_is_held_back_from() -> None:
    tag = standard("v3.6.0", "1.32.9")

    warning = KubernetesHold((), "it is a test").warn(read_tag(tag))

    assert (warning.code, warning.severity) == ("cluster_held", "warning")
    assert warning.message == f"held back from {tag}: it is a test"
