"""Prints each figure beside its target; exits with 1 where one is missed."""

import sys
import tempfile
from pathlib import Path

from bench.sharing import SHARING_ROWS


def main() -> None:
    """Measure all rows, one after the other."""
    missed = 0
    for measure in SHARING_ROWS:
        with tempfile.TemporaryDirectory() as directory:
            for row in measure(Path(directory)):
                missed += not row.met
                print(row, flush=True)
    sys.exit(missed > 0)


if __name__ == "__main__":
    main()
