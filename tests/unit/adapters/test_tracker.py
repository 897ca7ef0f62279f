import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from service.adapters.cache import CachedCatalogueSource
from service.adapters.entry import Entry
from service.adapters.sharing import Hold, NothingShared
from service.adapters.tracker import Tracker
from service.domain.reference import Repository
from service.errors import RegistryUnavailableError
from tests.fakes import FakeTagSource, build_cache

HADRON, ALPINE = (Repository("quay.io", f"kairos/{name}") for name in ("hadron", "alpine"))
FRESH = timedelta(hours=1)
SOON = 10


class CountingSharing(NothingShared):
    """Remembers what was held, and may break."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[str] = []
        self.broken = False

    def try_hold(self, name: str) -> AbstractContextManager[Hold] | None:
        self.held.append(name)
        if self.broken:
            raise RuntimeError("a bug in the lock")
        return super().try_hold(name)


class BrokenCache:
    """A cache with a bug that comes with one repository, in one of its methods."""

    def __init__(self, cache: CachedCatalogueSource, method: str) -> None:
        self._cache = cache
        self._method = method

    def is_due(self, repository: Repository) -> bool:
        self._break("is_due", repository)
        return self._cache.is_due(repository)

    def refresh(self, repository: Repository) -> Entry | None:
        self._break("refresh", repository)
        return self._cache.refresh(repository)

    def _break(self, method: str, repository: Repository) -> None:
        if (method, repository) == (self._method, HADRON):
            raise RuntimeError("a bug")


@pytest.fixture
def source() -> FakeTagSource:
    source = FakeTagSource()
    source.answers = {HADRON: ["a"], ALPINE: ["a"]}
    return source


@pytest.fixture
def sharing() -> CountingSharing:
    return CountingSharing()


def test_what_is_due_is_listed_on_one_lock_and_nothing_else_takes_any(
    source: FakeTagSource, sharing: CountingSharing
) -> None:
    tracker = Tracker(build_cache(source), [HADRON, ALPINE], sharing)

    tracker.go_round()
    for _ in range(3):
        tracker.go_round()
    source.clock.advance(FRESH)
    tracker.go_round()

    assert source.asked == [HADRON, ALPINE] * 2
    assert sharing.held == ["tracker"] * 2


def test_repository_that_fails_is_asked_for_again_when_it_is_due(
    source: FakeTagSource, sharing: CountingSharing
) -> None:
    source.answers[HADRON] = RegistryUnavailableError("down")
    tracker = Tracker(build_cache(source), [HADRON, ALPINE], sharing)

    for _ in range(3):
        tracker.go_round()
    source.clock.advance(timedelta(seconds=10))
    tracker.go_round()

    assert source.asked == [HADRON, ALPINE, HADRON]


def test_nothing_is_listed_while_another_worker_tracks(
    source: FakeTagSource, sharing: CountingSharing
) -> None:
    tracker = Tracker(build_cache(source), [HADRON], sharing)
    held = sharing.try_hold("tracker")
    assert held is not None

    with held:
        tracker.go_round()
    before = list(source.asked)
    tracker.go_round()

    assert (before, source.asked) == ([], [HADRON])


@pytest.mark.parametrize("method", ["is_due", "refresh"])
def test_bug_with_one_repository_does_not_end_the_care_for_the_others(
    source: FakeTagSource, sharing: CountingSharing, method: str
) -> None:
    cache = BrokenCache(build_cache(source), method)

    with capture_logs() as lines:
        Tracker(cache, [HADRON, ALPINE], sharing).go_round()

    assert source.asked == [ALPINE]
    assert [(line["event"], line["repository"]) for line in lines if "repository" in line][:1] == [
        ("unexpected error in the tracker", str(HADRON))
    ]


def test_unexpected_error_of_the_lock_is_logged_and_ends_nothing(
    source: FakeTagSource, sharing: CountingSharing
) -> None:
    sharing.broken = True
    tracker = Tracker(build_cache(source), [HADRON], sharing, interval_seconds=0.01)

    with capture_logs() as lines:
        tracker.start()
        _wait_until(lambda: len(sharing.held) > 2)
        sharing.broken = False
        _wait_until(lambda: source.asked)

    assert {line["event"] for line in lines if line["log_level"] == "error"} == {
        "unexpected error in the tracker"
    }


def _wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline, "it has not happened"
        time.sleep(0.01)
