"""The recommendation for one node."""

from flask import Blueprint, Response, current_app, g, request

from service.advisor import Advisor
from service.domain.recommendation import Recommendation
from service.domain.transcript import Transcript
from service.domain.warning import WarningCode
from service.web.caching import Basis, make_cacheable, tag_of
from service.web.decision import Decision, note_decision
from service.web.formats import describe_headers, negotiate_form, render
from service.web.kept_answers import KeptAnswers, RenderedAnswer
from service.web.query import UpgradeQuery, load_body, load_query
from service.web.shortcut import UPGRADE_PATH, note_answer

blueprint = Blueprint("upgrade", __name__)

# What failed for now; the next answer may have it.
_PASSING = frozenset({WarningCode.STALE_CATALOGUE, WarningCode.TARGET_NOT_VERIFIED})


class _Answer(Response):
    """A response that has no media type but the one that it is given."""

    default_mimetype = None


@blueprint.get(UPGRADE_PATH)
def get_upgrade() -> Response:
    """Answer which image a running image should go to."""
    kept: KeptAnswers = current_app.extensions["kept_answers"]
    answer = kept.find(request.environ)
    if answer is None:
        return _send(kept.keep(request.environ, *_decide(load_query(request))))
    note_decision(answer.decision)
    return _send(answer)


@blueprint.post(UPGRADE_PATH)
def post_upgrade() -> Response:
    """Answer the same of a body: JSON, or the node's release file as it is."""
    answer, _ = _decide(load_body(request))
    return _send(answer)


@blueprint.after_app_request
def add_answer_headers(response: Response) -> Response:
    """Tell status and warnings beside the refusal of an answer as well."""
    response.headers.update(g.pop("answer_headers", {}))
    return response


def _decide(query: UpgradeQuery) -> tuple[RenderedAnswer, Transcript]:
    form = negotiate_form(request)
    advisor: Advisor = current_app.extensions["advisor"]
    answer, transcript = advisor.recommend_on_record(query.request, form)
    decision = Decision.of(answer)
    note_decision(decision)
    g.answer_headers = describe_headers(answer)
    body, content_type, status = render(answer, form, query.accept, query.node)
    headers = g.pop("answer_headers")
    rendered = RenderedAnswer(
        status,
        content_type,
        body,
        headers,
        tag_of(body, form, *headers.values()),
        _find_basis(answer),
        decision,
    )
    return rendered, transcript


def _send(answer: RenderedAnswer) -> Response:
    note_answer(request.environ, answer)
    headers = {**answer.headers, "Vary": "Accept"}
    response = _Answer(answer.body, answer.status, headers, content_type=answer.content_type)
    return make_cacheable(response, answer.basis, answer.tag)


def _find_basis(answer: Recommendation) -> Basis:
    lasting = _PASSING.isdisjoint(warning.code for warning in answer.warnings)
    return Basis(answer.catalogue.fetched_at, lasting=lasting)
