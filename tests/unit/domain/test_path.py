import random
from dataclasses import replace

import pytest

from service.domain.path import MAX_HOPS, choose_target, plan_path
from service.domain.policy import KubernetesPreference, Policy
from tests.asking import ask, core, index, standard, travel
from tests.policies import DEFAULTS, FOLLOW, KEEP, LATEST, MINIMAL, MINOR, NEXT, PRERELEASE

RUNNING = standard("v3.2.0", "1.31.2")


def choose(running: str, tags: list[str], policy: Policy) -> str | None:
    journey = travel(running, tags, policy)
    target = choose_target(journey, journey.running)
    return str(target) if target else None


def plan(running: str, tags: list[str], policy: Policy) -> list[str]:
    return [str(tag) for tag in plan_path(travel(running, tags, policy))]


def follow(running: str, tags: list[str], policy: Policy = FOLLOW) -> list[str]:
    return [str(hop.tag) for hop in ask(running, index([running, *tags], "debian"), policy).path]


@pytest.mark.parametrize(
    ("policy", "kubernetes"),
    [(MINIMAL, "1.31.9"), (KEEP, "1.31.9"), (NEXT, "1.32.9"), (LATEST, "1.32.9")],
)
def test_policy_chooses_the_kubernetes_minor_of_the_newest_release(
    policy: Policy, kubernetes: str
) -> None:
    tags = [standard("v3.3.0", each) for each in ("1.31.3", "1.31.9", "1.32.1", "1.32.9", "1.33.0")]

    assert choose(RUNNING, tags, policy) == standard("v3.3.0", kubernetes)


@pytest.mark.parametrize(
    ("policy", "kubernetes"),
    [(MINIMAL, "1.32.9"), (KEEP, None), (NEXT, "1.32.9"), (LATEST, "1.32.9")],
)
def test_all_but_keep_go_up_one_minor_where_the_running_one_is_gone(
    policy: Policy, kubernetes: str | None
) -> None:
    tags = [standard("v3.3.0", each) for each in ("1.32.1", "1.32.9", "1.33.0")]

    expected = kubernetes and standard("v3.3.0", kubernetes)

    assert choose(RUNNING, tags, policy) == expected


@pytest.mark.parametrize("policy", [MINIMAL, KEEP, NEXT, LATEST])
def test_running_minor_is_taken_where_there_is_no_higher_one(policy: Policy) -> None:
    tags = [standard("v3.3.0", each) for each in ("1.30.9", "1.31.9")]

    assert choose(RUNNING, tags, policy) == standard("v3.3.0", "1.31.9")


@pytest.mark.parametrize("policy", [MINIMAL, KEEP, NEXT, LATEST])
def test_highest_release_with_a_legal_image_comes_before_any_kubernetes(policy: Policy) -> None:
    tags = [
        standard("v3.3.0", "1.31.9"),
        standard("v3.3.0", "1.32.9"),
        standard("v3.4.0", "1.31.2"),
        standard("v3.5.0", "1.33.0"),
    ]

    assert choose(RUNNING, tags, policy) == standard("v3.4.0", "1.31.2")


def test_highest_patch_then_revision_is_chosen_by_number() -> None:
    tags = [
        standard("v3.3.0", each)
        for each in ("1.31.10-k3s2", "1.31.10-k3s10", "1.31.9-k3s20", "1.31.10-k3s9")
    ]

    assert choose(RUNNING, tags, MINIMAL) == standard("v3.3.0", "1.31.10-k3s10")


@pytest.mark.parametrize(
    ("policy", "kubernetes"),
    [(MINIMAL, "1.31.9"), (KEEP, "1.31.9"), (NEXT, "1.32.0"), (LATEST, "1.32.0")],
)
def test_same_release_is_chosen_for_a_newer_kubernetes(policy: Policy, kubernetes: str) -> None:
    tags = [standard("v3.2.0", each) for each in ("1.31.2", "1.31.9", "1.32.0", "1.33.0")]

    assert choose(RUNNING, tags, policy) == standard("v3.2.0", kubernetes)


def test_equal_versions_are_decided_by_the_shortest_then_the_first_text() -> None:
    prefix = "24.04-standard-amd64-generic-v3.3.0"
    tags = [f"{prefix}-{part}" for part in ("k3s-v1.31.9-k3s1", "k3sv1.31.9-k3s1", "k3s1.31.9")]
    longer = [f"{prefix}-{part}" for part in ("k3sv1.31.9-k3s1", "1.31.9-k3s1", "k3s1.31.9-1")]

    assert choose(RUNNING, tags, MINIMAL) == f"{prefix}-k3s1.31.9"
    assert choose(RUNNING, longer, MINIMAL) == f"{prefix}-1.31.9-k3s1"


