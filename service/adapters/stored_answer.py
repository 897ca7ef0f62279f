"""What a store gave back of the answers of registries: trusted no more than the answers were.

Whoever else can write to the store could otherwise have nodes told of any digest.
"""

import json
from collections.abc import Mapping
from typing import Any

from service.adapters.manifest import is_digest
from service.domain.delivery import Delivery, Signatures
from service.domain.legality import Refusal

_DELIVERY_PARTS = 4
_SIGNATURES_PARTS = 2

# The rules of legality refuse the rest, and no registry does.
_REFUSALS = {each.value: each for each in (Refusal.PLATFORM_MISSING, Refusal.NOT_PULLABLE)}


def parse_delivery(kept: bytes) -> Delivery:
    """Read what was said of pulling a tag.

    Raises:
        ValueError: It is none of ours; so for the others.
    """
    digest, platform_digests, refusal, trouble = _parse_list(kept, _DELIVERY_PARTS)
    _require(digest is None or is_digest(digest))
    _require(isinstance(platform_digests, list) and all(map(is_digest, platform_digests)))
    _require(refusal is None or (isinstance(refusal, str) and refusal in _REFUSALS))
    _require(isinstance(trouble, str) and trouble.isprintable())
    _require(bool(digest or refusal or trouble))
    refused = _REFUSALS[refusal] if refusal else None
    return Delivery(digest, frozenset(platform_digests), refused, trouble)


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


def _parse_list(kept: bytes, length: int) -> list[Any]:
    parts = _parse(kept)
    if not isinstance(parts, list) or len(parts) != length:
        raise ValueError("not a record of ours")
    return parts


def _require(condition: bool) -> None:  # noqa: FBT001 - the condition is all there is
    if not condition:
        raise ValueError("not a record of ours")
