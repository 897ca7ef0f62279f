"""One recommendation in the form that its caller can act on."""

from collections.abc import Callable
from enum import StrEnum

from flask import Request, Response, jsonify
from werkzeug.exceptions import NotAcceptable

from service.domain.recommendation import Recommendation
from service.domain.status import Status
from service.domain.warning import Severity
from service.errors import (
    ManualUpgradeError,
    NeedsAcceptanceError,
    TargetNotVerifiedError,
    UpgradeBlockedError,
)
from service.web.schemas import RecommendationSchema


class Form(StrEnum):
    """The forms of an answer, by their name in ``?format=``; the first is the default."""

    JSON = "json"
    TEXT = "text"

    @property
    def has_problems_in_one_line(self) -> bool:
        """Whether an error must be one line, which no shell can take for a version."""
        return self is Form.TEXT


# With the parameter that we send, too, for werkzeug compares parameters strictly.
_MEDIA_TYPES = {
    "application/json": Form.JSON,
    "text/plain": Form.TEXT,
    "text/plain;charset=utf-8": Form.TEXT,
}
_RECOMMENDATION = RecommendationSchema()


def negotiate_form(request: Request) -> Form:
    """Choose the form by ``?format=``, else by ``Accept``.

    Raises:
        NotAcceptable: None of ours is acceptable.

    Source: RFC 9110, section 12.5.1.
    """
    asked = request.args.get("format")
    if asked in tuple(Form):
        return Form(asked)
    if not request.accept_mimetypes:
        return Form.JSON
    best = request.accept_mimetypes.best_match(_MEDIA_TYPES)
    if best is None:
        raise NotAcceptable("The answer can be had as application/json or text/plain.")
    return _MEDIA_TYPES[best]


def render(answer: Recommendation, form: Form, accept: frozenset[str]) -> Response:
    """Render an answer.

    Args:
        answer: The recommendation.
        form: JSON tells; the other forms are acted on unread, and so withhold what is not safe.
        accept: The codes of critical warnings that the caller accepts.

    Raises:
        UpgradeBlockedError: An acting form of an answer with the status blocked.
        ManualUpgradeError: An acting form of an answer with the status manual.
        NeedsAcceptanceError: An acting form of an answer with a critical warning not accepted.
        TargetNotVerifiedError: An acting form of an answer whose target should have been verified,
            and could not be.
    """
    if form is Form.JSON:
        return jsonify(_RECOMMENDATION.dump(answer))
    _refuse_unsafe(answer, accept)
    return _ACTING_FORMS[form](answer)


def describe_headers(answer: Recommendation) -> dict[str, str]:
    """Give the headers that go with every form, also with a refused one."""
    codes = ", ".join(warning.code for warning in answer.warnings)
    return {"Upgrade-Status": str(answer.status), "Upgrade-Warnings": codes}


def _refuse_unsafe(answer: Recommendation, accept: frozenset[str]) -> None:
    if answer.status is Status.BLOCKED:
        raise UpgradeBlockedError(
            f"no step from {answer.running.tag} is safe now; ask as JSON for the reasons",
        )
    if answer.status is Status.MANUAL:
        successor = answer.successor
        way = f"move by hand to {successor.reference}" if successor else "it has no successor"
        raise ManualUpgradeError(
            f"{answer.running.tag} is not upgraded by pulling an official image: {way}",
        )
    critical = [w.code for w in answer.warnings if w.severity is Severity.CRITICAL]
    missing = [code for code in critical if code not in accept]
    if missing:
        query = "&".join(f"accept={code}" for code in missing)
        raise NeedsAcceptanceError(
            f"read the critical warnings {', '.join(missing)}, then ask again with {query}",
        )
    delivery = answer.findings.target
    if delivery and not delivery.is_verified:
        raise TargetNotVerifiedError(
            f"it is not known whether {answer.target and answer.target.reference} can be pulled:"
            f" {delivery.trouble}",
            retry_after_seconds=delivery.retry_after_seconds,
        )


def _render_text(answer: Recommendation) -> Response:
    if answer.offer is None:
        empty = Response(status=204)
        del empty.headers["Content-Type"]
        return empty
    return Response(f"{answer.offer.source}\n", mimetype="text/plain")


_ACTING_FORMS: dict[Form, Callable[[Recommendation], Response]] = {Form.TEXT: _render_text}
