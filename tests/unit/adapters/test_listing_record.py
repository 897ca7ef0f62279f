import json
import zlib
from dataclasses import replace
from datetime import timedelta

import pytest

from service.adapters.entry import Entry
from service.adapters.listing_record import (
    HEAD_BYTES,
    Doubt,
    Failure,
    Record,
    pack_listing,
    parse_generation,
)
from service.domain.catalogue import TagListing
from service.domain.reference import Repository
from service.errors import RegistryError, RegistryUnavailableError, RepositoryNotFoundError
from tests.fakes import FakeClock

NOW = FakeClock()()
HADRON = Repository("quay.io", "kairos/hadron")
FEW = TagListing(HADRON, ("a", "b"), NOW)
MANY = TagListing(HADRON, tuple(f"v1.0.{number}" for number in range(5_000)), NOW)


def _make(listing: TagListing = FEW, failure: Failure | None = None) -> Record:
    return Record(
        generation="0123456789abcdef" * 2,
        repository=HADRON,
        made_at=NOW,
        due_at=NOW + timedelta(minutes=15),
        until=NOW + timedelta(days=30),
        fetched_at=NOW,
        listing=pack_listing(listing),
        failure=failure,
        doubt=Doubt("5ec2e7", NOW - timedelta(seconds=10)),
    )


def _break(**state: object) -> bytes:
    """Give a record with other members in its state."""
    head, line, listing = _make().dump().split(b"\n", 2)
    return b"\n".join([head, json.dumps({**json.loads(line), **state}).encode(), listing])


def _pack(body: object) -> bytes:
    return json.dumps(body).encode()


@pytest.mark.parametrize("listing", [FEW, MANY])
def test_record_is_read_as_it_was_written(listing: TagListing) -> None:
    record = _make(listing)

    read = Record.parse(record.dump(), HADRON)

    assert read == record
    assert read.unpack_listing() == listing


def test_large_listing_is_compressed() -> None:
    plain = sum(map(len, MANY.tags))

    assert len(pack_listing(MANY)) < plain / 2


@pytest.mark.parametrize(
    "failure",
    [
        RepositoryNotFoundError("gone"),
        RegistryError("denied"),
        RegistryUnavailableError("down", retry_after_seconds=7),
    ],
)
def test_failure_is_read_as_it_was_written(failure: Failure) -> None:
    read = Record.parse(_make(failure=failure).dump(), HADRON).failure

    assert type(read) is type(failure)
    assert str(read) == str(failure)
    assert vars(read) == vars(failure)


def test_generation_is_read_from_the_first_bytes() -> None:
    record = _make()

    assert parse_generation(record.dump()[:HEAD_BYTES]) == record.generation


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x80\x04\x95pickle",
        b"upgrade-advisor/2" + _make().dump()[17:],
        _make().dump()[:HEAD_BYTES],
        _make().dump()[: HEAD_BYTES + 20],
        _make().dump()[:HEAD_BYTES] + b"[" * 3_000 + b"\n",
        _make().dump()[:HEAD_BYTES] + b"[]\n",
        _break(repository="quay.io/kairos/other"),
        _break(due_at="soon"),
        _break(due_at=None),
        _break(until="2026-11-22T19:07:00"),
        _break(fetched_at=None),
        _break(failure="broken"),
        _break(doubt={"digest": "5ec2e7"}),
        _break(doubt={"digest": "5ec2e7", "since": "2026-11-22T19:07:00"}),
        _break(failure={"code": "no-such", "detail": "x"}),
        _break(failure={"code": "registry-error", "detail": "half a character: \ud800"}),
        _break(failure={"code": "registry-error", "detail": "two\nlines"}),
        _break(failure={"code": "registry-unavailable", "detail": "x"}),
        _break(
            failure={"code": "registry-unavailable", "detail": "x", "retry_after_seconds": 10**9}
        ),
        _break(
            failure={"code": "registry-unavailable", "detail": "x", "retry_after_seconds": True}
        ),
        replace(_make(), listing=b"").dump(),
        replace(_make(), listing=b"", fetched_at=None).dump(),
        _make().dump() + b" " * 9_000_000,
    ],
)
def test_foreign_record_is_refused(raw: bytes) -> None:
    with pytest.raises((ValueError, RecursionError)):
        Record.parse(raw, HADRON)


@pytest.mark.parametrize(
    "listing",
    [
        b"garbage",
        _pack({"name": "kairos/other", "tags": []}),
        _pack({"name": "kairos/hadron", "tags": ["not a tag"]}),
        zlib.compress(_pack({"name": "kairos/hadron", "tags": []}))[:-5],
        zlib.compress(_pack({"name": "kairos/hadron", "tags": []})) + b"more",
        zlib.compress(b" " * 100_000_000),
    ],
)
def test_foreign_listing_is_refused(listing: bytes) -> None:
    record = replace(_make(), listing=listing)

    with pytest.raises(ValueError, match=r"."):
        record.unpack_listing()


@pytest.mark.parametrize("member", ["made_at", "fetched_at"])
def test_record_of_the_future_is_refused(member: str) -> None:
    record = Record.parse(_break(**{member: (NOW + timedelta(hours=1)).isoformat()}), HADRON)

    with pytest.raises(ValueError, match="future"):
        Entry.read(record, None, NOW)
