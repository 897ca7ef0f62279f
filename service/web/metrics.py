"""What is counted of requests, and where Prometheus reads all that is counted."""

from collections import Counter
from collections.abc import Iterator, Sequence
from platform import python_version
from threading import Lock
from time import monotonic

from flask import Blueprint, Response, current_app
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from service.domain.status import Status
from service.domain.support import Verdict
from service.metrics import DECISIONS, OTHER, REGISTRY, REQUEST_SECONDS, REQUESTS, WARNINGS
from service.web.access_log import Outcome
from service.web.decision import Decision

# Any word can stand in a request line.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_UNMATCHED = "unmatched"

_COUNTING_SECONDS = 1.0

blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
def get_metrics() -> Response:
    """Give the metrics of all workers of this instance."""
    _DECIDED.count()
    registry = CollectorRegistry()
    try:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    except ValueError:  # There is no directory: this worker tells of itself.
        registry.register(REGISTRY)
    registry.register(_Standing())
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def count_request(outcome: Outcome) -> None:
    """Count a request, and what was decided for it."""
    route = outcome.route or _UNMATCHED
    method = outcome.method if outcome.method in _METHODS else OTHER
    REQUESTS[route, method, outcome.status].inc()
    REQUEST_SECONDS[route,].observe(outcome.seconds)
    _DECIDED.note(outcome.decisions)


class _Decided:
    """Decisions that are about to be counted: once a second, the same ones together.

    Each series costs a microsecond, and an answer may have ten warnings.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._noted: Counter[tuple[Status, Verdict, tuple[str, ...]]] = Counter()
        self._due = 0.0

    def note(self, decisions: Sequence[Decision]) -> None:
        """Note the decisions of a request; any request may find that it is time to count."""
        if decisions:
            with self._lock:
                for each in decisions:
                    self._noted[each.status, each.verdict, each.warnings] += 1
        now = monotonic()
        if now >= self._due:
            self._due = now + _COUNTING_SECONDS
            self.count()

    def count(self) -> None:
        """Count what was noted."""
        with self._lock:
            noted, self._noted = self._noted, Counter()
        for (status, verdict, warnings), number in noted.items():
            DECISIONS[status, verdict].inc(number)
            for code in warnings:
                WARNINGS[code,].inc(number)


_DECIDED = _Decided()


class _Standing(Collector):
    """What is not counted, but looked up in the worker that is asked."""

    def collect(self) -> Iterator[Metric]:
        """Give what is so now."""
        build = GaugeMetricFamily(
            "advisor_build_info",
            "What runs here; always 1.",
            labels=("version", "rules", "python"),
        )
        config = current_app.config
        build.add_metric((config["VERSION"], config["RULES_VERSION"], python_version()), 1)
        yield build
        age = GaugeMetricFamily(
            "advisor_listing_age_seconds",
            "How old the listing of a tracked repository is.",
            labels=("repository",),
        )
        for catalogue in current_app.extensions["readiness"].look_at_catalogues():
            if catalogue.age is not None:
                age.add_metric((str(catalogue.repository),), catalogue.age.total_seconds())
        yield age
