"""What every answer tells browsers and caches, unless it has a word of its own."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# A page that needs more has its own policy. Strict-Transport-Security is for whoever ends TLS.
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

# Whatever tells caches nothing (see ``web/caching.py``) is not for them.
_DEFAULTS = tuple({**SECURITY_HEADERS, "Cache-Control": "no-store"}.items())


class DefaultHeaders:
    """A WSGI application whose answers have all of these headers.

    In a hook of Flask they would take a tenth of an answer's time.
    """

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer a request."""

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:  # noqa: ANN401 - as WSGI has it
            own = {name.title() for name, _ in headers}
            missing = [(name, value) for name, value in _DEFAULTS if name not in own]
            return start_response(status, headers + missing, exc_info)

        return self._app(environ, start)