def test_choice_does_not_depend_on_the_order_of_equal_prereleases() -> None:
    tags = [core("v4.0.0-RC1"), core("v4.0.0-rc.1"), core("v4.0.0-rc1")]
    policy = PRERELEASE

    chosen = {choose(core("v3.2.0"), random.sample(tags, 3), policy) for _ in range(10)}

    assert chosen == {core("v4.0.0-RC1")}


@pytest.mark.parametrize("policy", [MINIMAL, NEXT, LATEST])
def test_path_goes_on_until_nothing_is_newer(policy: Policy) -> None:
    tags = [
        standard("v3.4.0", "1.32.9"),
        standard("v3.5.0", "1.33.9"),
        standard("v3.6.0", "1.34.9"),
        standard("v3.7.0", "1.35.1"),
    ]

    assert plan(RUNNING, tags, policy) == tags


def test_next_raises_the_minor_once_and_latest_as_long_as_it_can() -> None:
    tags = [standard("v3.3.0", each) for each in ("1.31.9", "1.32.9", "1.33.9", "1.34.9")]

    assert plan(RUNNING, tags, NEXT) == [standard("v3.3.0", "1.32.9")]
    assert plan(RUNNING, tags, LATEST) == [
        standard("v3.3.0", each) for each in ("1.32.9", "1.33.9", "1.34.9")
    ]
    assert plan(RUNNING, tags, MINIMAL) == [standard("v3.3.0", "1.31.9")]


def test_next_is_spent_only_by_a_hop_that_raises_the_minor() -> None:
    running = standard("v3.2.0", "1.31.2", base="12")
    tags = [standard("v3.3.0", "1.31.9", base="12"), standard("v3.3.0", "1.32.9", base="13")]

    path = follow(running, tags, replace(FOLLOW, kubernetes=KubernetesPreference.NEXT))

    assert path == tags


def test_max_step_of_a_path_is_measured_from_where_the_node_stands_today() -> None:
    tags = [
        standard("v3.9.0", "1.32.0"),
        standard("v4.0.0", "1.33.0"),
        standard("v4.1.0", "1.34.0"),
    ]

    assert plan(RUNNING, tags, MINOR) == tags[:1]
    assert plan(RUNNING, tags, DEFAULTS) == tags


def test_path_stops_after_its_longest_length() -> None:
    tags = [standard(f"v3.{minor}.0", f"1.{minor}.0") for minor in range(32, 99)]

    path = plan(standard("v3.31.0", "1.31.0"), tags, MINIMAL)

    assert MAX_HOPS == 20
    assert path == tags[:20]


def test_node_that_runs_the_newest_image_has_no_path() -> None:
    tags = [standard("v3.1.0", "1.31.9"), RUNNING, standard("v3.2.0", "1.31.1")]

    assert plan(RUNNING, tags, LATEST) == []


def test_following_prefers_the_release_then_the_lowest_flavor_release() -> None:
    running = core("v3.2.0", base="12")

    assert follow(running, [core("v3.3.0", base="13"), core("v3.3.0", base="14")]) == [
        core("v3.3.0", base="13")
    ]
    assert follow(running, [core("v3.3.0", base="12"), core("v3.4.0", base="14")]) == [
        core("v3.4.0", base="14")
    ]
    assert follow(running, [core("v3.3.0", base="12"), core("v3.3.0", base="13")]) == [
        core("v3.3.0", base="12")
    ]


def test_lowest_flavor_release_comes_before_the_kubernetes_minor() -> None:
    running = standard("v3.2.0", "1.31.2", base="12")
    next_minor = standard("v3.3.0", "1.32.0", base="12")
    same_minor = standard("v3.3.0", "1.31.9", base="13")

    assert follow(running, [next_minor, same_minor])[0] == next_minor


def test_flavor_releases_follow_by_number() -> None:
    running = core("v3.2.0", base="9")

    assert follow(running, [core("v3.3.0", base="13"), core("v3.3.0", base="10")]) == [
        core("v3.3.0", base="10")
    ]


def test_path_that_follows_never_goes_back_to_a_lower_flavor_release() -> None:
    running = standard("v3.0.0", "1.30.1", base="12")
    higher = standard("v3.1.0", "1.31.1", base="13")
    tags = [standard("v3.2.0", "1.32.1", base=base) for base in ("12", "13")]

    path = follow(running, [higher, *tags])

    assert path == [higher, tags[1]]
