"""The body of a tag list, as registries send it and snapshots keep it."""

import re
from dataclasses import dataclass
from typing import Any

import orjson

MAX_TAGS = 50_000

# Source: OCI distribution-spec v1.1.1, "Pulling manifests". The length bounds a hostile list, and
# nothing that is outside the grammar can reach an answer. All lines at once: one after the other
# they take three times as long.
_LINES = re.compile(r"(?:[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}+\n)*+")


@dataclass(frozen=True, slots=True)
class TagList:
    """A tag list that was read.

    Attributes:
        tags: In the order given, each once.
        name: What ``name`` says, if anything.
        fetched_at: What ``fetched_at`` says, if anything; only snapshots have it.
    """

    tags: tuple[str, ...]
    name: object = None
    fetched_at: object = None


def parse_tag_list(body: bytes) -> TagList:
    """Read ``{"name", "tags", "fetched_at"?}``; ``"tags": null`` is an empty list.

    Raises:
        ValueError: Anything else; its text finishes the sentence "the list …".
    """
    # Counted before parsing: small values that are many take twenty times their size in memory.
    if body.count(b",") > MAX_TAGS + 100:
        raise ValueError(f"holds more than {MAX_TAGS:,} tags")
    try:
        document = orjson.loads(body)
    except ValueError as error:
        raise ValueError("is not JSON") from error
    if not isinstance(document, dict) or "tags" not in document:
        raise ValueError("has no member 'tags'")
    tags = document["tags"] if document["tags"] is not None else []
    if not isinstance(tags, list):
        raise ValueError("has 'tags' that are not a list")  # noqa: TRY004 - malformed, not misused
    if not _are_tags(tags):
        raise ValueError("holds something that is no tag")
    return TagList(tuple(dict.fromkeys(tags)), document.get("name"), document.get("fetched_at"))


def _are_tags(values: list[Any]) -> bool:
    try:
        lines = "\n".join([*values, ""])
    except TypeError:
        return False
    return lines.count("\n") == len(values) and _LINES.fullmatch(lines) is not None
