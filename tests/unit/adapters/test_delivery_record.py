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


def records(store: MemoryStore, fingerprint: str = "anonymous") -> DeliveryRecords:
    return DeliveryRecords(store, fingerprint=lambda _: fingerprint, fresh=FRESH)


def test_what_was_told_to_one_credential_is_not_told_to_another() -> None:
    store = SpyStore(FakeClock())
    mine, others = records(store, "mine"), records(store, "others")

    mine.keep_delivery(REPOSITORY, "tag", HELD)
    mine.keep_platforms(REPOSITORY, DIGEST, PLATFORMS)
    mine.keep_having(REPOSITORY, DIGEST)
    mine.keep_signatures(REPOSITORY, DIGEST, Signatures(signed=True, attested=True))

    assert mine.find_delivery(REPOSITORY, "tag") == HELD
    assert mine.find_platforms(REPOSITORY, DIGEST) == PLATFORMS
    assert mine.has(REPOSITORY, DIGEST)
    assert mine.find_signatures(REPOSITORY, DIGEST) == Signatures(signed=True, attested=True)
    assert others.find_delivery(REPOSITORY, "tag") is None
    assert others.find_platforms(REPOSITORY, DIGEST) is None
    assert not others.has(REPOSITORY, DIGEST)
    assert others.find_signatures(REPOSITORY, DIGEST) is None
    assert f"tag:mine:{REPOSITORY}:tag" in store.keys


@pytest.mark.parametrize(
    ("held", "life"),
    [
        (HELD, FRESH),
        (Delivery(DIGEST, refusal=Refusal.PLATFORM_MISSING), timedelta(seconds=10)),
        (Delivery(refusal=Refusal.NOT_PULLABLE), timedelta(seconds=10)),
        (Delivery(trouble="silent"), timedelta(seconds=10)),
    ],
)
def test_tag_is_known_for_a_while_and_trouble_shortly(held: Delivery, life: timedelta) -> None:
    clock = FakeClock()
    kept = records(MemoryStore(clock=clock))
    kept.keep_delivery(REPOSITORY, "tag", held)

    clock.advance(life - timedelta(seconds=1))
    before = kept.find_delivery(REPOSITORY, "tag")
    clock.advance(timedelta(seconds=1))

    assert before == held
    assert kept.find_delivery(REPOSITORY, "tag") is None


@pytest.mark.parametrize(
    "value",
    [b"", b"{", b"[]", b"null", b"1", b"[1, 2]", b'["", [], "none", ""]', b'["", 1, null, ""]'],
)
def test_value_that_is_no_record_is_none(value: bytes) -> None:
    store = MemoryStore(clock=FakeClock())
    store.put(f"tag:anonymous:{REPOSITORY}:tag", value, FRESH)

    assert records(store).find_delivery(REPOSITORY, "tag") is None
