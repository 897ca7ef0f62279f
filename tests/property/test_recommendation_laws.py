"""What holds for every tag list and every policy."""

from dataclasses import replace
from random import Random

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from service.domain.recommendation import Recommendation
from service.errors import KubernetesVersionUnknownError, ServiceError, StreamNotFoundError
from tests import brute_force
from tests.advising import hops_of, path_of
from tests.asking import ask, index, read_branch
from tests.brute_force import Answer, KubernetesUnknown, Node, StreamNotFound
from tests.property.strategies import latest_branches, nodes, to_policy


def recommend(node: Node, latest: str | None = None) -> Recommendation:
    """Ask the service; where it refuses to answer, there is no law to hold."""
    try:
        return ask_service(node, latest)
    except ServiceError:
        assume(condition=False)
        raise


def ask_service(node: Node, latest: str | None = None) -> Recommendation:
    catalogue = index(node.tags, node.flavor)
    return ask(node.running, catalogue, to_policy(node.wishes), latest=latest, official=False)


def outcome_of_service(node: Node, latest: str | None) -> Answer | str:
    try:
        recommendation = ask_service(node, latest)
    except StreamNotFoundError:
        return "no stream"
    except KubernetesVersionUnknownError:
        return "unknown Kubernetes"
    return Answer(str(recommendation.status), tuple(path_of(recommendation)))


def outcome_of_brute_force(node: Node, latest: str | None) -> Answer | str:
    branch = read_branch(latest) if latest else None
    try:
        return brute_force.recommend(node, (branch.major, branch.minor) if branch else None)
    except StreamNotFound:
        return "no stream"
    except KubernetesUnknown:
        return "unknown Kubernetes"


@settings(max_examples=200)
@given(nodes(), latest_branches())
def test_answer_is_the_one_that_trying_everything_gives(node: Node, latest: str | None) -> None:
    """Ask for each image that is listed: few lists, many questions."""
    images = [tag for tag in node.tags if not brute_force.is_noise(tag)]

    for running in [node.running, *images]:
        asked = replace(node, running=running)
        assert outcome_of_service(asked, latest) == outcome_of_brute_force(asked, latest), running


@given(nodes(), st.randoms(use_true_random=False))
def test_answer_does_not_depend_on_the_order_of_the_tags(node: Node, random: Random) -> None:
    shuffled = random.sample(node.tags, len(node.tags))

    assert outcome_of_service(replace(node, tags=shuffled), "4.2") == outcome_of_service(
        node, "4.2"
    )


@given(nodes())
def test_target_is_the_first_image_of_the_path(node: Node) -> None:
    recommendation = recommend(node)

    assert recommendation.target == next(iter(recommendation.path), None)


@given(nodes())
def test_every_hop_is_listed_and_no_noise(node: Node) -> None:
    path = path_of(recommend(node))

    assert set(path) <= set(node.tags)
    assert not any(map(brute_force.is_noise, path))


@given(nodes())
def test_no_hop_goes_down_in_kairos_or_kubernetes(node: Node) -> None:
    for origin, target in hops_of(recommend(node)):
        before, after = brute_force.kubernetes(origin), brute_force.kubernetes(target)
        assert brute_force.kairos(target) >= brute_force.kairos(origin)
        assert before is None or after is None or after >= before
        assert brute_force.is_newer(target, origin)


@given(nodes())
def test_no_hop_skips_a_kubernetes_minor(node: Node) -> None:
    for origin, target in hops_of(recommend(node)):
        before, after = brute_force.kubernetes_minor(origin), brute_force.kubernetes_minor(target)
        assert before is None or after in (before, (before[0], before[1] + 1))


@given(nodes())
def test_no_hop_leaves_the_stream(node: Node) -> None:
    for origin, target in hops_of(recommend(node)):
        assert brute_force.is_same_stream_but_for_flavor_release(origin, target)
        one, two = (brute_force.flavor_release(tag, node.flavor) for tag in (origin, target))
        follows = node.wishes.flavor_release == "follow"
        assert one == two or (follows and brute_force.is_higher_flavor_release(two, one))


@given(nodes())
def test_no_hop_goes_from_a_known_kubernetes_to_an_unknown_one_or_back(node: Node) -> None:
    for origin, target in hops_of(recommend(node)):
        assert brute_force.is_unknown(origin) is brute_force.is_unknown(target)


@given(nodes())
def test_prerelease_is_no_target_unasked(node: Node) -> None:
    path = path_of(recommend(replace(node, wishes=replace(node.wishes, prerelease=False))))

    assert not any(map(brute_force.is_prerelease, path))


@given(nodes())
def test_excluded_release_is_in_no_path(node: Node) -> None:
    excluded = {brute_force.kairos_key(version) for version in node.wishes.exclude}

    path = path_of(recommend(node))

    assert excluded.isdisjoint(map(brute_force.kairos, path))


@given(nodes())
def test_no_hop_passes_a_ceiling(node: Node) -> None:
    wishes = node.wishes
    running = brute_force.kairos(node.running)
    kept = {"patch": 2, "minor": 1, "major": 0}[wishes.max_step]

    for origin, target in hops_of(recommend(node)):
        assert brute_force.kairos(target)[:kept] == running[:kept]
        assert not (wishes.max_version and brute_force.is_above(target, wishes.max_version))
        assert not brute_force.is_kubernetes_above(origin, target, wishes.max_kubernetes)


@given(nodes())
def test_keep_never_leaves_the_running_kubernetes_minor(node: Node) -> None:
    keeping = replace(node, wishes=replace(node.wishes, kubernetes="keep"))

    path = path_of(recommend(keeping))

    running = brute_force.kubernetes_minor(node.running)
    assert all(brute_force.kubernetes_minor(target) == running for target in path)


@given(nodes())
def test_next_raises_the_kubernetes_minor_once_unless_it_must(node: Node) -> None:
    """After the first raise ``next`` behaves as ``minimal`` asked from there."""
    upwards = replace(node, wishes=replace(node.wishes, kubernetes="next"))

    hops = hops_of(recommend(upwards))

    minor = brute_force.kubernetes_minor
    raised = next((i for i, (a, b) in enumerate(hops) if minor(a) != minor(b)), None)
    if raised is not None and node.wishes.flavor_release == "same":
        wishes = replace(node.wishes, kubernetes="minimal")
        rest = Node(node.flavor, hops[raised][1], node.tags, wishes)
        assert [target for _, target in hops[raised + 1 :]] == path_of(recommend(rest))


@given(nodes().filter(lambda node: node.wishes.kubernetes != "next"))
def test_path_is_what_asking_again_after_each_hop_gives(node: Node) -> None:
    recommendation = recommend(node)

    asked: list[str] = []
    running = node
    while target := ask_service(running).target:
        asked.append(str(target.tag))
        running = replace(running, running=str(target.tag))

    assert path_of(recommendation) == asked


@given(nodes())
def test_applying_the_answer_again_ends_within_twenty_hops(node: Node) -> None:
    recommend(node)

    hops = 0
    while target := ask_service(node).target:
        node = replace(node, running=str(target.tag))
        hops += 1
        assert hops <= 20  # Or a broken rule would run for ever.
