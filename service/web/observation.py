"""What the service tells of each request that it answered: a line in the log, and its counts."""

from collections.abc import Mapping
from time import perf_counter
from typing import Any

from flask import Flask, Response, g, request

from service.web.access_log import AccessLog, Outcome
from service.web.metrics import count_request


class Observer:
    """Tells of requests, whoever answered them.

    Args:
        rules_version: Of the rules that decisions are made by.
    """

    def __init__(self, rules_version: str) -> None:
        self._access_log = AccessLog(rules_version)

    def tell(self, environ: Mapping[str, Any], outcome: Outcome) -> None:
        """Log and count a request."""
        self._access_log.write(environ, outcome)
        count_request(outcome)


def register_observation(app: Flask, observer: Observer) -> None:
    """Observe every request; register it first, so that nothing is done to an answer after it."""

    def finish(response: Response) -> Response:
        rule = request.url_rule
        outcome = Outcome(
            route=rule.rule if rule else None,
            method=request.method,
            status=response.status_code,
            seconds=perf_counter() - g.begun,
            code=g.get("problem_code"),
            decisions=g.get("decisions", ()),
        )
        observer.tell(request.environ, outcome)
        return response

    app.before_request(_begin)
    app.after_request(finish)


def _begin() -> None:
    g.begun = perf_counter()
