"""Who may ask: everyone, or who shows a token."""

from collections.abc import Callable

from flask import Flask, request

from service.errors import UnauthorizedError

# The first part of each path that tells nothing of images, or that no caller with a token asks for.
# Whatever is not named here needs a token: a new route, and the page with recommendations on it.
_OPEN = frozenset({"livez", "readyz", "metrics", "openapi.yaml", "docs", "problems", "static"})


def register_bearer(app: Flask, accepts: Callable[[str], bool]) -> None:
    """Refuse who shows none of the tokens.

    Args:
        app: The application.
        accepts: Tells whether a token is good, in constant time.

    Source: RFC 6750, section 2.1.
    """

    def check() -> None:
        if request.path.split("/", 2)[1] in _OPEN:
            return
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise UnauthorizedError("send a token of this service as Authorization: Bearer TOKEN")
        if not accepts(token.strip(" ")):
            raise UnauthorizedError("the token is not one of this service", is_wrong=True)

    app.before_request(check)
