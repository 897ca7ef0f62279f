from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from bench.charts import draw_decision, draw_warm
from bench.report import describe_machine, put_table
from bench.results import load_results, save_rows
from bench.row import Row

PAGE = "before\n<!-- make chart -->\nold\n<!-- end of make chart -->\nafter\n"


@pytest.fixture
def results(tmp_path: Path) -> Mapping[str, Any]:
    file = tmp_path / "results.json"
    save_rows(file, [Row("choice", 2.5, size=10_329), Row("choice", 2.4, size=319)], "2026-11-21")
    save_rows(file, [Row("warm-1", 1.3, 0.02, 1.0), Row("bare-1", 1.5, 0.02, 1.0)], "2026-11-22")
    return load_results(file)


def list_texts(svg: str) -> list[str]:
    drawn = ET.fromstring(svg)  # noqa: S314 - our own
    return [element.text or "" for element in drawn.iter() if element.tag.endswith("}text")]


def test_table_takes_the_place_of_the_old_one(results: Mapping[str, Any]) -> None:
    page = put_table(PAGE, results)

    assert page.startswith("before\n")
    assert page.endswith("\nafter\n")
    assert "old" not in page
    assert put_table(page, results) == page


def test_table_has_each_row_in_the_order_of_the_targets(results: Mapping[str, Any]) -> None:
    rows = [line for line in put_table(PAGE, results).splitlines() if line.startswith("| ")][2:]

    assert rows == [
        "| warm recommendation, 1 connection | 1.30 ± 0.02 x B | ≥ 0.85 x B |  |",
        "| … a bare WSGI callable beside it | 1.50 ± 0.02 x B |  |  |",
        "| choice of the target on 319 tags | 2.40 µs | ≤ 5 µs |  |",
        "| choice of the target on 10,329 tags | 2.50 µs | ≤ 5 µs |  |",
    ]


def test_figures_of_several_days_say_so(results: Mapping[str, Any]) -> None:
    assert describe_machine(results).startswith("2026-11-21 to 2026-11-22 · ")


def test_warm_chart_shows_what_was_measured_and_no_more(results: Mapping[str, Any]) -> None:
    texts = list_texts(draw_warm({row["key"]: row for row in results["rows"]}, "when & where"))

    assert {"1.30", "1.50", "1 connection", "when & where"} <= set(texts)
    assert "8 connections" not in texts


def test_decision_chart_names_each_line(results: Mapping[str, Any]) -> None:
    texts = list_texts(draw_decision(results["rows"], "when"))

    assert "the choice of the target (target ≤ 5 µs)" in texts
    assert "the whole recommendation (target ≤ 300 µs)" not in texts


def test_nothing_measured_is_drawn_as_nothing() -> None:
    assert list_texts(draw_warm({}, "never"))[1] == "never"
    assert list_texts(draw_decision([], "never"))[1] == "never"
