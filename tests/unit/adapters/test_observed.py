from contextlib import suppress

import pytest

from service.adapters.observed import ObservedTagSource
from service.domain.reference import Repository
from service.errors import (
    RegistryError,
    RegistryUnavailableError,
    RepositoryNotFoundError,
    ServiceError,
)
from tests.counting import Added
from tests.fakes import FakeTagSource

HOST = "registry.local"
REPOSITORY = Repository(HOST, "kairos/hadron")


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (["one", "two"], "listed"),
        (RepositoryNotFoundError("no"), "not_found"),
        (RegistryUnavailableError("later"), "unavailable"),
        (RegistryError("garbage"), "unusable"),
    ],
)
def test_a_listing_is_counted_and_timed_by_its_registry(
    answer: list[str] | ServiceError, result: str
) -> None:
    source = FakeTagSource()
    source.answers[REPOSITORY] = answer
    counted = Added("advisor_listings_total", registry=HOST, result=result)
    timed = Added("advisor_listing_seconds_count", registry=HOST)

    with suppress(ServiceError):
        ObservedTagSource(source).list_tags(REPOSITORY)

    assert (counted(), timed()) == (1, 1)


def test_the_tags_of_a_listing_are_measured_and_given_on() -> None:
    source = FakeTagSource()
    source.answers[REPOSITORY] = ["one", "two"]
    tags = Added("advisor_listing_tags_sum", registry=HOST)

    listing = ObservedTagSource(source).list_tags(REPOSITORY)

    assert listing.tags == ("one", "two")
    assert tags() == 2


@pytest.mark.parametrize("error", [RepositoryNotFoundError("no"), RegistryError("garbage")])
def test_the_error_of_a_source_is_given_on(error: ServiceError) -> None:
    source = FakeTagSource()
    source.answers[REPOSITORY] = error

    with pytest.raises(type(error)):
        ObservedTagSource(source).list_tags(REPOSITORY)
