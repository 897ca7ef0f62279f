from datetime import UTC, datetime, timedelta

import pytest

from service.web.caching import Basis, CacheRules, is_known, tag_of
from tests.fakes import FakeClock

NOW = datetime(2026, 11, 22, 19, 7, tzinfo=UTC)
FRESH = timedelta(minutes=15)
HOUR = timedelta(hours=1)
BODY = b'{"status":"up_to_date","catalogue":{"fetched_at":"2026-11-22T19:07:00Z","tags":3}}'


def describe(
    age: timedelta = timedelta(), *, stale: timedelta = HOUR, lasting: bool = True
) -> dict[str, str]:
    rules = CacheRules(FRESH, stale, clock=FakeClock(NOW), private=False)
    return rules.describe(Basis(NOW - age, lasting=lasting))


def test_an_answer_is_good_for_as_long_as_a_listing_is_fresh() -> None:
    headers = describe(timedelta(seconds=41.9))

    assert headers == {"Cache-Control": "max-age=900, stale-if-error=3600", "Age": "41"}


def test_an_answer_that_lacks_something_is_asked_for_again_each_time() -> None:
    headers = describe(lasting=False)

    assert headers["Cache-Control"] == "max-age=0, stale-if-error=3600"


def test_an_answer_outlives_its_listing_by_a_day_at_most() -> None:
    headers = describe(stale=timedelta(days=30))

    assert headers["Cache-Control"] == "max-age=900, stale-if-error=86400"


def test_a_listing_of_a_clock_that_is_ahead_has_no_age() -> None:
    headers = describe(timedelta(seconds=-5))

    assert headers["Age"] == "0"


def test_what_not_everyone_may_have_is_for_no_shared_cache() -> None:
    rules = CacheRules(FRESH, HOUR, clock=lambda: NOW, private=True)

    headers = [rules.describe(Basis(NOW, lasting=True)), rules.describe_page()]

    assert [each["Cache-Control"] for each in headers] == [
        "max-age=900, stale-if-error=3600, private",
        "no-cache, private",
    ]


@pytest.mark.parametrize(
    "body",
    [BODY, b"[" + BODY + b"," + BODY + b"]", BODY.replace(b":", b": ")],
    ids=["one", "two", "with-spaces"],
)
def test_a_tag_is_the_same_whenever_listings_were_read(body: bytes) -> None:
    changed = body.replace(b"2026-11-22", b"2026-11-23")

    assert changed != body
    assert tag_of(changed) == tag_of(body)


@pytest.mark.parametrize(
    "changed",
    [
        BODY.replace(b"3}", b"4}"),
        BODY.replace(b"up_to_date", b"ahead"),
        # Without a listing.
        BODY.replace(b'"2026-11-22T19:07:00Z"', b"null"),
        # A string that looks like a time has its quotes escaped.
        BODY.replace(b"up_to_date", rb"\"fetched_at\":\"2026\""),
    ],
)
def test_a_tag_changes_with_all_else(changed: bytes) -> None:
    assert changed != BODY
    assert tag_of(changed) != tag_of(BODY)


def test_what_is_said_beside_the_body_is_part_of_the_tag() -> None:
    tags = {tag_of(b"x"), tag_of(b"x", "a"), tag_of(b"x", "b"), tag_of(b"x", "a", "b")}

    assert len(tags) == 4


@pytest.mark.parametrize(
    ("if_none_match", "known"),
    [
        (None, False),
        ("", False),
        ("*", True),
        (" * ", True),
        ('W/"0a1b"', True),
        ('"0a1b"', True),
        ('"x", W/"0a1b" ,"y"', True),
        ('"x",W/"y"', False),
        ("0a1b", False),
        ('W/"0a1b', False),
        ('"0a1b-gzip"', False),
        ('"*"', False),
    ],
)
def test_a_tag_is_found_in_a_list_by_weak_comparison(
    if_none_match: str | None,
    known: bool,  # noqa: FBT001 - a column of the table
) -> None:
    assert is_known('W/"0a1b"', if_none_match) is known
