"""The tag lists of the tests, by the name of their file; see data/PROVENANCE.md."""

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from service.domain.catalogue import Catalogue, TagListing
from service.domain.reference import Repository

FETCHED_AT = datetime(2026, 8, 21, tzinfo=UTC)

REAL = "opensuse-2023-11.real"
CURRENT = ("debian", "hadron", "opensuse", "ubuntu", REAL)
LEGACY = ("core-alpine-ubuntu", "core-opensuse-leap", "kairos-opensuse-leap")
FRAMEWORK = "framework"
ALL = (*CURRENT, *LEGACY, FRAMEWORK)

_TESTS = Path(__file__).parent
_DIRECTORIES = (
    _TESTS / "data" / "tags",
    _TESTS / "data" / "tags" / "legacy",
    _TESTS.parent / "examples" / "snapshot" / "quay.io" / "kairos",
)


@cache
def load_listing(name: str) -> TagListing:
    """Read a list such as ``ubuntu``, ``opensuse-2023-11.real`` or ``kairos-opensuse-leap``."""
    files = (directory / f"{name}.json" for directory in _DIRECTORIES)
    content = json.loads(next(file for file in files if file.exists()).read_text())
    return TagListing(Repository("quay.io", content["name"]), tuple(content["tags"]), FETCHED_AT)


@cache
def load_catalogue(name: str) -> Catalogue:
    """Index a list."""
    return Catalogue.from_listing(load_listing(name))
