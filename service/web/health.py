"""Whether the process serves."""

from flask import Blueprint, Response

blueprint = Blueprint("health", __name__)


@blueprint.get("/livez")
def get_livez() -> Response:
    """Answer while the process serves; touches nothing."""
    return Response('{"status": "pass"}\n', mimetype="application/health+json")
