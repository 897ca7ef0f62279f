from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event
from time import monotonic, sleep

import pytest

from service.adapters.event_log import EventLog
from service.adapters.listing_record import Record
from service.adapters.refresh import Lives, shorten
from service.adapters.sharing import NothingShared, Sighting
from service.domain.catalogue import Catalogue, TagListing
from service.domain.reference import Repository
from service.errors import (
    RegistryError,
    RegistryUnavailableError,
    RepositoryNotFoundError,
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


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_unknown_repository_is_fetched(rig: Rig) -> None:
    catalogue = rig.fetch()

    assert catalogue.repository == HADRON
    assert catalogue.tag_count == 1
    assert not catalogue.stale


def test_fresh_catalogue_is_served_without_asking_and_built_once(rig: Rig) -> None:
    first = rig.fetch()
    rig.clock.advance(FRESH - MOMENT)

    second = rig.fetch()

    assert second is first
    assert rig.source.asked == [HADRON]


def test_expired_catalogue_is_served_while_it_is_fetched_again(rig: Rig) -> None:
    first = rig.fetch()
    rig.clock.advance(FRESH)
    rig.source.answers[HADRON] = ["one", "two"]

    meanwhile = rig.fetch()
    rig.background.finish()
    catalogue = rig.fetch()

    assert meanwhile is first
    assert catalogue.tag_count == 2
    assert catalogue.fetched_at == rig.clock()


def test_unchanged_listing_keeps_all_that_was_made_of_the_last_one(rig: Rig) -> None:
    rig.source.answers[HADRON] = [IMAGE]
    first = rig.fetch()
    arranged = first.list_images(STREAM)
    rig.clock.advance(FRESH)

    catalogue = rig.fetch_twice()

    assert catalogue.list_images(STREAM) is arranged
    assert catalogue.fetched_at == first.fetched_at + FRESH
    assert rig.source.asked == [HADRON, HADRON]


def test_changed_listing_keeps_nothing_of_the_last_one(rig: Rig) -> None:
    rig.source.answers[HADRON] = [IMAGE]
    rig.fetch().list_images(STREAM)
    rig.clock.advance(FRESH)
    rig.source.answers[HADRON] = [IMAGE, NEWER]

    catalogue = rig.fetch_twice()

    assert list(map(str, catalogue.list_images(STREAM))) == [IMAGE, NEWER]


def test_unchanged_listing_after_a_failure_keeps_what_was_made_and_is_fresh(rig: Rig) -> None:
    rig.source.answers[HADRON] = [IMAGE]
    arranged = rig.fetch().list_images(STREAM)
    rig.clock.advance(FRESH)
    rig.fail()
    rig.fetch_twice()
    rig.clock.advance(FAILURE_LIFE)
    rig.source.answers[HADRON] = [IMAGE]

    catalogue = rig.fetch_twice()

    assert catalogue.list_images(STREAM) is arranged
    assert not catalogue.stale


@pytest.mark.parametrize("error", [RegistryUnavailableError("no answer"), RegistryError("denied")])
def test_stale_catalogue_is_served_when_registry_fails(rig: Rig, error: ServiceError) -> None:
    first = rig.fetch()
    rig.clock.advance(FRESH)
    rig.fail(error)

    catalogue = rig.fetch_twice()

    assert catalogue.stale
    assert catalogue.fetched_at == first.fetched_at


def test_registry_that_failed_is_left_alone_for_a_while(rig: Rig) -> None:
    rig.fetch()
    rig.clock.advance(FRESH)
    rig.fail()
    rig.fetch_twice()
    rig.clock.advance(FAILURE_LIFE - MOMENT)

    catalogue = rig.fetch_twice()

    assert catalogue.stale
    assert len(rig.source.asked) == 2


def test_registry_that_recovers_is_served_fresh_again(rig: Rig) -> None:
    rig.fetch()
    rig.clock.advance(FRESH)
    rig.fail()
    rig.fetch_twice()
    rig.clock.advance(FAILURE_LIFE)
    rig.source.answers[HADRON] = ["one"]

    catalogue = rig.fetch_twice()

    assert not catalogue.stale


def test_stale_catalogue_stays_stale_while_the_registry_keeps_failing(rig: Rig) -> None:
    rig.fetch()
    rig.clock.advance(FRESH)
    rig.fail()
    rig.fetch_twice()
    rig.clock.advance(FAILURE_LIFE)

    catalogue = rig.fetch_twice()

    assert catalogue.stale
    assert len(rig.source.asked) == 3


def test_catalogue_older_than_its_stale_life_is_not_served(rig: Rig) -> None:
    rig.fetch()
    rig.clock.advance(STALE + MOMENT)
    rig.fail()

    with pytest.raises(RegistryUnavailableError):
        rig.fetch()


def test_failure_without_a_catalogue_is_raised_and_remembered(rig: Rig) -> None:
    rig.fail(RegistryUnavailableError("no answer", retry_after_seconds=7))
    with pytest.raises(RegistryUnavailableError):
        rig.fetch()
    rig.clock.advance(FAILURE_LIFE - MOMENT)

    with pytest.raises(RegistryUnavailableError, match="no answer") as caught:
        rig.fetch()

    assert caught.value.retry_after_seconds == 7
    assert len(rig.source.asked) == 1


def test_remembered_failure_is_forgotten(rig: Rig) -> None:
    rig.fail()
    with pytest.raises(RegistryUnavailableError):
        rig.fetch()
    rig.clock.advance(FAILURE_LIFE)
    rig.source.answers[HADRON] = ["one"]

    catalogue = rig.fetch()

    assert not catalogue.stale


def test_remembered_failure_does_not_grow_with_each_caller(rig: Rig) -> None:
    rig.fail()
    depths = []
    for _ in range(4):
        with pytest.raises(RegistryUnavailableError) as caught:
            rig.fetch()
        depths.append(len(caught.traceback))

    assert depths[1] == depths[-1]


def test_missing_repository_is_remembered(rig: Rig) -> None:
    del rig.source.answers[HADRON]
    with pytest.raises(RepositoryNotFoundError):
        rig.fetch()
    rig.clock.advance(MISSING_LIFE - MOMENT)

    with pytest.raises(RepositoryNotFoundError):
        rig.fetch()

    assert len(rig.source.asked) == 1


def test_missing_repository_is_looked_for_again(rig: Rig) -> None:
    del rig.source.answers[HADRON]
    with pytest.raises(RepositoryNotFoundError):
        rig.fetch()
    rig.clock.advance(MISSING_LIFE)
    rig.source.answers[HADRON] = ["one"]

    catalogue = rig.fetch()

    assert catalogue.tag_count == 1


def test_deleted_repository_is_not_served_stale(rig: Rig) -> None:
    rig.fetch()
    rig.clock.advance(FRESH)
    del rig.source.answers[HADRON]

    with pytest.raises(RepositoryNotFoundError):
        rig.fetch_twice()


def test_deleted_repository_is_not_served_stale_when_the_registry_fails_later(rig: Rig) -> None:
    rig.fetch()
    rig.clock.advance(FRESH)
    del rig.source.answers[HADRON]
    with pytest.raises(RepositoryNotFoundError):
        rig.fetch_twice()
    rig.clock.advance(MISSING_LIFE)
    rig.fail()

    with pytest.raises(RegistryUnavailableError):
        rig.fetch()


class SlowSource(FakeTagSource):
    """A source that answers only once all who shall wait for it have come."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.entered = Event()
        self.entered_by: list[Repository] = []
        self.released = Event()

    def list_tags(self, repository: Repository) -> TagListing:
        self.entered_by.append(repository)
        self.entered.set()
        assert self.released.wait(timeout=10)
        return super().list_tags(repository)


@pytest.mark.parametrize("answer", [["one"], RegistryUnavailableError("no answer"), None])
def test_simultaneous_callers_share_one_fetch(answer: list[str] | ServiceError | None) -> None:
    clock = FakeClock()
    source = SlowSource(clock)
    if answer is not None:
        source.answers[HADRON] = answer
    cache = build_cache(source, lives=LIVES)
    callers = 8
    together = Barrier(callers)

    def fetch() -> Catalogue | type[ServiceError]:
        together.wait(timeout=10)
        try:
            return cache.fetch_catalogue(HADRON)
        except ServiceError as error:
            return type(error)

    with ThreadPoolExecutor(callers) as pool:
        waiting = [pool.submit(fetch) for _ in range(callers)]
        assert source.entered.wait(timeout=10)
        source.released.set()
        outcomes = {id(call.result()) for call in waiting}

    assert len(outcomes) == 1
    assert source.asked == [HADRON]


class SharedRecord(NothingShared):
    """The record of another worker, which takes its time to be read."""

    def __init__(self, record: Record) -> None:
        super().__init__()
        self.record = record
        self.reads = 0

    def peek(self, _: Repository) -> Sighting:
        return Sighting(self.record.generation)

    def read(self, _: Repository) -> Record:
        self.reads += 1
        sleep(0.2)
        return self.record


def test_callers_who_see_a_new_record_read_it_once(rig: Rig) -> None:
    rig.fetch()
    other = rig.cache.recall(HADRON)
    assert other
    sharing = SharedRecord(other.record)
    cache = build_cache(rig.source, lives=LIVES, sharing=sharing)
    together = Barrier(8)

    def fetch(_: int) -> Catalogue:
        together.wait(timeout=10)
        return cache.fetch_catalogue(HADRON)

    with ThreadPoolExecutor(8) as pool:
        catalogues = set(map(id, pool.map(fetch, range(8))))

    assert len(catalogues) == 1
    assert sharing.reads == 1
    assert rig.source.asked == [HADRON]


def test_other_repository_does_not_wait_for_a_slow_one() -> None:
    clock = FakeClock()
    source = SlowSource(clock)
    other = Repository("quay.io", "kairos/alpine")
    source.answers.update({HADRON: ["one"], other: []})
    cache = build_cache(source, lives=LIVES)
    source.released.set()
    cache.fetch_catalogue(other)
    source.released.clear()
    source.entered.clear()

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(cache.fetch_catalogue, HADRON)
        assert source.entered.wait(timeout=10)
        known = cache.fetch_catalogue(other)
        source.released.set()

    assert known.repository == other
    assert slow.result().tag_count == 1


def test_unexpected_error_reaches_the_caller_and_blocks_no_later_one(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Repository) -> TagListing:
        raise LookupError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(rig.source, "list_tags", fail)
        with pytest.raises(LookupError):
            rig.fetch()

    assert rig.fetch().tag_count == 1


IMAGES = [f"v0.0.1-core-amd64-generic-v1.0.{number}" for number in range(4)]


@pytest.mark.parametrize("tags", [[], IMAGES[:1], ["latest", "master"]])
def test_listing_that_shrank_replaces_a_good_one_when_seen_twice(rig: Rig, tags: list[str]) -> None:
    rig.source.answers[HADRON] = IMAGES
    rig.fetch()
    rig.clock.advance(FRESH)
    rig.source.answers[HADRON] = tags

    once = rig.fetch_twice()
    rig.clock.advance(FAILURE_LIFE)
    twice = rig.fetch_twice()

    assert (once.tag_count, once.stale) == (4, True)
    assert (twice.tag_count, twice.stale) == (len(tags), False)
    assert rig.events.count("listing_shrank") == 2


def test_listings_that_shrank_differently_each_time_replace_a_good_one_after_an_hour(
    rig: Rig,
) -> None:
    rig.source.answers[HADRON] = IMAGES
    rig.fetch()
    rig.clock.advance(FRESH)
    seen = []

    for number in range(3):
        rig.source.answers[HADRON] = [IMAGES[0], f"other-{number}"]
        seen.append(rig.fetch_twice().tag_count)
        rig.clock.advance(HOUR / 2)

    assert seen == [4, 4, 2]


def test_small_listing_is_the_same_in_any_order(rig: Rig) -> None:
    rig.source.answers[HADRON] = IMAGES
    rig.fetch()
    for tags in (["b", "a"], ["a", "b"]):
        rig.clock.advance(FRESH)
        rig.source.answers[HADRON] = tags

        catalogue = rig.fetch_twice()

    assert catalogue.tag_count == 2


def test_listing_that_shrank_once_is_forgotten_when_the_good_one_is_back(rig: Rig) -> None:
    rig.source.answers[HADRON] = IMAGES
    rig.fetch()
    for tags in ([], IMAGES, []):
        rig.clock.advance(FRESH)
        rig.source.answers[HADRON] = tags

        catalogue = rig.fetch_twice()

        assert catalogue.tag_count == 4


def test_listing_that_lost_half_of_its_images_is_believed(rig: Rig) -> None:
    rig.source.answers[HADRON] = IMAGES
    rig.fetch()
    rig.clock.advance(FRESH)
    rig.source.answers[HADRON] = IMAGES[:2]

    catalogue = rig.fetch_twice()

    assert (catalogue.tag_count, catalogue.stale) == (2, False)


def test_lives_are_a_little_shorter_by_chance() -> None:
    lives = {shorten(FRESH) for _ in range(100)}

    assert len(lives) > 50
    assert FRESH * 0.9 <= min(lives) <= max(lives) <= FRESH


def test_callers_beyond_the_seats_are_refused_at_once() -> None:
    clock = FakeClock()
    source = SlowSource(clock)
    known = Repository("quay.io", "kairos/known")
    repositories = [Repository("quay.io", f"kairos/{number}") for number in range(8)]
    source.answers.update({key: ["one"] for key in (known, HADRON, *repositories)})
    cache = build_cache(source, lives=LIVES)
    source.released.set()
    cache.fetch_catalogue(known)
    source.released.clear()

    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(cache.fetch_catalogue, each) for each in repositories]
        while len(source.entered_by) < 9:
            sleep(0.001)
        with pytest.raises(RegistryUnavailableError, match="too many") as refused:
            cache.fetch_catalogue(HADRON)
        warm = cache.fetch_catalogue(known)
        source.released.set()

    assert refused.value.retry_after_seconds == 1
    assert warm.repository == known
    assert [each.result().tag_count for each in waiting] == [1] * 8
    assert cache.fetch_catalogue(HADRON).tag_count == 1


def test_what_is_asked_for_soon_is_there_when_the_source_answers(rig: Rig) -> None:
    assert rig.cache.fetch_soon(HADRON).tag_count == 1
    assert rig.cache.fetch_soon(HADRON) is rig.fetch()
    assert rig.source.asked == [HADRON]


def test_source_that_stalls_is_waited_for_shortly_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.adapters.cache._SOON_SECONDS", 0.2)
    source = SlowSource(FakeClock())
    source.answers[HADRON] = ["one"]
    cache = build_cache(source, lives=LIVES)

    began = monotonic()
    with pytest.raises(RegistryUnavailableError, match="not listed yet"):
        cache.fetch_soon(HADRON)
    first = monotonic() - began
    with pytest.raises(RegistryUnavailableError, match="not listed yet"):
        cache.fetch_soon(HADRON)
    second = monotonic() - began - first
    source.released.set()

    assert 0.2 <= first < 2
    assert second < 0.1
    assert cache.fetch_catalogue(HADRON).tag_count == 1
    assert source.entered_by == [HADRON]


def test_source_that_failed_is_asked_again_but_not_waited_for() -> None:
    source = SlowSource(FakeClock())
    source.answers[HADRON] = RegistryUnavailableError("no answer")
    source.released.set()
    cache = build_cache(source, lives=LIVES)
    with pytest.raises(RegistryUnavailableError, match="no answer"):
        cache.fetch_soon(HADRON)
    source.clock.advance(FAILURE_LIFE)
    source.answers[HADRON] = ["one"]
    source.released.clear()

    began = monotonic()
    with pytest.raises(RegistryUnavailableError, match="not listed yet"):
        cache.fetch_soon(HADRON)
    waited = monotonic() - began
    source.released.set()

    assert waited < 1
    assert cache.fetch_catalogue(HADRON).tag_count == 1


def test_only_so_many_sources_may_stall_unattended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.adapters.cache._SOON_SECONDS", 0)
    source = SlowSource(FakeClock())
    cache = build_cache(source, lives=LIVES)
    for number in range(4):
        with pytest.raises(RegistryUnavailableError, match="not listed yet"):
            cache.fetch_soon(Repository("quay.io", f"kairos/{number}"))

    with pytest.raises(RegistryUnavailableError, match="too many"):
        cache.fetch_soon(HADRON)
    source.released.set()


def test_many_are_given_as_far_as_there_is_a_list_of_them(rig: Rig) -> None:
    silent, gone = Repository("quay.io", "kairos/silent"), Repository("quay.io", "kairos/gone")
    rig.source.answers[silent] = RegistryUnavailableError("no answer")

    catalogues = rig.cache.fetch_many_soon((silent, gone, HADRON))

    assert catalogues == {HADRON: rig.fetch()}


def test_many_that_stall_are_waited_for_together_no_longer_than_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("service.adapters.cache._SOON_SECONDS", 0.2)
    source = SlowSource(FakeClock())
    repositories = [Repository("quay.io", f"kairos/{number}") for number in range(7)]
    source.answers = {repository: ["one"] for repository in repositories}
    cache = build_cache(source, lives=LIVES)

    began = monotonic()
    meanwhile = cache.fetch_many_soon(repositories)
    waited = monotonic() - began
    source.released.set()

    assert meanwhile == {}
    assert 0.2 <= waited < 1
    assert [cache.fetch_catalogue(each).tag_count for each in repositories] == [1] * 7
    assert len(cache.fetch_many_soon(repositories)) == 7


def test_promise_ends_when_a_listing_is_due_or_replaced(rig: Rig) -> None:
    unknown = rig.cache.lease(HADRON)
    rig.fetch()
    fresh = rig.cache.lease(HADRON)
    rig.clock.advance(FRESH - MOMENT)
    nearly_due = rig.cache.lease(HADRON)
    rig.clock.advance(MOMENT)
    due = rig.cache.lease(HADRON)
    now = monotonic()

    assert not unknown.holds(now)
    assert fresh.holds(now + (FRESH - MOMENT).total_seconds())
    assert nearly_due.holds(now)
    assert not nearly_due.holds(now + MOMENT.total_seconds())
    assert not due.holds(now)

    rig.fetch_twice()

    assert not fresh.holds(now)
    assert rig.cache.lease(HADRON).holds(now)
