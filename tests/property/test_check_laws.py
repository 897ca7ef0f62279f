"""What holds between a check and a recommendation, for every tag list and every policy."""

from hypothesis import assume, given
from hypothesis import strategies as st

from service.advisor import CheckRequest, UpgradeRequest
from service.domain.check import Check
from service.domain.identity import Claim
from service.domain.policy import MaxStep
from service.domain.recommendation import Recommendation
from service.domain.reference import Reference
from service.domain.rules import Rules
from service.errors import ServiceError
from tests import brute_force
from tests.advising import (
    NO_RULES,
    OFFICIAL,
    OWN,
    World,
    bar,
    hops_of,
    stop,
    withdraw,
)
from tests.brute_force import Node
from tests.property.strategies import nodes, to_policy

_RULES = st.sampled_from(
    [
        NO_RULES,
        withdraw("v4.0.0", "v3.2.0"),
        bar("<4.0.0", ">=4.1.0"),
        stop(max_step=MaxStep.MINOR),
        stop(freeze=True),
    ]
)
_ORGANISATIONS = st.sampled_from([OFFICIAL, OWN])


class Asked:
    """A node, and what an advisor says of its list."""

    def __init__(self, node: Node, rules: Rules, organisation: str) -> None:
        self.node = node
        self._repository = f"{organisation}/{node.flavor}"
        self._advisor = World({self._repository: node.tags}, own=rules).build_advisor()

    def recommend(self) -> Recommendation:
        """Ask for an upgrade; where that is refused, there is no law to hold."""
        claim = Claim(self._refer(self.node.running), None, None)
        request = UpgradeRequest(claim, to_policy(self.node.wishes))
        try:
            return self._advisor.recommend_upgrade(request, "json")
        except ServiceError:
            assume(condition=False)
            raise

    def check(self, origin: str, target: str) -> Check:
        request = CheckRequest(self._refer(origin), self._refer(target))
        return self._advisor.check_upgrade(request)

    def _refer(self, tag: str) -> Reference:
        return Reference.parse(f"{self._repository}:{tag}")


ASKED = st.builds(Asked, nodes(), _RULES, _ORGANISATIONS)


@given(ASKED)
def test_no_step_that_is_recommended_is_refused(asked: Asked) -> None:
    answer = asked.recommend()
    running = str(answer.running.tag)
    offered = [*answer.alternatives]
    steps = [*hops_of(answer), *((running, str(found.image.tag)) for found in offered)]
    if answer.successor:
        steps.append((running, str(answer.successor.tag)))

    for origin, target in steps:
        checked = asked.check(origin, target)
        assert checked.refusals == (), (origin, target)


@given(ASKED)
def test_what_a_recommendation_warns_of_is_a_reason(asked: Asked) -> None:
    answer = asked.recommend()
    assume(answer.target)

    checked = asked.check(str(answer.running.tag), str(answer.target and answer.target.tag))

    assert set(checked.warnings) >= {
        warning for warning in answer.warnings if warning.code != "multiple_hops"
    }


@given(st.builds(Asked, nodes(), st.just(NO_RULES), _ORGANISATIONS), st.data())
def test_no_step_is_let_pass_that_trying_everything_forbids(
    asked: Asked, data: st.DataObject
) -> None:
    images = [tag for tag in asked.node.tags if not brute_force.is_noise(tag)]
    assume(images)
    origin = asked.node.running
    target = data.draw(st.sampled_from(images))
    try:
        checked = asked.check(origin, target)
    except ServiceError:
        assume(condition=False)
        raise
    assume(not checked.refusals)

    before, after = brute_force.kubernetes_minor(origin), brute_force.kubernetes_minor(target)
    one, two = (brute_force.flavor_release(tag, asked.node.flavor) for tag in (origin, target))
    assert brute_force.is_same_stream_but_for_flavor_release(origin, target)
    assert one == two or brute_force.is_higher_flavor_release(two, one)
    assert brute_force.kairos(target) >= brute_force.kairos(origin)
    assert before is None or after in (before, (before[0], before[1] + 1))
    assert brute_force.is_unknown(origin) is brute_force.is_unknown(target) or origin == target


@given(ASKED)
def test_each_image_is_as_safe_as_it_was(asked: Asked) -> None:
    running = asked.node.running

    checked = asked.check(running, running)

    assert (checked.verdict, checked.reasons) == ("ok", ())
