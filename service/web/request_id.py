"""An id for each request, so that a caller's trouble can be found in the log."""

import re
import uuid

import structlog
from flask import Flask, Response, g, request

_HEADER = "X-Request-ID"
_ACCEPTABLE = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")


def register_request_id(app: Flask) -> None:
    """Take the caller's id where it is harmless, else make one; give it back with the answer."""
    app.before_request(_choose)
    app.after_request(_tell)


def _choose() -> None:
    given = request.headers.get(_HEADER, "")
    g.request_id = given if _ACCEPTABLE.fullmatch(given) else uuid.uuid4().hex
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _tell(response: Response) -> Response:
    response.headers[_HEADER] = g.request_id
    return response
