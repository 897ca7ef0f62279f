"""Answers that have one form, JSON."""

from flask import Request, Response
from werkzeug.exceptions import NotAcceptable

_MEDIA_TYPE = "application/json"


def answer_json(request: Request, body: str) -> Response:
    """Answer with a body of JSON.

    Raises:
        NotAcceptable: The caller wants something else.

    Source: RFC 9110, section 12.5.1.
    """
    if request.accept_mimetypes and not request.accept_mimetypes.quality(_MEDIA_TYPE):
        raise NotAcceptable(f"The answer can be had as {_MEDIA_TYPE} alone.")
    response = Response(f"{body}\n", mimetype=_MEDIA_TYPE)
    response.vary.add("Accept")
    return response
