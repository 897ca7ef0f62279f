"""What callers read: the contract, and what each problem means."""

from flask import Blueprint, Response, abort, current_app, render_template

from service.web.caching import make_revalidated
from service.web.problems import PROBLEMS

blueprint = Blueprint("documents", __name__, template_folder="templates")


@blueprint.get("/openapi.yaml")
def get_openapi() -> Response:
    """Give the contract."""
    document = Response(current_app.extensions["openapi"], mimetype="application/yaml")
    return make_revalidated(document)


@blueprint.get("/problems/<slug>")
def get_problem(slug: str) -> Response:
    """Tell what a problem means and what to do."""
    page = render_template("problem.html", problem=PROBLEMS.get(slug) or abort(404))
    return make_revalidated(Response(page, mimetype="text/html"))
