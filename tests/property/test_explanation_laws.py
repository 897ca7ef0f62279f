"""What holds of a status, of what was rejected and of alternatives, whatever the rules."""

from dataclasses import replace
from functools import reduce
from operator import add

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from service.domain.explanation import Rejected, list_rejected
from service.domain.legality import Refusal, find_refusal
from service.domain.path import Journey, choose_target
from service.domain.policy import (
    FlavorReleasePolicy,
    KubernetesPreference,
    MaxStep,
    Policy,
    VersionCeiling,
)
from service.domain.recommendation import Recommendation
from service.domain.rules import Rules
from service.domain.tag import ImageTag
from service.domain.version import Branch
from service.errors import (
    KubernetesVersionUnknownError,
    ServiceError,
    StreamNotFoundError,
)
from tests import brute_force, brute_force_rules
from tests.advising import (
    NO_RULES,
    OFFICIAL,
    OWN,
    World,
    alternatives_of,
    bar,
    end,
    hops_of,
    path_of,
    rejected_of,
    stop,
    withdraw,
)
from tests.asking import index, read_tag
from tests.brute_force_rules import Barrier, Operator, Question
from tests.property.strategies import latest_branches, nodes, to_policy

_VERSIONS = ["v3.1.1", "v3.1.10", "v3.2.0", "v3.2.1", "v3.3.0", "v4.0.0", "v4.0.1", "v4.2.0"]


def _seldom(*values: str) -> st.SearchStrategy[str | None]:
    return st.sampled_from([*values, *[None] * 6 * len(values)])


_OPERATORS = st.builds(
    Operator,
    max_step=_seldom("patch", "minor"),
    max_version=_seldom("3.1", "3.2", "4.0", "v3.2.0", "v4.0.0"),
    kubernetes=_seldom("keep", "minimal", "next", "latest"),
    max_kubernetes=_seldom("1.31", "1.33"),
    freeze=st.sampled_from([False] * 15 + [True]),
)
_BARRIERS = st.one_of(
    st.builds(
        Barrier,
        st.sampled_from(["1.31.0", "1.32.5", "1.33.0"]),
        st.sampled_from(["1.31.5", "1.32.0", "1.33.5"]),
        st.just(value=True),
    ),
    st.builds(
        Barrier,
        st.sampled_from(["3.1.10", "3.2.0", "3.3.0"]),
        st.sampled_from(["3.2.0-beta1", "3.3.0", "4.0.0"]),
        st.just(value=False),
    ),
)


@st.composite
def questions(draw: st.DrawFn) -> Question:
    latest = draw(latest_branches())
    branch = Branch.parse(latest) if latest else None
    node = draw(nodes())
    listed = [brute_force.release(tag) for tag in node.tags if not brute_force.is_noise(tag)]
    withdrawn = st.lists(st.sampled_from(listed), max_size=2) if listed else st.just([])
    return Question(
        node=node,
        operator=draw(_OPERATORS),
        withdrawn=tuple(draw(withdrawn)),
        barriers=tuple(draw(st.lists(_BARRIERS, max_size=1))),
        ended=draw(_seldom(*_VERSIONS)),
        latest=(branch.major, branch.minor) if branch else None,
        official=draw(st.booleans()),
        boot_state=draw(st.sampled_from(["active"] * 8 + ["unknown", "passive", "recovery"])),
    )


def to_rules(question: Question) -> Rules:
    """Say in the words of the service what a question knows."""
    operator = question.operator
    rules = [
        withdraw(*question.withdrawn),
        stop(
            max_step=MaxStep(operator.max_step) if operator.max_step else None,
            max_version=VersionCeiling.parse(operator.max_version or ""),
            kubernetes=KubernetesPreference(operator.kubernetes) if operator.kubernetes else None,
            max_kubernetes=Branch.parse(operator.max_kubernetes or ""),
            freeze=operator.freeze,
        ),
        *(_to_rule(barrier) for barrier in question.barriers),
        *([end(question.ended)] if question.ended else []),
    ]
    return reduce(add, rules, NO_RULES)


