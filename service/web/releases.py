"""What the stream of an image offers."""

from typing import Any

from flask import Blueprint, Response, current_app, request
from marshmallow import post_load

from service.advisor import Advisor
from service.domain.reference import Reference
from service.domain.releases import Wanted
from service.web.caching import Basis, make_cacheable
from service.web.json_answer import answer_json, dump_json
from service.web.query import read_flag, read_reference
from service.web.reading import ParametersSchema, load_parameters
from service.web.shapes import dump_releases

blueprint = Blueprint("releases", __name__)


class _QuerySchema(ParametersSchema):
    image = read_reference("image")
    newer = read_flag(default=True)
    prerelease = read_flag(default=False)

    @post_load
    def _build(self, values: dict[str, Any], **_: object) -> tuple[Reference, Wanted]:
        return values.pop("image"), Wanted(**values)


QUERY = _QuerySchema()


@blueprint.get("/v1/releases")
def get_releases() -> Response:
    """Answer which images the stream of an image has."""
    reference, wanted = load_parameters(QUERY, request)
    advisor: Advisor = current_app.extensions["advisor"]
    releases = advisor.list_releases(reference, wanted)
    catalogue = releases.catalogue
    return make_cacheable(
        answer_json(request, dump_json(dump_releases(releases))),
        Basis(catalogue.fetched_at, lasting=not catalogue.stale),
    )
