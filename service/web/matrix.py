"""The support matrix."""

from functools import lru_cache

from flask import Blueprint, Response, current_app, request

from service.advisor import Advisor
from service.domain.matrix import Matrix
from service.web.caching import Basis, make_cacheable
from service.web.json_answer import answer_json, dump_json
from service.web.reading import ParametersSchema, load_parameters
from service.web.shapes import dump_matrix

blueprint = Blueprint("matrix", __name__)

QUERY = ParametersSchema()


@blueprint.get("/v1/matrix")
def get_matrix() -> Response:
    """Answer which streams there are, and which of them are supported."""
    load_parameters(QUERY, request)
    advisor: Advisor = current_app.extensions["advisor"]
    matrix = advisor.survey_matrix()
    answer = answer_json(request, _dump(matrix))
    return make_cacheable(answer, _find_basis(matrix)) if matrix.streams else answer


def _find_basis(matrix: Matrix) -> Basis:
    complete = not matrix.missing and not any(row.stale for row in matrix.streams)
    return Basis(min(row.fetched_at for row in matrix.streams), lasting=complete)


@lru_cache(maxsize=2)
def _dump(matrix: Matrix) -> bytes:
    """Render a matrix once, for it stays the same until a list changes."""
    return dump_json(dump_matrix(matrix))
