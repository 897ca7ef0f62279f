"""What callers read: the contract, and what each problem means."""

from flask import Blueprint, Response, abort, current_app

from service.web.caching import make_revalidated
from service.web.pages import API_BROWSER, answer_page
from service.web.problems import PROBLEMS

blueprint = Blueprint("documents", __name__)


@blueprint.get("/openapi.yaml")
def get_openapi() -> Response:
    """Give the contract."""
    document = Response(current_app.extensions["openapi"], mimetype="application/yaml")
    return make_revalidated(document)


@blueprint.get("/docs")
def get_docs() -> Response:
    """Show the contract in a browser of APIs."""
    return make_revalidated(answer_page("docs.html", {}, loads=API_BROWSER))


@blueprint.get("/problems")
def get_problems() -> Response:
    """List the problems: what each means and what to do."""
    return make_revalidated(answer_page("problems.html", {"problems": PROBLEMS.values()}))


@blueprint.get("/problems/<slug>")
def get_problem(slug: str) -> Response:
    """Tell what a problem means and what to do."""
    page = answer_page("problem.html", {"problem": PROBLEMS.get(slug) or abort(404)})
    return make_revalidated(page)
