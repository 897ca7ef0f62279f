"""Kairos Upgrade Advisor: a running image in, the right upgrade target out."""

from pathlib import Path

VERSION = "0.1.0"

_PACKAGE = Path(__file__).resolve().parent


def find_file(name: str) -> Path:
    """Find a file of the tree's root; a wheel has it within the package."""
    inside = _PACKAGE / name
    return inside if inside.exists() else _PACKAGE.parent / name
