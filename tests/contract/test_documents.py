"""What the documents for operators say, held to the code."""

import re
from pathlib import Path

import pytest

from service.adapters.rules_shape import read_rules
from service.domain.rules import Rules
from service.domain.warning import WarningCode
from service.settings.schema import SettingsSchema
from service.web.problems import PROBLEMS
from tests.apps import ROOT

DOCS = ROOT / "docs"
EXAMPLES = re.findall(r"```yaml\n(.*?)```", (DOCS / "rules.md").read_text(), re.DOTALL)


def test_every_setting_has_its_row() -> None:
    names = [str(field.data_key) for field in SettingsSchema({}).fields.values()]

    rows = re.findall(r"^\| `([A-Z_]+)` \|", (DOCS / "settings.md").read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(names)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_of_rules_can_be_used(example: str) -> None:
    assert read_rules(example.encode()) != Rules()


def test_every_kind_of_rule_has_an_example() -> None:
    shown = re.findall(r"^(\w+):", "".join(EXAMPLES), re.MULTILINE)

    assert set(shown) == {"version", *Rules.__dataclass_fields__}


def test_every_code_that_is_seen_exists() -> None:
    known = {*PROBLEMS, *WarningCode}

    seen = re.findall(r"(?:warning|\d{3}) `([a-z_-]+)`", (DOCS / "failures.md").read_text())

    assert seen
    assert set(seen) <= known


def test_every_event_of_the_log_exists() -> None:
    table = (DOCS / "failures.md").read_text().partition("## What the log says")[2]
    names = re.findall(r"`([^`]+)`", "".join(re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)))
    sources = [*(ROOT / "service").rglob("*.py"), ROOT / "gunicorn.conf.py"]
    code = "".join(path.read_text() for path in sources)

    assert names
    assert [name for name in names if name not in code] == []


@pytest.mark.parametrize("document", sorted(DOCS.glob("*.md")), ids=lambda path: path.name)
def test_no_link_leads_nowhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text())

    assert [link for link in links if not (DOCS / link).exists()] == []
