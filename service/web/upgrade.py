"""The recommendation for one node."""

from flask import Blueprint, Response, current_app, g, request

from service.advisor import Advisor
from service.domain.recommendation import Recommendation
from service.domain.warning import WarningCode
from service.web.caching import Basis, make_cacheable
from service.web.decision import Decision, note_decision
from service.web.formats import describe_headers, negotiate_form, render
from service.web.query import UpgradeQuery, load_body, load_query

blueprint = Blueprint("upgrade", __name__)

# What failed for now; the next answer may have it.
_PASSING = frozenset(
    {
        WarningCode.LATEST_BRANCH_UNKNOWN,
        WarningCode.STALE_CATALOGUE,
        WarningCode.TARGET_NOT_VERIFIED,
    }
)


@blueprint.get("/v1/upgrade")
def get_upgrade() -> Response:
    """Answer which image a running image should go to."""
    return _answer(load_query(request))


@blueprint.post("/v1/upgrade")
def post_upgrade() -> Response:
    """Answer the same of a body: JSON, or the node's release file as it is."""
    return _answer(load_body(request))


@blueprint.after_app_request
def add_answer_headers(response: Response) -> Response:
    """Tell status and warnings beside every form of an answer, and beside its refusal."""
    response.headers.update(g.pop("answer_headers", {}))
    if request.blueprint == blueprint.name:
        response.vary.add("Accept")
    return response


def _answer(query: UpgradeQuery) -> Response:
    form = negotiate_form(request)
    advisor: Advisor = current_app.extensions["advisor"]
    answer = advisor.recommend_upgrade(query.request, form)
    note_decision(Decision.of(answer))
    g.answer_headers = describe_headers(answer)
    response = render(answer, form, query.accept, query.node)
    return make_cacheable(response, _find_basis(answer), g.answer_headers)


def _find_basis(answer: Recommendation) -> Basis:
    lasting = _PASSING.isdisjoint(warning.code for warning in answer.warnings)
    return Basis(answer.catalogue.fetched_at, lasting=lasting)
