"""The support matrix."""

from functools import lru_cache

from flask import Blueprint, Response, current_app, json, request

from service.advisor import Advisor
from service.domain.matrix import Matrix
from service.web.json_answer import answer_json
from service.web.query import ParametersSchema, load_parameters
from service.web.schemas import MatrixSchema

blueprint = Blueprint("matrix", __name__)

QUERY = ParametersSchema()
_MATRIX = MatrixSchema()


@blueprint.get("/v1/matrix")
def get_matrix() -> Response:
    """Answer which streams there are, and which of them are supported."""
    load_parameters(QUERY, request)
    advisor: Advisor = current_app.extensions["advisor"]
    return answer_json(request, _dump(advisor.survey_matrix()))


@lru_cache(maxsize=2)
def _dump(matrix: Matrix) -> str:
    """Render a matrix once, for it stays the same until a list changes."""
    return json.dumps(_MATRIX.dump(matrix))
