"""What browsers are told never to do with an answer."""

from flask import Flask, Response

_POLICY = "Content-Security-Policy"

# A page that needs more has its own. Strict-Transport-Security is for whoever ends TLS.
SECURITY_HEADERS = {
    _POLICY: ("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def register_security_headers(app: Flask) -> None:
    """Send the headers with every answer; one that has a policy of its own keeps that."""
    app.after_request(_add)


def _add(response: Response) -> Response:
    own = response.headers.get(_POLICY)
    response.headers.extend(SECURITY_HEADERS)
    if own:
        response.headers[_POLICY] = own
    return response
