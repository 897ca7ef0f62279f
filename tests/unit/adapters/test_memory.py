from datetime import timedelta

from service.adapters.entry import Entry
from service.adapters.listing_record import Record
from service.adapters.memory import Memory
from service.domain.catalogue import Catalogue, TagListing
from service.domain.reference import Repository
from service.errors import RepositoryNotFoundError
from tests.fakes import FakeClock

NOW = FakeClock()()
HADRON, ALPINE, DEBIAN = (
    Repository("quay.io", f"kairos/{name}") for name in ("hadron", "alpine", "debian")
)


def _make(repository: Repository) -> Entry:
    record = Record("0" * 32, repository, NOW, NOW + timedelta(1), NOW + timedelta(1), NOW)
    return Entry.make(record, Catalogue.from_listing(TagListing(repository, (), NOW)))


def _make_missing(repository: Repository) -> Entry:
    error = RepositoryNotFoundError("gone")
    return Entry.make(Record("0" * 32, repository, NOW, NOW, NOW, failure=error), None)


def test_repository_unused_for_longest_is_dropped_first() -> None:
    memory = Memory(max_repositories=2)
    for repository in (HADRON, ALPINE):
        memory.replace(None, _make(repository))
    memory.get(HADRON)

    memory.replace(None, _make(DEBIAN))

    kept = [each for each in (HADRON, ALPINE, DEBIAN) if memory.get(each)]
    assert kept == [HADRON, DEBIAN]


def test_missing_repositories_push_no_catalogue_out() -> None:
    memory = Memory(max_repositories=2)
    entry = memory.replace(None, _make(HADRON))

    for number in range(5):
        memory.replace(None, _make_missing(Repository("quay.io", f"kairos/{number}")))

    assert memory.get(HADRON) is entry


def test_entry_of_a_faster_thread_stays() -> None:
    memory = Memory()
    known = memory.replace(None, _make(HADRON))
    faster = memory.replace(known, _make(HADRON))

    kept = memory.replace(known, _make(HADRON))

    assert kept is memory.get(HADRON) is faster
