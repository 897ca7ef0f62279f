"""An id for each request, so that a caller's trouble can be found in the log."""

import os
import re
from random import Random
from typing import Any

import structlog
from flask import Flask, Response, g, request

HEADER = "X-Request-ID"
_ACCEPTABLE = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
_CHOSEN = "advisor.request_id"

# An id may be guessed; two must only differ, in forked workers as well. ``uuid4`` asks the system,
# and lets another thread run meanwhile: under load that is the largest cost of a kept answer.
_random = Random()  # noqa: S311 - see above
os.register_at_fork(after_in_child=_random.seed)


def register_request_id(app: Flask) -> None:
    """Take the caller's id where it is harmless, else make one; give it back with the answer."""
    app.before_request(_begin)
    app.after_request(_tell)


def begin_request(environ: dict[str, Any]) -> str:
    """Give the id of a request, and let all that is logged from here on carry it."""
    request_id: str | None = environ.get(_CHOSEN)
    if request_id is None:
        given = environ.get("HTTP_X_REQUEST_ID", "")
        request_id = given if _ACCEPTABLE.fullmatch(given) else f"{_random.getrandbits(128):032x}"
        environ[_CHOSEN] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
    return request_id


def _begin() -> None:
    g.request_id = begin_request(request.environ)


def _tell(response: Response) -> Response:
    response.headers[HEADER] = g.request_id
    return response
