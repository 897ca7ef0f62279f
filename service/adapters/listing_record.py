"""The record of a repository: what its source last said, as the bytes a deployment shares.

::

    upgrade-advisor/1 <generation: 32 hex digits>
    {"repository": …, "made_at": …, "due_at": …, "until": …, "fetched_at": …, "failure": …, …}
    {"name": …, "tags": […]}     as JSON, or compressed with zlib; nothing without a listing

The first line has a fixed length, so that a glance at it tells whether anything has changed.
Whoever can write to the store can write a record: reading one trusts nothing in it.
"""

import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from service.adapters.tag_list import parse_tag_list
from service.domain.catalogue import TagListing
from service.domain.reference import Repository
from service.errors import (
    RegistryError,
    RegistryUnavailableError,
    RepositoryNotFoundError,
)

MAX_RECORD_BYTES = 8 * 1024 * 1024
_MAX_LISTING_BYTES = 8 * 1024 * 1024
_MAX_STATE_BYTES = 4 * 1024
_MAX_DETAIL_LENGTH = 500
_MAX_RETRY_AFTER_SECONDS = 3_600
_COMPRESSED_FROM_BYTES = 1024

_HEAD = re.compile(rb"upgrade-advisor/1 ([0-9a-f]{32})\n")
HEAD_BYTES = len("upgrade-advisor/1 ") + 32 + 1

Failure = RepositoryNotFoundError | RegistryError


@dataclass(frozen=True, slots=True)
class Doubt:
    """Listings that were too small to be believed.

    Attributes:
        digest: Tells the last of them apart from others.
        since: When the first of them came.
    """

    digest: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of one repository.

    Attributes:
        generation: Another one for each record that is made.
        made_at: When the source was asked.
        due_at: When it shall be asked again.
        until: How long this may be answered from, whatever happens.
        fetched_at: When the listing was fetched; None without one.
        listing: The tags, packed; empty without a listing.
        failure: How the source failed when it was last asked.
        doubt: What it said since that was too small to be believed at once.
    """

    generation: str
    repository: Repository
    made_at: datetime
    due_at: datetime
    until: datetime
    fetched_at: datetime | None = None
    listing: bytes = b""
    failure: Failure | None = None
    doubt: Doubt | None = None

    def dump(self) -> bytes:
        """Give the record as bytes."""
        state = {
            "repository": str(self.repository),
            "made_at": self.made_at.isoformat(),
            "due_at": self.due_at.isoformat(),
            "until": self.until.isoformat(),
            "fetched_at": self.fetched_at.isoformat() if self.fetched_at else None,
            "failure": _dump_failure(self.failure),
            "doubt": _dump_doubt(self.doubt),
        }
        head = f"upgrade-advisor/1 {self.generation}\n{json.dumps(state)}\n"
        return head.encode() + self.listing

    @classmethod
    def parse(cls, raw: bytes, repository: Repository) -> Self:
        """Read the record of a repository; its listing stays packed.

        Raises:
            ValueError: Another version, another repository, or no record at all.
        """
        generation = parse_generation(raw)
        if generation is None or len(raw) > MAX_RECORD_BYTES:
            raise ValueError("is no record of this version")
        end = raw.find(b"\n", HEAD_BYTES, HEAD_BYTES + _MAX_STATE_BYTES)
        state = json.loads(raw[HEAD_BYTES : max(end, HEAD_BYTES)])
        if not isinstance(state, dict) or state.get("repository") != str(repository):
            raise ValueError("is not of this repository")
        record = cls(
            generation=generation,
            repository=repository,
            made_at=_parse_time(state.get("made_at")),
            due_at=_parse_time(state.get("due_at")),
            until=_parse_time(state.get("until")),
            fetched_at=_parse_time(state["fetched_at"]) if state.get("fetched_at") else None,
            listing=raw[end + 1 :],
            failure=_parse_failure(state.get("failure")),
            doubt=_parse_doubt(state.get("doubt")),
        )
        if (record.fetched_at is None) != (record.listing == b""):
            raise ValueError("has a listing without its time, or a time without its listing")
        if record.fetched_at is None and record.failure is None:
            raise ValueError("says nothing")
        return record

    def unpack_listing(self) -> TagListing | None:
        """Give the listing, if there is one.

        Raises:
            ValueError: Not a tag list of this repository, or too large a one.
        """
        if self.fetched_at is None:
            return None
        found = parse_tag_list(_decompress(self.listing))
        if found.name != self.repository.name:
            raise ValueError("lists another repository")
        return TagListing(self.repository, found.tags, self.fetched_at)


def pack_listing(listing: TagListing) -> bytes:
    """Give the tags of a listing as bytes, compressed where they are many."""
    plain = json.dumps({"name": listing.repository.name, "tags": listing.tags}).encode()
    if len(plain) < _COMPRESSED_FROM_BYTES:
        return plain
    # Tags are so alike that more effort saves a tenth of the bytes, and takes three times as long.
    return zlib.compress(plain, zlib.Z_BEST_SPEED)


def parse_generation(raw: bytes) -> str | None:
    """Read the generation at the start of a record; None where there is no record."""
    head = _HEAD.match(raw)
    return head[1].decode() if head else None


def _decompress(packed: bytes) -> bytes:
    if packed.startswith(b"{"):
        return packed
    unpacker = zlib.decompressobj()
    try:
        plain = unpacker.decompress(packed, _MAX_LISTING_BYTES)
    except zlib.error as error:
        raise ValueError("cannot be decompressed") from error
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("is cut short, or larger than any listing")
    return plain


def _parse_time(value: object) -> datetime:
    time = datetime.fromisoformat(str(value))
    if time.tzinfo is None:
        raise ValueError("has a time without an offset")
    return time


def _dump_doubt(doubt: Doubt | None) -> Mapping[str, str] | None:
    return {"digest": doubt.digest, "since": doubt.since.isoformat()} if doubt else None


def _parse_doubt(value: object) -> Doubt | None:
    if not isinstance(value, dict):
        return None
    return Doubt(str(value.get("digest")), _parse_time(value.get("since")))


def _dump_failure(failure: Failure | None) -> dict[str, object] | None:
    if failure is None:
        return None
    dumped: dict[str, object] = {"detail": str(failure)[:_MAX_DETAIL_LENGTH]}
    match failure:
        case RepositoryNotFoundError():
            dumped["code"] = RepositoryNotFoundError.slug
        case RegistryUnavailableError():
            dumped["code"] = RegistryUnavailableError.slug
            dumped["retry_after_seconds"] = failure.retry_after_seconds
        case RegistryError():
            dumped["code"] = RegistryError.slug
    return dumped


def _parse_failure(value: object) -> Failure | None:
    if value is None:
        return None
    detail = value.get("detail") if isinstance(value, dict) else None
    # Half a character can be written in JSON, and sent to nobody.
    if not isinstance(value, dict) or not isinstance(detail, str) or not detail.isprintable():
        raise ValueError("has a failure that says nothing")
    detail = detail[:_MAX_DETAIL_LENGTH]
    match value.get("code"):
        case RepositoryNotFoundError.slug:
            return RepositoryNotFoundError(detail)
        case RegistryUnavailableError.slug:
            seconds = value.get("retry_after_seconds")
            # A truth value is an integer as well.
            if type(seconds) is not int or not 0 <= seconds <= _MAX_RETRY_AFTER_SECONDS:
                raise ValueError("has a failure without a time to ask again")
            return RegistryUnavailableError(detail, retry_after_seconds=seconds)
        case RegistryError.slug:
            return RegistryError(detail)
        case _:
            raise ValueError("has a failure of no known kind")
