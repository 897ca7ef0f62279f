from collections.abc import Iterable, Mapping
from datetime import timedelta

import pytest

from service.adapters.batch import BatchCatalogueSource
from service.adapters.deadline import Deadline
from service.domain.catalogue import Catalogue, TagListing
from service.domain.reference import Repository
from service.errors import (
    RegistryError,
    RegistryUnavailableError,
    RepositoryNotFoundError,
    ServiceError,
)
from tests.lists import FETCHED_AT

UBUNTU = Repository.parse("quay.io/kairos/ubuntu")
DEBIAN = Repository.parse("quay.io/kairos/debian")
HADRON = Repository.parse("quay.io/kairos/hadron")


class Source:
    """A source that remembers how it was asked, and fails as told.

    Attributes:
        known: What it gives without waiting.
    """

    def __init__(self, *known: Repository, error: ServiceError | None = None) -> None:
        self.known = known
        self.error = error
        self.asked: list[tuple[str, Repository]] = []

    def fetch_catalogue(self, repository: Repository) -> Catalogue:
        return self._give("catalogue", repository)

    def fetch_soon(self, repository: Repository) -> Catalogue:
        return self._give("soon", repository)

    def fetch_many_soon(self, repositories: Iterable[Repository]) -> Mapping[Repository, Catalogue]:
        return {each: _make(each) for each in repositories if each in self.known}

    def _give(self, how: str, repository: Repository) -> Catalogue:
        self.asked.append((how, repository))
        if self.error:
            raise self.error
        return _make(repository)


def _make(repository: Repository) -> Catalogue:
    return Catalogue.from_listing(TagListing(repository, (), FETCHED_AT))


def begin(source: Source, *repositories: Repository, seconds: int = 60) -> BatchCatalogueSource:
    return BatchCatalogueSource(source, repositories, Deadline(timedelta(seconds=seconds)))


def test_what_is_known_is_taken_at_the_start() -> None:
    source = Source(UBUNTU)
    batch = begin(source, UBUNTU, DEBIAN)

    ubuntu, debian = batch.fetch_catalogue(UBUNTU), batch.fetch_catalogue(DEBIAN)

    assert (ubuntu.repository, debian.repository) == (UBUNTU, DEBIAN)
    assert source.asked == [("catalogue", DEBIAN)]


def test_repository_is_asked_for_once() -> None:
    source = Source()
    batch = begin(source, UBUNTU)

    found = [batch.fetch_catalogue(UBUNTU) for _ in range(3)]
    soon = batch.fetch_soon(UBUNTU)

    assert {id(catalogue) for catalogue in [*found, soon]} == {id(soon)}
    assert source.asked == [("catalogue", UBUNTU)]


def test_repository_that_was_not_foreseen_is_asked_for_once_too() -> None:
    source = Source()
    batch = begin(source)

    assert batch.fetch_soon(HADRON).repository == HADRON
    assert batch.fetch_many_soon([HADRON, HADRON]) == {HADRON: batch.fetch_soon(HADRON)}
    assert source.asked == [("soon", HADRON)]


@pytest.mark.parametrize(
    "error",
    [RepositoryNotFoundError("gone"), RegistryError("bad"), RegistryUnavailableError("silent")],
)
def test_failure_is_asked_for_once_and_is_everybodys(error: ServiceError) -> None:
    source = Source(error=error)
    batch = begin(source, UBUNTU)

    for _ in range(3):
        with pytest.raises(type(error), match=str(error)):
            batch.fetch_catalogue(UBUNTU)
        with pytest.raises(type(error), match=str(error)):
            batch.fetch_soon(HADRON)
    assert batch.fetch_many_soon([UBUNTU, HADRON]) == {}
    assert source.asked == [("catalogue", UBUNTU), ("soon", HADRON)]


def test_what_could_not_be_had_soon_is_still_waited_for() -> None:
    source = Source(error=RegistryUnavailableError("not yet"))
    batch = begin(source)
    with pytest.raises(RegistryUnavailableError):
        batch.fetch_soon(HADRON)
    source.error = None

    catalogue = batch.fetch_catalogue(HADRON)

    assert catalogue.repository == HADRON


def test_nothing_is_listed_once_the_time_is_over_and_what_is_known_is_given() -> None:
    source = Source(UBUNTU)
    batch = begin(source, UBUNTU, DEBIAN, seconds=0)

    assert batch.fetch_catalogue(UBUNTU).repository == UBUNTU
    with pytest.raises(RegistryUnavailableError, match="in time"):
        batch.fetch_catalogue(DEBIAN)
    with pytest.raises(RegistryUnavailableError, match="in time"):
        batch.fetch_soon(HADRON)
    assert source.asked == []


def test_failure_that_is_raised_often_keeps_no_frames_of_before() -> None:
    batch = begin(Source(error=RegistryError("bad")))

    lengths = []
    for _ in range(3):
        with pytest.raises(RegistryError) as raised:
            batch.fetch_catalogue(UBUNTU)
        lengths.append(len(raised.traceback))

    assert len(set(lengths)) == 1
