"""Breaks one thing after the other, and prints what callers noticed; exits with 1 if too much."""

import signal
import sys
import tempfile
from pathlib import Path

from chaos.caller_faults import send_malformed, send_slowly
from chaos.outcome import HEADER
from chaos.process_faults import do_nothing, kill_workers, reload, terminate
from chaos.surrounding_faults import (
    fill_metrics_directory,
    jump_clock,
    kill_redis,
    kill_registry,
    restart_redis,
    stall_redis,
    storm_429,
)

_FAULTS = (
    do_nothing,
    kill_workers,
    reload,
    terminate,
    kill_redis,
    stall_redis,
    restart_redis,
    kill_registry,
    storm_429,
    fill_metrics_directory,
    jump_clock,
    send_malformed,
    send_slowly,
)


def main(names: list[str]) -> None:
    """Run the faults of these names, or all."""
    # Whoever ends it ends what it has started, and the disk that it has made.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    good = True
    print(HEADER, flush=True)
    for fault in _FAULTS:
        if names and fault.__name__ not in names:
            continue
        with tempfile.TemporaryDirectory() as directory:
            for outcome in fault(Path(directory)):
                good = good and outcome.is_good
                print(outcome, flush=True)
    sys.exit(not good)


if __name__ == "__main__":
    main(sys.argv[1:])
