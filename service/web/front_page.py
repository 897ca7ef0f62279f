"""The page at ``/``: a question for people, its answer, and the support matrix."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, current_app, g, request
from marshmallow import fields

from service.advisor import Advisor
from service.domain.matrix import Matrix
from service.errors import RegistryUnavailableError, ServiceError
from service.web.decision import Decision, note_decision
from service.web.formats import Form
from service.web.matrix_table import MatrixTable, TableSchema
from service.web.pages import answer_page
from service.web.problems import PROBLEMS
from service.web.query import load_question
from service.web.reading import load_parameters
from service.web.shapes import dump_recommendation

# The parameters of a question that the form has.
_QUESTION = ("image", "max_step", "kubernetes", "flavor_release", "prerelease")


class _PageSchema(TableSchema):
    """A question as it was typed, and what is asked of the table."""

    image = fields.String()
    max_step = fields.String()
    kubernetes = fields.String()
    flavor_release = fields.String()
    prerelease = fields.String()


_PAGE = _PageSchema()

blueprint = Blueprint("front_page", __name__)


@dataclass(slots=True)
class _Asked:
    """What a reader asked, as far as it could be read.

    Attributes:
        question: As it was given, for the form to show it again.
        table: What was asked of the matrix.
        answer: As JSON has it; None where nothing was asked, or nothing could be answered.
        error: Why it could not.
    """

    question: dict[str, str] = field(default_factory=dict)
    table: dict[str, str] = field(default_factory=dict)
    answer: Mapping[str, Any] | None = None
    error: ServiceError | None = None

    @property
    def parameters(self) -> dict[str, str]:
        """The question as ``/v1/upgrade`` has it: a form sends its empty fields as well."""
        return {name: value for name, value in self.question.items() if value}


@blueprint.get("/")
def get_front_page() -> Response:
    """Show the support matrix, and the answer to a question where one was asked."""
    advisor: Advisor = current_app.extensions["advisor"]
    return _show(_ask(advisor), advisor.survey_matrix())


def _ask(advisor: Advisor) -> _Asked:
    typed = {name: request.args[name].strip() for name in _QUESTION if name in request.args}
    asked = _Asked(question=typed)
    try:
        given = load_parameters(_PAGE, request)
        asked.table = {name: given[name] for name in given if name not in _QUESTION}
        if asked.question:
            asked.answer = _answer(advisor, asked.parameters)
    except ServiceError as error:
        asked.error = error
        g.problem_code = error.slug
    return asked


def _answer(advisor: Advisor, question: Mapping[str, str]) -> Mapping[str, Any]:
    query = load_question(question)
    recommendation = advisor.recommend_upgrade(query.request, Form.JSON)
    note_decision(Decision.of(recommendation))
    return dump_recommendation(recommendation)


def _show(asked: _Asked, matrix: Matrix) -> Response:
    problem = PROBLEMS[asked.error.slug] if asked.error else None
    context = {
        "asked": asked,
        "problem": problem,
        "table": MatrixTable(matrix, asked.table),
    }
    status = problem.status if problem else HTTPStatus.OK
    response = answer_page("front_page.html", context, status=status)
    if isinstance(asked.error, RegistryUnavailableError):
        response.headers["Retry-After"] = str(asked.error.retry_after_seconds)
    return response
