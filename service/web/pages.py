"""What all pages have in common: their frame, their words, and what a browser may load for them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus

from flask import Blueprint, Response, current_app, render_template

from service.domain.warning import Severity
from service.web.words import ALTERNATIVES, REFUSALS, STATUSES, VERDICTS

# Nothing from elsewhere and nothing within the markup; so no text can become a script.
_POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "script-src": "'self'",
    "img-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
# Swagger UI fetches the contract, sends what is tried out, and has icons in its style sheet.
API_BROWSER = {"connect-src": "'self'", "img-src": "'self' data:"}

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))

blueprint = Blueprint("pages", __name__, template_folder="templates")


def answer_page(
    template: str,
    context: Mapping[str, object],
    *,
    status: HTTPStatus = HTTPStatus.OK,
    loads: Mapping[str, str] | None = None,
) -> Response:
    """Answer with a page.

    Args:
        template: Its name.
        context: What it shows; all of it is escaped.
        status: Of the answer.
        loads: What it may load beside what every page may: directives of a Content-Security-Policy.
    """
    policy = _POLICY | dict(loads or {})
    response = Response(render_template(template, **context), status, mimetype="text/html")
    response.headers["Content-Security-Policy"] = "; ".join(
        f"{directive} {sources}" for directive, sources in policy.items()
    )
    return response


@blueprint.app_context_processor
def _add_words() -> dict[str, object]:
    return {
        "statuses": STATUSES,
        "refusals": REFUSALS,
        "alternatives": ALTERNATIVES,
        "verdicts": VERDICTS,
        "version": current_app.config["VERSION"],
    }


@blueprint.app_template_filter()
def ago(time: str) -> str:
    """Tell how long ago a time in ISO 8601 was, in the largest unit that fits."""
    age: timedelta = current_app.extensions["clock"]() - datetime.fromisoformat(time)
    for name, seconds in _UNITS:
        count = int(age.total_seconds() // seconds)
        if count > 0:
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return "just now"


@blueprint.app_template_filter()
def worst_first(warnings: list[dict[str, str]]) -> list[dict[str, str]]:
    """Order the warnings of an answer by their weight."""
    weights = list(Severity)
    return sorted(warnings, key=lambda each: -weights.index(Severity(each["severity"])))


@blueprint.app_template_test()
def web_address(text: str | None) -> bool:
    """Whether a text may stand in a link: rules files hold any text."""
    return text is not None and text.startswith(("https://", "http://"))
