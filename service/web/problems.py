"""Every error as a caller sees it: the one table of statuses, and RFC 9457 bodies."""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

import structlog
from flask import Flask, Response, current_app, g, json, request
from werkzeug.exceptions import HTTPException, NotAcceptable

from service.errors import (
    IdentityMismatchError,
    InvalidReferenceError,
    InvalidRequestError,
    KubernetesVersionUnknownError,
    ManualUpgradeError,
    NeedsAcceptanceError,
    NotAnOsImageError,
    RateLimitedError,
    RegistryError,
    RegistryUnavailableError,
    RepositoryNotAllowedError,
    RepositoryNotFoundError,
    RepositoryUnknownError,
    ServiceError,
    StreamNotFoundError,
    TargetNotVerifiedError,
    UnauthorizedError,
    UnversionedTagError,
    UpgradeBlockedError,
)
from service.web.bearer import list_challenges
from service.web.formats import Form, negotiate_form

_log = structlog.get_logger()

# The forms whose errors are one line, which no shell can take for a version, and how each has its
# detail: a shell that evaluates an error of env must not evaluate what is quoted in it.
_LINES: Mapping[Form, Callable[[str], str]] = {Form.TEXT: str, Form.ENV: shlex.quote}


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of error, for callers.

    Attributes:
        meaning: What it means, for the page at its ``type``.
        remedy: What to do about it.
    """

    error: type[ServiceError]
    status: HTTPStatus
    meaning: str
    remedy: str


_ALL = (
    Problem(
        InvalidRequestError,
        HTTPStatus.BAD_REQUEST,
        "A parameter is missing, unknown, given twice or out of range. Nothing unknown is ignored.",
        "Correct each parameter that is named.",
    ),
    Problem(
        InvalidReferenceError,
        HTTPStatus.BAD_REQUEST,
        "The image is not a reference of the form [registry[:port]/]repository[:tag][@digest].",
        "Leave out prefixes such as oci: and docker://, and write no + in a tag: it has a - there.",
    ),
    Problem(
        UnauthorizedError,
        HTTPStatus.UNAUTHORIZED,
        "This service answers those alone who show one of its tokens.",
        "Send the token that its operator gave you as Authorization: Bearer TOKEN; where a browser"
        " asks for a name and a password, it is the password.",
    ),
    Problem(
        RepositoryNotAllowedError,
        HTTPStatus.FORBIDDEN,
        "This service answers for a list of repositories, and the image is outside of it.",
        "Ask its operator to add the repository to ADVISOR_REPOSITORIES.",
    ),
    Problem(
        RepositoryNotFoundError,
        HTTPStatus.NOT_FOUND,
        "The registry has no such repository.",
        "Check the spelling; private repositories may also be hidden from this service.",
    ),
    Problem(
        StreamNotFoundError,
        HTTPStatus.NOT_FOUND,
        "The repository has no image of this flavor release, variant, architecture, model and"
        " Kubernetes distribution.",
        "Check the parts of the tag against the repository's tags.",
    ),
    Problem(
        UnversionedTagError,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The image has no tag, or one such as latest or master that tells no version.",
        "Ask with the full tag that the node was installed from.",
    ),
    Problem(
        NotAnOsImageError,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The reference names a signature, an SBOM, a raw disk, a framework, a bundle or a tool.",
        "Ask with the OS image that the node runs; the detail names it where there is one.",
    ),
    Problem(
        IdentityMismatchError,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "What the node says of itself contradicts its image.",
        "Find out which of the two is wrong before any upgrade.",
    ),
    Problem(
        RepositoryUnknownError,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The release file names no repository, as none does since v3.5.",
        "Give the image beside the file, or have the operator set ADVISOR_DEFAULT_ORGANISATION.",
    ),
    Problem(
        KubernetesVersionUnknownError,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The running image does not tell its Kubernetes version, while newer ones do: a step could"
        " be a downgrade.",
        "Ask with a tag that names the Kubernetes version, or send the node's release file.",
    ),
    Problem(
        NeedsAcceptanceError,
        HTTPStatus.CONFLICT,
        "The answer carries a critical warning, and this form is acted on unread.",
        "Read the warnings in the JSON form, then name their codes with accept.",
    ),
    Problem(
        UpgradeBlockedError,
        HTTPStatus.CONFLICT,
        "Something newer exists, but no step to it is safe.",
        "Read the JSON form for what stands in the way.",
    ),
    Problem(
        ManualUpgradeError,
        HTTPStatus.CONFLICT,
        "Something newer exists, but not by pulling an official image.",
        "Rebuild from the successor that the JSON form names.",
    ),
    Problem(
        RateLimitedError,
        HTTPStatus.TOO_MANY_REQUESTS,
        "This client asks more often than the service answers one client.",
        "Ask again after the seconds in Retry-After; RateLimit tells what is left until then.",
    ),
    Problem(
        RegistryError,
        HTTPStatus.BAD_GATEWAY,
        "The registry answered, but not usably: denied, not JSON, too large or truncated.",
        "Ask the operator of this service to look at the registry.",
    ),
    Problem(
        RegistryUnavailableError,
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The registry gave no answer, and none is cached.",
        "Ask again after the seconds in Retry-After.",
    ),
    Problem(
        TargetNotVerifiedError,
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The registry could not say whether the target can be pulled, and this form is acted on"
        " unread.",
        "Ask again later, or read the JSON form, which names the target with a warning.",
    ),
)

PROBLEMS = {problem.error.slug: problem for problem in _ALL}


def register_problems(app: Flask) -> None:
    """Answer every error of an app, Flask's own included, as a problem or as one line of text."""
    app.register_error_handler(ServiceError, _answer_service_error)
    app.register_error_handler(HTTPException, _answer_http_error)
    app.register_error_handler(Exception, _answer_bug)


