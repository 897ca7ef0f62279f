"""The recommendations for many nodes."""

from flask import Blueprint, Response, current_app, request

from service.fleet import FleetAdvisor
from service.web.fleet_answer import dump_answers, note_answers
from service.web.fleet_query import load_fleet
from service.web.json_answer import answer_json

blueprint = Blueprint("fleet", __name__)

# 5,000 nodes as Kubernetes tells them, with little beside what is read of them.
MAX_BODY_BYTES = 16 * 1024 * 1024


@blueprint.post("/v1/upgrades")
def post_upgrades() -> Response:
    """Answer for each node of a fleet which image it should go to."""
    request.max_content_length = MAX_BODY_BYTES
    nodes = load_fleet(request)
    advisor: FleetAdvisor = current_app.extensions["fleet_advisor"]
    answers = advisor.recommend(nodes)
    note_answers(nodes, answers)
    return answer_json(request, dump_answers(nodes, answers))
