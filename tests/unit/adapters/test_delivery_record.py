import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from service.adapters.delivery_record import DeliveryRecords
from service.adapters.refresh import shorten
from service.adapters.store import MemoryStore
from service.domain.delivery import Delivery, Signatures
from service.domain.lease import Lease
from service.domain.legality import Refusal
from service.domain.reference import Repository
from tests.fakes import DIGEST, FakeClock

REPOSITORY = Repository("quay.io", "kairos/x")
HELD = Delivery(DIGEST, frozenset({f"sha256:{'b' * 64}"}))
PLATFORMS = {"linux/amd64": DIGEST, "linux/arm64": None}
FRESH = timedelta(minutes=15)
# Longer than what was read is trusted.
TRUSTED = 1.1


class SpyStore(MemoryStore):
    """Remembers all keys, and which it was asked for."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock=clock)
        self.keys: set[str] = set()
        self.asked: list[str] = []

    def get(self, key: str) -> bytes | None:
        self.asked.append(key.partition(":")[0])
        return super().get(key)

    def put(self, key: str, value: bytes, life: timedelta) -> None:
        self.keys.add(key)
        super().put(key, value, life)


def records(
    store: MemoryStore,
    fingerprint: str = "anonymous",
    clock: FakeClock | None = None,
    stale: timedelta = timedelta(days=30),
    jitter: Callable[[timedelta], timedelta] = lambda life: life,
) -> DeliveryRecords:
    return DeliveryRecords(
        store,
        fingerprint=lambda _: fingerprint,
        clock=clock or FakeClock(),
        fresh=FRESH,
        stale=stale,
        jitter=jitter,
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


def test_what_was_read_is_trusted_for_a_second_and_by_digest_for_good() -> None:
    store = SpyStore(FakeClock())
    kept = records(store)
    kept.keep_delivery(REPOSITORY, "tag", HELD)
    kept.keep_platforms(REPOSITORY, DIGEST, PLATFORMS)
    kept.keep_having(REPOSITORY, DIGEST)
    kept.keep_signatures(REPOSITORY, DIGEST, Signatures(signed=True, attested=True))

    def read() -> list[str]:
        store.asked.clear()
        kept.find_delivery(REPOSITORY, "tag")
        kept.find_platforms(REPOSITORY, DIGEST)
        kept.has(REPOSITORY, DIGEST)
        kept.find_signatures(REPOSITORY, DIGEST)
        return list(store.asked)

    first, second = read(), read()
    time.sleep(TRUSTED)

    assert (first, second) == (["tag", "manifest", "image", "signatures"], [])
    assert read() == ["tag", "signatures"]


def test_nothing_known_is_not_trusted() -> None:
    store = SpyStore(FakeClock())
    mine, other = records(store), records(store)
    assert mine.find_delivery(REPOSITORY, "tag") is None

    other.keep_delivery(REPOSITORY, "tag", HELD)

    assert mine.find_delivery(REPOSITORY, "tag") is not None


def test_no_replaces_what_was_trusted_by_who_says_it_and_who_looks_again() -> None:
    store = SpyStore(FakeClock())
    mine, other = records(store), records(store)
    mine.keep_delivery(REPOSITORY, "tag", HELD)
    refused = Delivery(refusal=Refusal.NOT_PULLABLE)
    trusted = [each.find_delivery(REPOSITORY, "tag") for each in (mine, other)]

    mine.keep_delivery(REPOSITORY, "tag", refused)

    own, anew = mine.find_delivery(REPOSITORY, "tag"), other.reread_delivery(REPOSITORY, "tag")
    assert trusted[0] == trusted[1]
    assert own is not None
    assert own.said == refused
    assert own == anew


def test_no_of_another_worker_is_seen_within_a_second() -> None:
    store = SpyStore(FakeClock())
    mine, other = records(store), records(store)
    mine.keep_delivery(REPOSITORY, "tag", HELD)
    trusted = other.find_delivery(REPOSITORY, "tag")
    mine.keep_delivery(REPOSITORY, "tag", Delivery(refusal=Refusal.NOT_PULLABLE))

    still = other.find_delivery(REPOSITORY, "tag")
    time.sleep(TRUSTED)

    assert still == trusted
    assert other.find_delivery(REPOSITORY, "tag") == mine.find_delivery(REPOSITORY, "tag")


SHORT = timedelta(seconds=10)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def test_promise_ends_with_trust_when_due_and_with_the_next_answer() -> None:
    clock = FakeClock()
    told = records(MemoryStore(clock=clock), clock=clock)
    told.keep_delivery(REPOSITORY, "tag", HELD)
    told.keep_signatures(REPOSITORY, DIGEST, Signatures(signed=True, attested=True))

    def promise() -> list[Lease]:
        told.find_delivery(REPOSITORY, "tag")
        told.find_signatures(REPOSITORY, DIGEST)
        return [
            told.lease_delivery(REPOSITORY, "tag"),
            told.lease_signatures(REPOSITORY, DIGEST),
        ]

    def hold(promised: list[Lease], after: float = 0) -> list[bool]:
        now = time.monotonic() + after
        return [lease.holds(now) for lease in promised]

    promised = promise()
    assert hold(promised) == [True, True]
    assert hold(promised, TRUSTED) == [False, False]

    clock.advance(FRESH)
    assert hold(promise()) == [False, True]

    told.keep_delivery(REPOSITORY, "tag", HELD)
    assert hold(promised) == [False, False]
    assert hold(promise()) == [True, True]


def test_nothing_is_promised_of_what_is_not_known() -> None:
    told = records(MemoryStore(clock=FakeClock()))

    assert not told.lease_delivery(REPOSITORY, "tag").holds(time.monotonic())
    assert not told.lease_signatures(REPOSITORY, DIGEST).holds(time.monotonic())


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


def test_tags_that_were_verified_together_are_not_due_together() -> None:
    clock = FakeClock()
    kept = records(MemoryStore(clock=clock), clock=clock, jitter=shorten)
    for number in range(20):
        kept.keep_delivery(REPOSITORY, f"tag-{number}", HELD)

    found = [kept.find_delivery(REPOSITORY, f"tag-{number}") for number in range(20)]

    due = {each.due_at - clock() for each in found if each}
    assert len(due) > 1
    assert all(FRESH * 0.9 <= life <= FRESH for life in due)


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


DEEP = b"[" * 60_000
NO_RECORDS = [b"{", b"null", b"1", b"\xff", b"9" * 5_000, DEEP, b'"' + DEEP, b'{"a":' * 20_000]


SOON = str((FakeClock()() + timedelta(seconds=9)).timestamp()).encode()


def records_of(kind: str, name: str, value: bytes) -> DeliveryRecords:
    store = MemoryStore(clock=FakeClock())
    store.put(f"{kind}:anonymous:{REPOSITORY}:{name}", value, FRESH)
    return records(store)


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b'["", [], "none", "", 1, 9e9]',
        b'["", 1, null, "", 1, 9e9]',
        b'["", [], null, "", "1", 9e9]',
        b'["", [], null, "", 1, 1e99]',
        b'["", [], null, "", 1, NaN]',
        b'["", [], null, "", 1, 1]',
        *NO_RECORDS,
        b"[]",
        b"[1, 2]",
        b'[5, [], null, "", 1, 9e9]',
        b'[["a"], [], null, "", 1, 9e9]',
        b'["sha256:abc\\nrm -rf /", [], null, "", 1, 9e9]',
        f'["{DIGEST}\\n", [], null, "", 1, 9e9]'.encode(),
        f'["{DIGEST}", ["sha256:abc"], null, "", 1, 9e9]'.encode(),
        f'["{DIGEST}", [[]], null, "", 1, 9e9]'.encode(),
        f'["{DIGEST}", "", null, "", 1, 9e9]'.encode(),
        f'["{DIGEST}", {{}}, null, "", 1, 9e9]'.encode(),
        f'["{DIGEST}", [], "withdrawn", "", 1, 9e9]'.encode(),
        f'["{DIGEST}", [], [], "", 1, 9e9]'.encode(),
        f'["{DIGEST}", [], null, null, 1, 9e9]'.encode(),
        f'["{DIGEST}", [], null, "two\\nlines", 1, 9e9]'.encode(),
        b'[null, [], null, "", 1, 9e9]',
    ],
)
def test_value_that_is_no_delivery_is_none(value: bytes) -> None:
    value = value.replace(b"9e9", SOON)  # the time alone refuses none of them

    assert records_of("tag", "tag", value).find_delivery(REPOSITORY, "tag") is None


def test_value_that_stands_longer_than_any_of_ours_is_none() -> None:
    value = f'["{DIGEST}", [], null, "", 1, 9e9]'.encode()

    kept = records_of("tag", "tag", value).find_delivery(REPOSITORY, "tag")
    soon = records_of("tag", "tag", value.replace(b"9e9", SOON)).find_delivery(REPOSITORY, "tag")

    assert kept is None
    assert soon is not None
    assert soon.said == Delivery(DIGEST)


@pytest.mark.parametrize(
    "value", [*NO_RECORDS, b"[]", b'{"linux/amd64": 1}', b'{"linux/amd64": "sha256:abc"}']
)
def test_value_that_is_no_platforms_is_none(value: bytes) -> None:
    assert records_of("manifest", DIGEST, value).find_platforms(REPOSITORY, DIGEST) is None


@pytest.mark.parametrize("value", [*NO_RECORDS, b"[true]", b"false", b'"true"'])
def test_value_that_does_not_say_that_an_image_is_there_is_none(value: bytes) -> None:
    assert not records_of("image", DIGEST, value).has(REPOSITORY, DIGEST)


@pytest.mark.parametrize(
    "value", [*NO_RECORDS, b"[1,2,3]", b"[true]", b"[1,0]", b'["yes",true]', b"[[],{}]", b"{}"]
)
def test_value_that_is_no_signatures_is_none(value: bytes) -> None:
    assert records_of("signatures", DIGEST, value).find_signatures(REPOSITORY, DIGEST) is None


def test_refused_value_is_told_once_and_not_shown() -> None:
    kept = records_of("signatures", DIGEST, b'["s3cret"]')

    with capture_logs() as lines:
        for _ in range(3):
            kept.find_signatures(REPOSITORY, DIGEST)

    assert lines == [
        {"event": "stored_record_refused", "kind": "signatures", "log_level": "warning"}
    ]


@pytest.mark.parametrize(
    "said",
    [
        HELD,
        Delivery(DIGEST, refusal=Refusal.PLATFORM_MISSING),
        Delivery(f"sha512:{'c' * 128}"),
        Delivery(trouble="quay.io: the manifest of v1 is not JSON"),
    ],
)
def test_what_is_kept_is_read_again(said: Delivery) -> None:
    kept = records(MemoryStore(clock=FakeClock()))

    kept.keep_delivery(REPOSITORY, "tag", said)
    kept.keep_signatures(REPOSITORY, DIGEST, Signatures(signed=None, attested=False))

    found = kept.find_delivery(REPOSITORY, "tag")
    assert found is not None
    assert found.said == said
    assert kept.find_signatures(REPOSITORY, DIGEST) == Signatures(signed=None, attested=False)