def _to_rule(barrier: Barrier) -> Rules:
    subject = "kubernetes " if barrier.of_kubernetes else ""
    return bar(f"{subject}<{barrier.below}", f"{subject}>={barrier.to}")


def ask(question: Question, policy: Policy | None = None) -> Recommendation:
    organisation = OFFICIAL if question.official else OWN
    repository = f"{organisation}/{question.node.flavor}"
    major, minor = question.latest or (0, 0)
    reference = [f"1-core-amd64-generic-v{major}.{minor}.0"] if question.latest else []
    world = World(
        {repository: question.node.tags, f"{organisation}/reference": reference},
        own=to_rules(question),
        references={organisation: f"{organisation}/reference"},
    )
    image = f"{repository}:{question.running}"
    return world.advise(
        image,
        policy or to_policy(question.node.wishes),
        boot_state=question.boot_state,
    )


def ask_if_answered(question: Question) -> Recommendation:
    """Ask; where the service refuses to answer, there is no law to hold."""
    try:
        return ask(question)
    except ServiceError:
        assume(condition=False)
        raise


@settings(max_examples=400)
@given(questions())
def test_status_is_the_one_that_the_table_gives(question: Question) -> None:
    assert str(ask_if_answered(question).status) == brute_force_rules.status(question)


@given(questions())
def test_only_an_unknown_kubernetes_or_stream_is_not_answered(question: Question) -> None:
    newer = question.newer_releases()
    unknown = brute_force.is_unknown(question.running) and any(map(brute_force.kubernetes, newer))

    try:
        ask(question)
    except StreamNotFoundError:
        assert question.node.stream(question.running) == []
    except KubernetesVersionUnknownError:
        assert unknown
    else:
        assert not unknown


@settings(max_examples=200)
@given(questions())
def test_each_rejected_image_counts_under_its_first_reason(question: Question) -> None:
    answer = ask_if_answered(question)

    counts = {code: count for code, count, _ in rejected_of(answer)}
    assert counts == brute_force_rules.rejected(question)


@given(questions())
def test_each_example_is_the_highest_of_its_reason(question: Question) -> None:
    answer = ask_if_answered(question)

    for code, _, example in rejected_of(answer):
        reasons = {
            tag: brute_force_rules.reasons(question, question.running, tag)
            for tag in question.newer()
        }
        group = [tag for tag, found in reasons.items() if found[:1] == [code]]
        assert example in group
        assert brute_force_rules.key(example) == max(map(brute_force_rules.key, group))


# A question's barriers bar all above a version; these end somewhere.
_GAPS = st.sampled_from(
    [
        bar("*", ">=3.1.10 <3.3.0"),
        bar("<4.0.0", ">=3.2.0 <=4.0.0"),
        bar("*", "=4.0.0"),
        bar("*", "kubernetes >=1.31.5 <1.33.0"),
        bar("*", "kubernetes >=1.31.3 <1.31.10+k3s3"),
        bar("*", "kubernetes =1.32.10"),
    ]
)


@st.composite
def journeys(draw: st.DrawFn) -> Journey:
    """Draw a way with more barriers than a question has, and images that cannot be pulled."""
    question = draw(questions())
    node = question.node
    barriers = draw(st.lists(_BARRIERS, max_size=2))
    gaps = draw(st.lists(_GAPS, max_size=2))
    running, policy = read_tag(node.running, node.flavor), to_policy(node.wishes)
    catalogue = index(node.tags, node.flavor)
    follows = policy.flavor_release is FlavorReleasePolicy.FOLLOW
    images = (catalogue.list_following if follows else catalogue.list_images)(running.stream)
    lost = draw(st.lists(st.sampled_from(images), max_size=2)) if images else []
    rules = reduce(add, gaps, to_rules(replace(question, barriers=tuple(barriers))))
    return Journey(
        running, images, policy, rules, dict.fromkeys(map(str, lost), Refusal.NOT_PULLABLE)
    )


