"""The tables that name tests, held to the tests that there are."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

import pytest

from tests.apps import ROOT

# Two rings may have a module of one name.
SOURCES: dict[str, str] = {}
for path in sorted(ROOT.glob("tests/**/test_*.py")):
    SOURCES[path.stem] = SOURCES.get(path.stem, "") + path.read_text()
_TEST = re.compile(r"^ *def (test_\w+)", re.MULTILINE)
# A module, a test there, or one of its cases; any may be left out, and "…" stands for any text.
_NAMED = re.compile(
    r"(?:(?:tests/\w+/)?(?P<module>test_\w+)(?:\.py)?: )?(?P<test>[\w…]*)(?:\[(?P<case>[^\]]+)\])?"
)


def list_rows(document: str) -> Iterator[str]:
    """Give the last cell of each row, of the tables where that names tests."""
    header = ""
    for line in (ROOT / document).read_text().splitlines():
        if not line.startswith("|"):
            header = ""
        elif not header:
            header = line
        elif header.endswith("| test |") and not line.startswith("| ---"):
            yield line.rstrip("| ").rpartition("|")[2].strip()


def list_names(document: str) -> Iterator[str]:
    """Give what is named; with a dash begins an option of the command line."""
    for cell in list_rows(document):
        named = re.findall("`([^`]+)`", cell)
        yield from (name for name in named if not name.startswith("-"))


def is_there(name: str) -> bool:
    """Whether a name is that of a module, or stands for a test or case that there is."""
    if name.removesuffix(".py").rpartition("/")[2] in SOURCES:
        return True
    named = _NAMED.fullmatch(name)
    if named is None:
        return False
    sources = [SOURCES.get(named["module"], "")] if named["module"] else list(SOURCES.values())
    pattern = named["test"].replace("…", "*")
    pattern = pattern if pattern.startswith(("test_", "*")) else f"test_{pattern}"
    case = (named["case"] or "").strip("…")
    return any(
        case in source and any(fnmatchcase(test, pattern) for test in _TEST.findall(source))
        for source in sources
    )


@pytest.mark.parametrize("document", ["ARCHITECTURE.md", "SECURITY.md"])
def test_every_test_that_a_table_names_is_there(document: str) -> None:
    names = list(list_names(document))

    assert len(names) > 20
    assert [name for name in names if not is_there(name)] == []


def test_every_way_to_break_has_its_test() -> None:
    rows = list(list_rows("ARCHITECTURE.md"))

    # A letter alone stands for a whole module.
    assert [row for row in rows if not re.search("`[^`]+`|^[A-Z]$", row)] == []


def test_every_module_that_the_layers_name_is_there() -> None:
    architecture = (ROOT / "ARCHITECTURE.md").read_text()
    layers = architecture.partition("## Layers")[2].partition("\n## ")[0]
    modules = {path.stem for path in ROOT.glob("service/**/*") if "__pycache__" not in path.parts}

    assert set(re.findall("`([a-z_]+)`", layers)) - modules == set()


@pytest.mark.parametrize(
    "name", ["test_nothing", "test_no_such_module.py", "test_registry: …[no-such-case…]", "x y"]
)
def test_name_of_nothing_is_found_out(name: str) -> None:
    assert not is_there(name)
