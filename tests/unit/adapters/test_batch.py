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
HADRON = Repository.parse("quay.io/kairos/hadron")


class Source:
    """A source that remembers how it was asked, and fails as told."""

    def __init__(self, error: ServiceError | None = None) -> None:
        self.error = error
        self.asked: list[tuple[str, Repository]] = []

    def fetch_catalogue(self, repository: Repository) -> Catalogue:
        return self._give("catalogue", repository)

    def fetch_soon(self, repository: Repository) -> Catalogue:
        return self._give("soon", repository)

    def _give(self, how: str, repository: Repository) -> Catalogue:
        self.asked.append((how, repository))
        if self.error:
            raise self.error
        return Catalogue.from_listing(TagListing(repository, (), FETCHED_AT))


def begin(source: Source, seconds: int = 60) -> BatchCatalogueSource:
    return BatchCatalogueSource(source, Deadline(timedelta(seconds=seconds)))


def test_repository_is_asked_for_once() -> None:
    source = Source()
    batch = begin(source)

    found = [batch.fetch_catalogue(UBUNTU) for _ in range(3)]
    soon = batch.fetch_soon(UBUNTU)

    assert {id(catalogue) for catalogue in [*found, soon]} == {id(soon)}
    assert source.asked == [("catalogue", UBUNTU)]


def test_each_repository_is_asked_for() -> None:
    source = Source()
    batch = begin(source)

    assert batch.fetch_catalogue(UBUNTU).repository == UBUNTU
    assert batch.fetch_soon(HADRON).repository == HADRON
    assert batch.fetch_soon(HADRON).repository == HADRON
    assert source.asked == [("catalogue", UBUNTU), ("soon", HADRON)]


@pytest.mark.parametrize(
    "error",
    [RepositoryNotFoundError("gone"), RegistryError("bad"), RegistryUnavailableError("silent")],
)
def test_failure_is_asked_for_once_and_is_everybodys(error: ServiceError) -> None:
    source = Source(error)
    batch = begin(source)

    for _ in range(3):
        with pytest.raises(type(error), match=str(error)):
            batch.fetch_catalogue(UBUNTU)
        with pytest.raises(type(error), match=str(error)):
            batch.fetch_soon(HADRON)
    assert source.asked == [("catalogue", UBUNTU), ("soon", HADRON)]


def test_what_could_not_be_had_soon_is_still_waited_for() -> None:
    source = Source(RegistryUnavailableError("not yet"))
    batch = begin(source)
    with pytest.raises(RegistryUnavailableError):
        batch.fetch_soon(HADRON)
    source.error = None

    catalogue = batch.fetch_catalogue(HADRON)

    assert catalogue.repository == HADRON


def test_nothing_is_waited_for_long_once_the_time_is_over() -> None:
    source = Source()
    batch = begin(source, seconds=0)

    batch.fetch_catalogue(UBUNTU)

    assert source.asked == [("soon", UBUNTU)]


def test_failure_that_is_raised_often_keeps_no_frames_of_before() -> None:
    batch = begin(Source(RegistryError("bad")))

    lengths = []
    for _ in range(3):
        with pytest.raises(RegistryError) as raised:
            batch.fetch_catalogue(UBUNTU)
        lengths.append(len(raised.traceback))

    assert len(set(lengths)) == 1
