"""Whether one step is safe."""

from typing import Any

from flask import Blueprint, Response, current_app, request
from marshmallow import post_load

from service.advisor import Advisor, CheckRequest
from service.web.caching import make_revalidated
from service.web.json_answer import answer_json, dump_json
from service.web.query import read_reference
from service.web.reading import ParametersSchema, load_parameters
from service.web.shapes import dump_check

blueprint = Blueprint("check", __name__)


class _QuerySchema(ParametersSchema):
    origin = read_reference("from")
    target = read_reference("to")

    @post_load
    def _build(self, values: dict[str, Any], **_: object) -> CheckRequest:
        return CheckRequest(**values)


QUERY = _QuerySchema()


@blueprint.get("/v1/check")
def get_check() -> Response:
    """Answer whether the step from one image to another is safe."""
    asked = load_parameters(QUERY, request)
    advisor: Advisor = current_app.extensions["advisor"]
    answer = dump_json(dump_check(advisor.check_upgrade(asked)))
    return make_revalidated(answer_json(request, answer))
