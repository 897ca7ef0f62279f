"""Workers of one deployment, as far as they share through Redis."""

import time
from collections.abc import Callable
from datetime import timedelta
from statistics import median
from typing import TypeVar

from service.adapters.cache import CachedCatalogueSource
from service.adapters.event_log import EventLog
from service.adapters.redis_link import RedisLink
from service.adapters.redis_sharing import RedisSharing
from service.adapters.refresh import Lives
from service.domain.catalogue import Catalogue
from service.domain.reference import Repository
from tests.fakes import FakeBackground, FakeTagSource, build_cache

HADRON = Repository("quay.io", "kairos/hadron")
KEY = "v1:tags:quay.io/kairos/hadron"
FRESH = timedelta(minutes=15)
TAGS = [f"v0.0.1-core-amd64-generic-v1.0.{number}" for number in range(400)]
# What a caller may wait for Redis, and what this machine may add when it is busy.
ONCE = 0.5 + 1.0
# Less than any wait for a Redis that does not answer.
AT_ONCE = 0.1
TIMES = 20
SOON = 15

Result = TypeVar("Result")


class Worker:
    """What a worker has of its own; the source and the clock are those of all."""

    def __init__(self, url: str, source: FakeTagSource, *, origin: str = "") -> None:
        self.clock = source.clock
        self.events = EventLog()
        self.background = FakeBackground()
        self.link = RedisLink(url, self.events)
        self.sharing = RedisSharing(
            self.link, clock=self.clock, events=self.events, origin=lambda _: origin
        )
        self.cache: CachedCatalogueSource = build_cache(
            source,
            lives=Lives(FRESH, timedelta(days=30), jitter=lambda life: life),
            sharing=self.sharing,
            background=self.background,
            events=self.events,
        )

    def fetch(self) -> Catalogue:
        return self.cache.fetch_catalogue(HADRON)

    def refresh(self) -> Catalogue:
        """Fetch, let the background finish what that began, and fetch what came of it."""
        self.fetch()
        self.background.finish()
        return self.fetch()

    def fetch_within(self, seconds: float) -> Catalogue:
        begun = time.monotonic()
        catalogue = self.fetch()
        assert time.monotonic() - begun < seconds
        return catalogue

    def fetch_at_once(self) -> Catalogue:
        """Fetch again and again, without a wait for Redis."""
        return repeat_at_once(self.fetch)[-1]


def repeat_at_once(work: Callable[[], Result]) -> list[Result]:
    """Do what takes no time again and again; in the middle, for this machine may be busy."""
    results, seconds = [], []
    for _ in range(TIMES):
        begun = time.monotonic()
        results.append(work())
        seconds.append(time.monotonic() - begun)
    assert median(seconds) < AT_ONCE
    return results


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline, "it has not happened"
        time.sleep(0.02)


def trust_ends() -> None:
    """Wait until every worker looks at Redis again."""
    time.sleep(1.1)
