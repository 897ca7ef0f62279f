"""The directory in which the workers of an instance add their metrics up.

prometheus_client maps its files into memory and lets them grow as holes. On a full disk, a write
into a hole kills the process. So each worker has its files reserved as a whole before it counts
anything; one that finds no room serves all the same, and is not counted.
"""

import fcntl
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

_PREFIX = "kairos-upgrade-advisor-metrics-"

_log = structlog.get_logger()


# What was made here, by this process or by the one that it was forked of, and what locks it.
_own: dict[Path, int] = {}


def open_directory(environ: MutableMapping[str, str]) -> None:
    """Make it, and wipe what an instance before has left; before there are workers.

    Args:
        environ: Where prometheus_client looks for it; unless it is named there, one is made.
    """
    try:
        if VARIABLE not in environ:
            _remove_left()
            environ[VARIABLE] = str(_make())
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
    while _own:
        directory, lock = _own.popitem()
        shutil.rmtree(directory, ignore_errors=True)
        os.close(lock)


def _make() -> Path:
    """Make a directory that stays locked while this process, or one forked of it, lives."""
    unlocked = Path(tempfile.mkdtemp(prefix=f".{_PREFIX}"))
    lock = os.open(unlocked, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    directory = unlocked.rename(unlocked.with_name(unlocked.name[1:]))
    _own[directory] = lock
    return directory


def _remove_left() -> None:
    """Remove what those have left who were killed; nobody locks it any more."""
    for directory in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        # It may be another's, or locked, or just be removed by another.
        with suppress(OSError):
            lock = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(lock).st_uid == os.geteuid():
                    shutil.rmtree(directory)
            finally:
                os.close(lock)


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