@settings(max_examples=400)
@given(journeys())
def test_rejected_by_lane_are_those_rejected_image_by_image(journey: Journey) -> None:
    groups: dict[Refusal, list[ImageTag]] = {}
    for image in journey.newer(journey.running):
        refusal = find_refusal(journey.hop(journey.running, image))
        if refusal:
            groups.setdefault(refusal, []).append(image)

    found = list_rejected(journey)

    assert found == tuple(
        Rejected(code, len(groups[code]), groups[code][0]) for code in Refusal if code in groups
    )


@given(journeys())
def test_target_chosen_by_lane_is_the_highest_that_no_rule_refuses(journey: Journey) -> None:
    running = journey.running
    legal = (i for i in journey.newer(running) if find_refusal(journey.hop(running, i)) is None)
    highest = next(legal, None)

    target = choose_target(journey, running)

    assert (target and target.version) == (highest and highest.version)


@given(questions())
def test_no_hop_has_a_reason_against_it(question: Question) -> None:
    preference = question.preference

    for origin, target in hops_of(ask_if_answered(question)):
        assert brute_force_rules.reasons(question, origin, target, preference) == []
        minors = {brute_force.kubernetes_minor(tag) for tag in (origin, target)}
        if preference == "next" and len(minors) > 1:
            preference = "minimal"


@given(questions())
def test_a_path_ends_where_every_newer_image_has_a_reason_against_it(question: Question) -> None:
    answer = ask_if_answered(question)

    for last in path_of(answer)[-1:]:
        at_the_end = replace(question, node=replace(question.node, running=last))
        preference = "minimal" if question.preference == "next" else question.preference
        newer = at_the_end.node.candidates(last)
        assert all(
            brute_force_rules.reasons(question, last, tag, preference)
            for tag in newer
            if brute_force.is_newer(tag, last)
        )


def changes(question: Question) -> dict[str, Policy]:
    """Give the policy that each alternative stands for, where it changes what was asked."""
    asked = to_policy(question.node.wishes)
    changed = {
        "within_major": replace(asked, max_step=MaxStep.MINOR),
        "next_minor": replace(asked, max_step=MaxStep.MINOR),
        "next_major": replace(asked, max_step=MaxStep.MAJOR),
        "next_kubernetes_minor": replace(asked, kubernetes=KubernetesPreference.NEXT),
        "flavor_release_change": replace(asked, flavor_release=FlavorReleasePolicy.FOLLOW),
        "prerelease": replace(asked, prerelease=True),
    }
    # The narrower and the wider step have names of their own.
    misnamed = {MaxStep.PATCH: "within_major", MaxStep.MAJOR: "next_minor"}.get(asked.max_step)
    return {
        code: policy for code, policy in changed.items() if policy != asked and code != misnamed
    }


@settings(max_examples=200)
@given(questions().filter(lambda question: question.boot_state in {"active", "unknown"}))
def test_alternatives_are_what_asking_again_with_their_one_change_gives(
    question: Question,
) -> None:
    answer = ask_if_answered(question)
    assume(not (question.official and answer.running.tag.trusted_boot))

    target = answer.target and str(answer.target.tag)
    expected = []
    for code, policy in changes(question).items():
        found = _target_of(question, policy)
        if found and found != target:
            expected.append((code, found))
    assert alternatives_of(answer) == expected


def _target_of(question: Question, policy: Policy) -> str | None:
    try:
        target = ask(question, policy).target
    except KubernetesVersionUnknownError:
        return None
    return str(target.tag) if target else None


@given(questions())
def test_no_alternative_passes_what_the_operator_or_a_safety_rule_stops(question: Question) -> None:
    answer = ask_if_answered(question)

    all_wishes = brute_force.Wishes(kubernetes="latest", prerelease=True)
    freed = replace(question, node=replace(question.node, wishes=all_wishes))
    for _, image in alternatives_of(answer):
        assert brute_force_rules.reasons(freed, question.running, image) == []
