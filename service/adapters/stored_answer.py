"""What a store gave back of the answers of registries: trusted no more than the answers were.

Whoever else can write to the store could otherwise have nodes told of any digest.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from service.adapters.manifest import is_digest
from service.domain.delivery import Delivery, Signatures
from service.domain.legality import Refusal

_DELIVERY_PARTS = 6
_SIGNATURES_PARTS = 2

# The rules of legality refuse the rest, and no registry does.
_REFUSALS = {each.value: each for each in (Refusal.PLATFORM_MISSING, Refusal.NOT_PULLABLE)}


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """What was said of pulling a tag.

    Attributes:
        due_at: When it shall be asked for again; what was said stands until the next answer.
        until: When it stands no longer.
    """

    said: Delivery
    due_at: datetime
    until: datetime


def parse_delivery(kept: bytes) -> DeliveryRecord:
    """Read what was said of pulling a tag.

    Raises:
        ValueError: It is none of ours; so for the others.
    """
    parts = _parse_list(kept, _DELIVERY_PARTS)
    digest, platform_digests, refusal, trouble, due_at, until = parts
    _require(digest is None or is_digest(digest))
    _require(isinstance(platform_digests, list) and all(map(is_digest, platform_digests)))
    _require(refusal is None or (isinstance(refusal, str) and refusal in _REFUSALS))
    _require(isinstance(trouble, str) and trouble.isprintable())
    _require(bool(digest or refusal or trouble))
    refused = _REFUSALS[refusal] if refusal else None
    said = Delivery(digest, frozenset(platform_digests), refused, trouble)
    return DeliveryRecord(said, _read_time(due_at), _read_time(until))


def parse_platforms(kept: bytes) -> Mapping[str, str | None]:
    """Read the platforms of a manifest."""
    platforms = _parse(kept)
    if not isinstance(platforms, dict):
        raise ValueError("not a record of ours")  # noqa: TRY004 - malformed, not misused
    _require(all(digest is None or is_digest(digest) for digest in platforms.values()))
    return platforms


def parse_having(kept: bytes) -> bool:
    """Read that an image is there; what is not there is not kept."""
    _require(_parse(kept) is True)
    return True


def parse_signatures(kept: bytes) -> Signatures:
    """Read what was seen beside a digest."""
    signed, attested = _parse_list(kept, _SIGNATURES_PARTS)
    _require(all(seen is None or isinstance(seen, bool) for seen in (signed, attested)))
    return Signatures(signed, attested)


def _parse(kept: bytes) -> object:
    try:
        return json.loads(kept)
    except RecursionError as error:
        raise ValueError("not a record of ours") from error


def _read_time(seconds: object) -> datetime:
    _require(isinstance(seconds, int | float) and not isinstance(seconds, bool))
    try:
        return datetime.fromtimestamp(float(str(seconds)), UTC)
    except (OverflowError, OSError) as error:
        raise ValueError("not a record of ours") from error


def _parse_list(kept: bytes, length: int) -> list[Any]:
    parts = _parse(kept)
    if not isinstance(parts, list) or len(parts) != length:
        raise ValueError("not a record of ours")
    return parts


def _require(condition: bool) -> None:  # noqa: FBT001 - the condition is all there is
    if not condition:
        raise ValueError("not a record of ours")
