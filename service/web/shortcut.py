"""The way of a kept answer past Flask, where routing takes longer than finding it."""

from collections.abc import Iterable
from time import perf_counter
from typing import TYPE_CHECKING, Any

from service.web.access_log import Outcome
from service.web.caching import CacheRules, is_known
from service.web.kept_answers import KeptAnswers, RenderedAnswer
from service.web.observation import Observer
from service.web.request_id import HEADER, begin_request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

UPGRADE_PATH = "/v1/upgrade"
_METHODS = frozenset({"GET", "HEAD"})
_ANSWER = "advisor.answer"
_NOT_MODIFIED = "304"


def note_answer(environ: dict[str, Any], answer: RenderedAnswer) -> None:
    """Say which answer is the one to a request."""
    environ[_ANSWER] = answer


class Shortcut:
    """A WSGI application that sends kept answers itself, and leaves the rest to Flask.

    It makes no headers. What Flask sent with an answer is sent with it again, but for the few
    headers that belong to a request, which come from the functions that Flask's hooks call.

    Nothing that looks at a request first, such as a limit or tokens, may stand behind it.
    """

    def __init__(
        self, app: "WSGIApplication", kept: KeptAnswers, rules: CacheRules, observer: Observer
    ) -> None:
        self._app = app
        self._kept = kept
        self._rules = rules
        self._observer = observer

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer a request."""
        if environ["PATH_INFO"] != UPGRADE_PATH or environ["REQUEST_METHOD"] not in _METHODS:
            return self._app(environ, start_response)
        begun = perf_counter()
        request_id = begin_request(environ)
        answer = self._find(environ)
        known = answer is not None and is_known(answer.tag, environ.get("HTTP_IF_NONE_MATCH"))
        if answer is None or known not in answer.sent:
            return self._app(environ, _learn(environ, start_response))
        status, headers = answer.sent[known]
        own = {HEADER: request_id, **self._rules.describe(answer.basis)}
        self._observer.tell(
            environ,
            Outcome(
                UPGRADE_PATH,
                environ["REQUEST_METHOD"],
                int(status[:3]),
                perf_counter() - begun,
                None,
                (answer.decision,),
            ),
        )
        start_response(status, [(name, own.get(name, value)) for name, value in headers])
        return [] if known or environ["REQUEST_METHOD"] == "HEAD" else [answer.body]

    def _find(self, environ: "WSGIEnvironment") -> RenderedAnswer | None:
        try:
            return self._kept.find(environ)
        except Exception:  # noqa: BLE001 - Flask meets it again, logs it and answers it
            return None


def _learn(environ: "WSGIEnvironment", start_response: "StartResponse") -> "StartResponse":
    """Start a response of Flask, and remember what it is sent with."""

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:  # noqa: ANN401 - as WSGI has it
        answer: RenderedAnswer | None = environ.get(_ANSWER)
        known = status.startswith(_NOT_MODIFIED)
        # Anything else is the answer to a bug that came after it.
        if answer and (known or status.startswith(str(answer.status))):
            answer.sent[known] = status, list(headers)
        return start_response(status, headers, exc_info)

    return start
