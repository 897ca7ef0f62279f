from time import monotonic

import pytest

from service.errors import (
    RegistryError,
    RegistryUnavailableError,
    RepositoryNotFoundError,
    ServiceError,
)
from tests.unit.adapters.cache_rig import (
    FAILURE_LIFE,
    FRESH,
    HADRON,
    IMAGE,
    MISSING_LIFE,
    MOMENT,
    NEWER,
    STALE,
    STREAM,
    Rig,
)


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
