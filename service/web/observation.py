"""What the service tells of each request that it answered: a line in the log, and its counts."""

from time import perf_counter

from flask import Flask, Response, g, request

from service.web.access_log import AccessLog, Outcome
from service.web.metrics import count_request


def register_observation(app: Flask) -> None:
    """Observe every request; register it first, so that nothing is done to an answer after it."""
    access_log = AccessLog(app.config["RULES_VERSION"])

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
        access_log.write(request, outcome)
        count_request(outcome)
        return response

    app.before_request(_begin)
    app.after_request(finish)


def _begin() -> None:
    g.begun = perf_counter()
