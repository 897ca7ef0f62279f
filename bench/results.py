"""What was measured last, as JSON: each row by its name, whenever that was."""

import json
import os
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bench.row import Row

RESULTS = Path(__file__).resolve().parent / "results.json"


def load_results(file: Path) -> dict[str, Any]:
    """Load what a file has; nothing where there is none."""
    if not file.exists():
        return {"rows": []}
    results: dict[str, Any] = json.loads(file.read_text())
    return results


def save_rows(file: Path, rows: Iterable[Row], day: str) -> None:
    """Put rows in the place of what the file has of the same, and leave the others."""
    told = {_identify(row): row for row in load_results(file)["rows"]}
    told |= {_identify(row): row for row in (_dump(each, day) for each in rows)}
    machine = {"cores": os.cpu_count(), "python": platform.python_version()}
    results = {"machine": machine, "rows": list(told.values())}
    # Whole or not at all, whenever the run is broken off.
    scratch = file.with_suffix(".new")
    scratch.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
    scratch.replace(file)


def _identify(row: Mapping[str, Any]) -> tuple[str, int | None]:
    return row["key"], row["size"]


def _dump(row: Row, day: str) -> dict[str, Any]:
    target = row.target
    return {
        "key": row.key,
        "what": row.what.strip(),
        "size": row.size,
        "figure": row.figure,
        "unit": target.unit,
        "error": row.error,
        "control": row.control,
        "least": target.least,
        "most": target.most,
        "stretch": target.stretch,
        "verdict": row.verdict,
        "note": row.note,
        "measured": day,
    }
