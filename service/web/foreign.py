"""JSON of others, of which little is known and nothing believed."""

from collections.abc import Mapping

# As much as a label or a host's name may have, and more.
_MAX_WORD_LENGTH = 253


def dig(value: object, *path: str) -> object:
    """Give a member of a member …; None where there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def read_word(value: object) -> str | None:
    """Give a short text; None for all else."""
    fits = isinstance(value, str) and 0 < len(value) <= _MAX_WORD_LENGTH and value.isprintable()
    return str(value) if fits else None


def read_text_map(value: object) -> Mapping[str, str]:
    """Give the members of a map that are text."""
    if not isinstance(value, dict):
        return {}
    return {name: text for name, text in value.items() if isinstance(text, str)}
