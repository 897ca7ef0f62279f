import pytest

from service.adapters.refresh import shorten
from tests.unit.adapters.cache_rig import FAILURE_LIFE, FRESH, HADRON, HOUR, Rig

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
