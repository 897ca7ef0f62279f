"""A cache of catalogues over a fake source, and the lives that it is given."""

from datetime import timedelta

from service.adapters.event_log import EventLog
from service.adapters.refresh import Lives
from service.domain.catalogue import Catalogue
from service.domain.reference import Repository
from service.errors import (
    RegistryUnavailableError,
    ServiceError,
)
from tests.asking import read_tag
from tests.fakes import FakeBackground, FakeClock, FakeTagSource, build_cache

HADRON = Repository("quay.io", "kairos/hadron")
IMAGE, NEWER = (f"v0.0.1-core-amd64-generic-{version}" for version in ("v3.7.0", "v4.2.0"))
STREAM = read_tag(IMAGE, HADRON.flavor).stream
FRESH = timedelta(minutes=15)
STALE = timedelta(days=30)
MOMENT = timedelta(seconds=1)
FAILURE_LIFE = timedelta(seconds=10)
MISSING_LIFE = timedelta(seconds=30)
HOUR = timedelta(hours=1)
LIVES = Lives(FRESH, STALE, jitter=lambda life: life)


class Rig:
    """A cache over a fake source, on one clock."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.source = FakeTagSource(self.clock)
        self.source.answers[HADRON] = ["one"]
        self.background = FakeBackground()
        self.events = EventLog()
        self.cache = build_cache(
            self.source, lives=LIVES, background=self.background, events=self.events
        )

    def fetch(self) -> Catalogue:
        return self.cache.fetch_catalogue(HADRON)

    def fetch_twice(self) -> Catalogue:
        """Fetch, let the background finish what that began, and fetch what came of it."""
        self.fetch()
        self.background.finish()
        return self.fetch()

    def fail(self, error: ServiceError | None = None) -> None:
        self.source.answers[HADRON] = error or RegistryUnavailableError("no answer")
