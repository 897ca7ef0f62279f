from contextlib import suppress
from datetime import timedelta

import pytest

from service.adapters.refresh import Lives
from service.domain.reference import Repository
from service.errors import RegistryUnavailableError, ServiceError
from tests.counting import Added
from tests.fakes import FakeBackground, FakeTagSource, build_cache

HADRON = Repository("quay.io", "kairos/hadron")
FRESH = timedelta(minutes=15)
RESULTS = ("memory", "redis", "stale", "miss", "error")


class Rig:
    """A cache before a source, on one clock, and what is counted of it."""

    def __init__(self) -> None:
        self.source = FakeTagSource()
        self.source.answers[HADRON] = ["v0.0.1-core-amd64-generic-v1.0.0"]
        self.background = FakeBackground()
        lives = Lives(FRESH, timedelta(days=30), jitter=lambda life: life)
        self.cache = build_cache(self.source, lives=lives, background=self.background)
        self.results: dict[str, Added] = {}

    def count_from_here(self) -> None:
        self.results = {each: Added("advisor_cache_results_total", result=each) for each in RESULTS}

    def fetch(self) -> None:
        with suppress(ServiceError):
            self.cache.fetch_catalogue(HADRON)

    @property
    def counted(self) -> dict[str, float]:
        return {name: added() for name, added in self.results.items() if added()}


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_what_is_not_known_is_a_miss(rig: Rig) -> None:
    rig.count_from_here()

    rig.fetch()

    assert rig.counted == {"miss": 1}


def test_what_is_known_comes_from_memory(rig: Rig) -> None:
    rig.fetch()
    rig.count_from_here()

    rig.fetch()
    rig.fetch()

    assert rig.counted == {"memory": 2}


def test_what_is_known_and_cannot_be_listed_again_is_stale(rig: Rig) -> None:
    rig.fetch()
    rig.source.answers[HADRON] = RegistryUnavailableError("down")
    rig.source.clock.advance(FRESH)
    rig.fetch()
    rig.background.finish()
    rig.count_from_here()

    rig.fetch()

    assert rig.counted == {"stale": 1}


def test_a_failure_is_an_error_also_where_it_is_remembered(rig: Rig) -> None:
    rig.source.answers[HADRON] = RegistryUnavailableError("down")
    rig.count_from_here()

    rig.fetch()
    rig.fetch()

    assert rig.counted == {"error": 2}
    assert len(rig.source.asked) == 1
