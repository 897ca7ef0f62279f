from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from time import monotonic, sleep

import pytest

from service.adapters.listing_record import Record
from service.adapters.sharing import NothingShared, Sighting
from service.domain.catalogue import Catalogue, TagListing
from service.domain.reference import Repository
from service.errors import (
    RegistryUnavailableError,
    ServiceError,
)
from tests.fakes import FakeClock, FakeTagSource, build_cache
from tests.unit.adapters.cache_rig import (
    FAILURE_LIFE,
    HADRON,
    LIVES,
    Rig,
)


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
