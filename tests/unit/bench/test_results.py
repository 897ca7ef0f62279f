import json
from pathlib import Path

import pytest

from bench.results import load_results, save_rows
from bench.row import Row


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "results.json"


def test_rows_are_saved_with_target_and_verdict(file: Path) -> None:
    save_rows(file, [Row("warm-8", 0.5, 0.01, 1.01)], "2026-11-22")

    row = json.loads(file.read_text())["rows"][0]
    assert (row["figure"], row["error"], row["control"]) == (0.5, 0.01, 1.01)
    assert (row["least"], row["most"], row["verdict"]) == (0.8, None, "missed")
    assert row["measured"] == "2026-11-22"


def test_rows_take_the_place_of_the_same_and_leave_the_others(file: Path) -> None:
    sizes = [Row("choice", 4, size=319), Row("choice", 6, size=1_010)]
    save_rows(file, [Row("index", 15), *sizes], "2026-11-22")

    save_rows(file, [Row("choice", 5, size=1_010)], "2026-11-23")

    rows = load_results(file)["rows"]
    assert [(row["key"], row["figure"], row["measured"][-2:]) for row in rows] == [
        ("index", 15, "22"),
        ("choice", 4, "22"),
        ("choice", 5, "23"),
    ]


def test_machine_is_told_by_its_kind_alone(file: Path) -> None:
    save_rows(file, [], "2026-11-22")

    assert set(load_results(file)["machine"]) == {"cores", "python"}
