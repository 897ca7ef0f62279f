"""The directory in which the workers of an instance add their metrics up.

prometheus_client maps its files into memory and lets them grow as holes. On a full disk, a write
into a hole kills the process. So each worker has its files reserved as a whole before it counts
anything; one that finds no room serves all the same, and is not counted.
"""

import os
import shutil
import struct
import tempfile
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from pathlib import Path

import structlog
from prometheus_client import multiprocess, values

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

# The kinds of file that prometheus_client makes of our metrics.
KINDS = ("counter", "gauge_livemax", "histogram")

# Holds as many series of one kind as there can be; see the bounds in ``metrics.py``.
FILE_BYTES = 256 * 1024

_log = structlog.get_logger()


# What was made here, by this process or by the one that it was forked of.
_own: list[Path] = []


def open_directory(environ: MutableMapping[str, str]) -> None:
    """Make it, and wipe what an instance before has left; before there are workers.

    Args:
        environ: Where prometheus_client looks for it; unless it is named there, one is made.
    """
    try:
        if VARIABLE not in environ:
            _own.append(Path(tempfile.mkdtemp(prefix="kairos-upgrade-advisor-")))
            environ[VARIABLE] = str(_own[0])
        directory = Path(environ[VARIABLE])
        directory.mkdir(parents=True, exist_ok=True)
        for file in directory.glob("*.db"):
            file.unlink()
    except OSError as error:
        # Each worker then tells of itself alone.
        environ.pop(VARIABLE, None)
        _log.warning("metrics_not_shared", error=error.strerror)


def enter_directory(environ: Mapping[str, str], process: int) -> None:
    """Reserve the files of a worker, in the worker; before its first metric is made."""
    if VARIABLE not in environ:
        return
    directory = Path(environ[VARIABLE])
    values.ValueClass = values.MultiProcessValue()  # type: ignore[no-untyped-call]
    try:
        for kind in KINDS:
            _reserve(directory / f"{kind}_{process}.db")
    except OSError as error:
        values.ValueClass = values.MutexValue
        _log.warning("worker_not_counted", error=error.strerror)


def leave_directory(environ: Mapping[str, str], process: int) -> None:
    """Forget the gauges of a worker that has ended; its counts stay, without room for more."""
    if VARIABLE not in environ:
        return
    with suppress(OSError):
        multiprocess.mark_process_dead(process)  # type: ignore[no-untyped-call]
        for file in Path(environ[VARIABLE]).glob(f"*_{process}.db"):
            _shrink(file)


def close_directory() -> None:
    """Remove it, if it was made here."""
    for directory in _own:
        shutil.rmtree(directory, ignore_errors=True)


def _reserve(file: Path) -> None:
    """Make a file with room that nothing can take away; whoever reads sees all of it or none."""
    unfinished = file.with_suffix(".new")
    try:
        with unfinished.open("wb") as stream:
            os.posix_fallocate(stream.fileno(), 0, FILE_BYTES)
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)


def _shrink(file: Path) -> None:
    """Give back what a file that nobody writes any more has not used.

    Else each worker that is replaced would leave so much behind that a small disk is soon full.
    """
    with file.open("rb") as stream:
        # As prometheus_client has it: how many bytes are used, these and four more included.
        (used,) = struct.unpack("i", stream.read(4))
    os.truncate(file, max(used, 8))
