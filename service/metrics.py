"""The metrics: all that are counted, each with a bound on how many series it may have.

A series is looked up by the values of its labels, which costs a tenth of asking the library for it.
Over all workers they are added up in a directory (see ``adapters/metrics_directory.py``).
"""

from typing import Generic, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

REGISTRY = CollectorRegistry()

# What a label says in place of values that are too many.
OTHER = "other"

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_TAGS = (10, 100, 300, 1_000, 3_000, 10_000, 30_000)

Metric = TypeVar("Metric", bound=MetricWrapperBase)


class Family(dict[tuple[str | int, ...], Metric], Generic[Metric]):
    """The series of a metric by the values of its labels, made when they are first asked for.

    Args:
        metric: The metric.
        most: How many series there may be; all beyond are one, with each label ``other``.
    """

    def __init__(self, metric: Metric, most: int) -> None:
        super().__init__()
        self.metric = metric
        self.most = most

    def __missing__(self, labels: tuple[str | int, ...]) -> Metric:
        if len(self) >= self.most:
            return self.metric.labels(*(OTHER for _ in labels))
        return self.setdefault(labels, self.metric.labels(*labels))


REQUESTS = Family(
    Counter(
        "advisor_requests",
        "Requests answered.",
        ("route", "method", "status"),
        registry=REGISTRY,
    ),
    most=400,
)
REQUEST_SECONDS = Family(
    Histogram(
        "advisor_request_seconds",
        "How long requests took.",
        ("route",),
        registry=REGISTRY,
        buckets=_SECONDS,
    ),
    most=24,
)
DECISIONS = Family(
    Counter(
        "advisor_decisions",
        "Recommendations, by status and support verdict.",
        ("status", "verdict"),
        registry=REGISTRY,
    ),
    most=28,
)
WARNINGS = Family(
    Counter("advisor_warnings", "Warnings in recommendations.", ("code",), registry=REGISTRY),
    most=100,
)
CACHE_RESULTS = Family(
    Counter(
        "advisor_cache_results",
        "Where catalogues that were looked up came from: memory, redis, stale, miss or error.",
        ("result",),
        registry=REGISTRY,
    ),
    most=5,
)
LISTINGS = Family(
    Counter(
        "advisor_listings",
        "Tag lists asked for: listed, not_found, unavailable or unusable.",
        ("registry", "result"),
        registry=REGISTRY,
    ),
    most=48,
)
LISTING_SECONDS = Family(
    Histogram(
        "advisor_listing_seconds",
        "How long registries took to list all tags of a repository.",
        ("registry",),
        registry=REGISTRY,
        buckets=_SECONDS,
    ),
    most=12,
)
LISTING_TAGS = Family(
    Histogram(
        "advisor_listing_tags",
        "How many tags were listed at once.",
        ("registry",),
        registry=REGISTRY,
        buckets=_TAGS,
    ),
    most=12,
)
EVENTS = Family(
    Counter(
        "advisor_events",
        "What operators should hear of, by its name in the log.",
        ("event",),
        registry=REGISTRY,
    ),
    most=50,
)
FLIGHT_WAITS = Counter(
    "advisor_flight_waits",
    "Callers who waited for what another was already asking for.",
    registry=REGISTRY,
)
COLD_REFUSALS = Counter(
    "advisor_cold_refusals",
    "Callers sent away because too many waited for registries.",
    registry=REGISTRY,
)
REDIS_BREAKER_OPEN = Gauge(
    "advisor_redis_breaker_open",
    "Whether a worker keeps away from Redis.",
    registry=REGISTRY,
    multiprocess_mode="livemax",
)
