from datetime import timedelta

import pytest
from structlog.testing import capture_logs

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


DEEP = b"[" * 60_000
NO_RECORDS = [b"{", b"null", b"1", b"\xff", b"9" * 5_000, DEEP, b'"' + DEEP, b'{"a":' * 20_000]


def records_of(kind: str, name: str, value: bytes) -> DeliveryRecords:
    store = MemoryStore(clock=FakeClock())
    store.put(f"{kind}:anonymous:{REPOSITORY}:{name}", value, FRESH)
    return records(store)


@pytest.mark.parametrize(
    "value",
    [
        b"",
        *NO_RECORDS,
        b"[]",
        b"[1, 2]",
        b'["", [], "none", ""]',
        b'["", 1, null, ""]',
        b'[5, [], null, ""]',
        b'[["a"], [], null, ""]',
        b'["sha256:abc\\nrm -rf /", [], null, ""]',
        f'["{DIGEST}\\n", [], null, ""]'.encode(),
        f'["{DIGEST}", ["sha256:abc"], null, ""]'.encode(),
        f'["{DIGEST}", [[]], null, ""]'.encode(),
        f'["{DIGEST}", "", null, ""]'.encode(),
        f'["{DIGEST}", {{}}, null, ""]'.encode(),
        f'["{DIGEST}", [], "withdrawn", ""]'.encode(),
        f'["{DIGEST}", [], [], ""]'.encode(),
        f'["{DIGEST}", [], null, null]'.encode(),
        f'["{DIGEST}", [], null, "two\\nlines"]'.encode(),
        b'[null, [], null, ""]',
    ],
)
def test_value_that_is_no_delivery_is_none(value: bytes) -> None:
    assert records_of("tag", "tag", value).find_delivery(REPOSITORY, "tag") is None


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

    assert kept.find_delivery(REPOSITORY, "tag") == said
    assert kept.find_signatures(REPOSITORY, DIGEST) == Signatures(signed=None, attested=False)
