"""Who may ask: everyone, or who shows a token."""

from collections.abc import Callable

from flask import Flask, request

from service.errors import UnauthorizedError

# Where browsers ask a person, who has the token as a password; elsewhere a prompt is in the way.
_PAGE = "/"
# The first part of each path that tells nothing of images, or that no caller with a token asks for.
# Whatever is not named here needs a token: a new route, and the page with recommendations on it.
_OPEN = frozenset({"livez", "readyz", "metrics", "openapi.yaml", "docs", "problems", "static"})


def register_bearer(app: Flask, accepts: Callable[[str], bool]) -> None:
    """Refuse who shows none of the tokens.

    Args:
        app: The application.
        accepts: Tells whether a token is good, in constant time.

    Sources: RFC 6750, section 2.1; RFC 7617, of which the name does not matter.
    """

    def check() -> None:
        if request.path.split("/", 2)[1] in _OPEN:
            return
        token = _read_token()
        if not token:
            raise UnauthorizedError("send a token of this service as Authorization: Bearer TOKEN")
        if not accepts(token):
            raise UnauthorizedError("the token is not one of this service", is_wrong=True)

    app.before_request(check)


def list_challenges(error: UnauthorizedError) -> list[str]:
    """List how the token may be shown, for one header each: some browsers read no list.

    Source: RFC 6750, section 3.1.
    """
    bearer = 'Bearer error="invalid_token"' if error.is_wrong else "Bearer"
    return [bearer, 'Basic realm="Kairos Upgrade Advisor"'] if request.path == _PAGE else [bearer]


def _read_token() -> str | None:
    shown = request.authorization
    if shown is None:
        return None
    return {"bearer": shown.token, "basic": shown.password}.get(shown.type)
