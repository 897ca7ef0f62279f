from datetime import timedelta

import pytest

from service.adapters.delivery_record import DeliveryRecords
from service.adapters.store import MemoryStore
from service.domain.delivery import Delivery, Signatures
from service.domain.legality import Refusal
from service.domain.reference import Repository
from tests.fakes import DIGEST, FakeClock

REPOSITORY = Repository("quay.io", "kairos/x")
HELD = Delivery(DIGEST, frozenset({f"sha256:{'b' * 64}"}))
PLATFORMS = {"linux/amd64": DIGEST, "linux/arm64": None}
FRESH = timedelta(minutes=15)


class SpyStore(MemoryStore):
    """Remembers all keys."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock=clock)
        self.keys: set[str] = set()

    def put(self, key: str, value: bytes, life: timedelta) -> None:
        self.keys.add(key)
        super().put(key, value, life)


def records(
    store: MemoryStore,
    fingerprint: str = "anonymous",
    clock: FakeClock | None = None,
    stale: timedelta = timedelta(days=30),
) -> DeliveryRecords:
    return DeliveryRecords(
        store,
        fingerprint=lambda _: fingerprint,
        clock=clock or FakeClock(),
        fresh=FRESH,
        stale=stale,
    )


def test_what_was_told_to_one_credential_is_not_told_to_another() -> None:
    store = SpyStore(FakeClock())
    mine, others = records(store, "mine"), records(store, "others")

    mine.keep_delivery(REPOSITORY, "tag", HELD)
    mine.keep_platforms(REPOSITORY, DIGEST, PLATFORMS)
    mine.keep_having(REPOSITORY, DIGEST)
    mine.keep_signatures(REPOSITORY, DIGEST, Signatures(signed=True, attested=True))

    known = mine.find_delivery(REPOSITORY, "tag")
    assert known is not None
    assert known.said == HELD
    assert mine.find_platforms(REPOSITORY, DIGEST) == PLATFORMS
    assert mine.has(REPOSITORY, DIGEST)
    assert mine.find_signatures(REPOSITORY, DIGEST) == Signatures(signed=True, attested=True)
    assert others.find_delivery(REPOSITORY, "tag") is None
    assert others.find_platforms(REPOSITORY, DIGEST) is None
    assert not others.has(REPOSITORY, DIGEST)
    assert others.find_signatures(REPOSITORY, DIGEST) is None
    assert f"tag:mine:{REPOSITORY}:tag" in store.keys


SHORT = timedelta(seconds=10)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("held", "stale", "fresh", "life"),
    [
        (HELD, timedelta(days=30), FRESH, DAY),
        (HELD, HOUR, FRESH, HOUR),
        (HELD, timedelta(), FRESH, FRESH),
        (Delivery(DIGEST, refusal=Refusal.PLATFORM_MISSING), DAY, SHORT, SHORT),
        (Delivery(refusal=Refusal.NOT_PULLABLE), DAY, SHORT, SHORT),
        (Delivery(trouble="silent"), DAY, SHORT, SHORT),
    ],
)
def test_tag_is_due_after_a_while_and_stands_for_longer_unless_it_is_trouble(
    held: Delivery, stale: timedelta, fresh: timedelta, life: timedelta
) -> None:
    clock = FakeClock()
    kept = records(MemoryStore(clock=clock), clock=clock, stale=stale)
    kept.keep_delivery(REPOSITORY, "tag", held)
    known = kept.find_delivery(REPOSITORY, "tag")
    assert known is not None

    clock.advance(fresh - timedelta(seconds=1))
    assert not kept.is_due(known)
    clock.advance(timedelta(seconds=1))
    assert kept.is_due(known)
    clock.advance(life - fresh - timedelta(seconds=1))
    if life > fresh:
        assert kept.find_delivery(REPOSITORY, "tag") == known
    clock.advance(timedelta(seconds=1))

    assert known.said == held
    assert kept.find_delivery(REPOSITORY, "tag") is None


def test_tag_that_is_put_off_ends_when_it_would_have() -> None:
    clock = FakeClock()
    kept = records(MemoryStore(clock=clock), clock=clock)
    kept.keep_delivery(REPOSITORY, "tag", HELD)
    clock.advance(FRESH)
    known = kept.find_delivery(REPOSITORY, "tag")
    assert known is not None

    kept.postpone(REPOSITORY, "tag", known)

    later = kept.find_delivery(REPOSITORY, "tag")
    assert later is not None
    assert not kept.is_due(later)
    assert later.until == known.until
    clock.advance(DAY - FRESH)
    assert kept.find_delivery(REPOSITORY, "tag") is None


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"1",
        b"[1, 2]",
        b'["", [], "none", "", 1, 9e9]',
        b'["", 1, null, "", 1, 9e9]',
        b'["", [], null, "", "1", 9e9]',
        b'["", [], null, "", 1, 1e99]',
        b'["", [], null, "", 1, NaN]',
        b'["", [], null, "", 1, 1]',
    ],
)
def test_value_that_is_no_record_is_none(value: bytes) -> None:
    store = MemoryStore(clock=FakeClock())
    store.put(f"tag:anonymous:{REPOSITORY}:tag", value, FRESH)

    assert records(store).find_delivery(REPOSITORY, "tag") is None
