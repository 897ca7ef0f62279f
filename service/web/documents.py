"""What callers read: the contract, and what each problem means."""

from flask import Blueprint, Response, abort, current_app, render_template

from service.web.problems import PROBLEMS

blueprint = Blueprint("documents", __name__, template_folder="templates")


@blueprint.get("/openapi.yaml")
def get_openapi() -> Response:
    """Give the contract."""
    return Response(current_app.extensions["openapi"], mimetype="application/yaml")


@blueprint.get("/problems/<slug>")
def get_problem(slug: str) -> str:
    """Tell what a problem means and what to do."""
    return render_template("problem.html", problem=PROBLEMS.get(slug) or abort(404))