def describe_error(error: ServiceError) -> dict[str, object]:
    """Give the body of a problem as it stands within an answer about many nodes."""
    return _with_request(_describe(error), PROBLEMS[error.slug].status)


def _describe(error: ServiceError) -> dict[str, object]:
    body: dict[str, object] = {"code": error.slug, "title": error.title, "detail": str(error)}
    body["type"] = f"{current_app.config['PROBLEM_BASE_URL']}/{error.slug}"
    if isinstance(error, InvalidRequestError):
        body["errors"] = [{"field": e.field, "message": e.message} for e in error.errors]
    return body


def _answer_service_error(error: ServiceError) -> Response:
    body = _describe(error)
    response = _respond(body, PROBLEMS[error.slug].status)
    if error.retry_after_seconds is not None:
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    if isinstance(error, UnauthorizedError):
        response.headers.extend(("WWW-Authenticate", each) for each in list_challenges(error))
    return response


def _answer_http_error(error: HTTPException) -> Response:
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    title, detail = status.phrase, error.description or status.description
    if status is HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        # Its name in RFC 9110, which Python has from 3.13 on.
        title = "Content Too Large"
        detail = f"A body has at most {request.max_content_length} bytes."
    code = title.lower().replace(" ", "-")
    body = {"code": code, "title": title, "detail": detail, "type": "about:blank"}
    response = _respond(body, status)
    kept = error.get_response().headers
    response.headers.extend((name, kept[name]) for name in ("Allow", "Location") if name in kept)
    return response


def _answer_bug(error: Exception) -> Response:
    _log.exception("unexpected error", exc_info=error, path=request.path)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    detail = "The service failed; its log has the rest under this request id."
    body = {"code": "internal-server-error", "title": status.phrase, "detail": detail}
    return _respond(body | {"type": "about:blank"}, status)


def _respond(body: Mapping[str, object], status: HTTPStatus) -> Response:
    g.problem_code = body["code"]
    quote = _LINES.get(_form_of_error())
    response = _dump_line(body, status, quote) if quote else _dump_problem(body, status)
    response.vary.add("Accept")
    return response


def _form_of_error() -> Form:
    try:
        return negotiate_form(request)
    except (NotAcceptable, UnicodeDecodeError):
        return Form.JSON


def _dump_problem(body: Mapping[str, object], status: HTTPStatus) -> Response:
    whole = json.dumps(_with_request(body, status))
    return Response(whole, status, mimetype="application/problem+json")


def _with_request(body: Mapping[str, object], status: HTTPStatus) -> dict[str, object]:
    return {**body, "status": status, "instance": request.path, "request_id": g.request_id}


def _dump_line(
    body: Mapping[str, object], status: HTTPStatus, quote: Callable[[str], str]
) -> Response:
    detail = quote(" ".join(str(body["detail"]).split()))
    return Response(f"error: {body['code']}: {detail}\n", status, mimetype="text/plain")
