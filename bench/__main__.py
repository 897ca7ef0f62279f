"""Prints each figure beside its target; exits with 1 where one is missed."""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from bench.decision import DECISION_ROWS
from bench.row import Row
from bench.sharing import SHARING_ROWS

_ROWS = (*DECISION_ROWS, *SHARING_ROWS)
_RESULTS = Path(__file__).resolve().parent / "results.json"


def main(wanted: Sequence[str]) -> None:
    """Measure all rows, or those that are named, one after the other."""
    chosen = [measure for measure in _ROWS if not wanted or _name(measure) in wanted]
    if not chosen:
        sys.exit(f"no such row; there are {', '.join(map(_name, _ROWS))}")
    rows = []
    for measure in chosen:
        with tempfile.TemporaryDirectory() as directory:
            for row in measure(Path(directory)):
                rows.append(row)
                print(row, flush=True)
    _RESULTS.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n")
    sys.exit(any(not row.met for row in rows))


def _name(measure: Callable[[Path], Iterator[Row]]) -> str:
    """Name a row as ``make bench ROW=…`` does."""
    return measure.__name__.removeprefix("measure_")


if __name__ == "__main__":
    main(sys.argv[1:])
