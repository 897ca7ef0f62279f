"""Prints each figure beside its target; exits with 1 where one is missed."""

import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from bench.bulk import BULK_ROWS
from bench.decision import DECISION_ROWS
from bench.footprint import FOOTPRINT_ROWS
from bench.listing import LISTING_ROWS
from bench.results import RESULTS, save_rows
from bench.row import Measure, Verdict
from bench.sharing import SHARING_ROWS
from bench.warm import WARM_ROWS

_MEASURES: tuple[Measure, ...] = (
    *WARM_ROWS,
    *DECISION_ROWS,
    *LISTING_ROWS,
    *SHARING_ROWS,
    *BULK_ROWS,
    *FOOTPRINT_ROWS,
)
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(wanted: Sequence[str]) -> None:
    """Measure all rows, or those that are named, one after the other."""
    named = {_name(measure): measure for measure in _MEASURES}
    unknown = ", ".join(name for name in wanted if name not in named)
    if unknown:
        sys.exit(f"no row {unknown}; there are {', '.join(named)}")
    for each in _STOPPING:
        signal.signal(each, _stop)
    outcomes = [_run(named[name]) for name in wanted or named]
    sys.exit(not all(outcomes))


def _run(measure: Measure) -> bool:
    """Print and save the rows of a measurement; gives whether no target was missed."""
    rows = []
    with tempfile.TemporaryDirectory() as directory, closing(measure(Path(directory))) as measured:
        try:
            for row in measured:
                rows.append(row)
                print(row, flush=True)
        except Exception as error:  # noqa: BLE001 - the other rows are worth having
            print(f"{_name(measure)} was not measured: {error!r}", flush=True)
            return False
    save_rows(RESULTS, rows, datetime.now(UTC).date().isoformat())
    return all(row.verdict != Verdict.MISSED for row in rows)


def _stop(number: int, _: FrameType | None) -> None:
    """End as an error would, so that whatever was started is stopped; nothing hastens that."""
    for each in _STOPPING:
        signal.signal(each, signal.SIG_IGN)
    sys.exit(128 + number)


def _name(measure: Measure) -> str:
    """Name a measurement as ``make bench ROW=…`` does."""
    return measure.__name__.removeprefix("measure_")


if __name__ == "__main__":
    main(sys.argv[1:])
