"""One line for each request, by which it and its decisions can be found again."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from service.web.decision import Decision

# Asked every few seconds by what looks after the service.
_QUIET_ROUTES = frozenset({"/livez", "/metrics"})

# Source: W3C Trace Context, section 3.2.
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a request ended.

    Attributes:
        route: The rule that it matched; None where there is no such page.
        code: Of the problem that was answered, if any.
    """

    route: str | None
    method: str
    status: int
    seconds: float
    code: str | None
    decisions: Sequence[Decision]


class AccessLog:
    """Writes the line of each request, but for those that look after the service.

    A decision stands in the line of its request; of many, each has a line of its own.

    Args:
        rules_version: Of the rules that decisions are made by.
    """

    def __init__(self, rules_version: str) -> None:
        # Bound once, for each binding costs more than the line.
        self._log = structlog.get_logger().bind()
        self._rules_version = rules_version

    def write(self, environ: Mapping[str, Any], outcome: Outcome) -> None:
        """Write the line of a request; the log's context has its id."""
        if outcome.route in _QUIET_ROUTES:
            return
        details: dict[str, object] = {
            "caller": environ.get("REMOTE_ADDR"),
            "method": outcome.method,
            "route": outcome.route,
            "status": outcome.status,
            "duration_ms": round(outcome.seconds * 1000, 3),
        }
        traceparent = environ.get("HTTP_TRACEPARENT")
        if traceparent and _TRACEPARENT.fullmatch(traceparent):
            details["traceparent"] = traceparent
        if outcome.code is not None:
            details["code"] = outcome.code
        if len(outcome.decisions) == 1:
            details["decision"] = self._describe(outcome.decisions[0])
        self._log.info("request", **details)
        if len(outcome.decisions) > 1:
            for decision in outcome.decisions:
                self._log.info("decision", decision=self._describe(decision))

    def _describe(self, decision: Decision) -> dict[str, object]:
        return {**decision.describe(), "rules": self._rules_version}
