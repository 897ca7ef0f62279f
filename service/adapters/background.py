"""Work that no caller waits for."""

from collections.abc import Callable, Hashable
from threading import Lock, Thread

import structlog

Start = Callable[[Hashable, Callable[[], object]], None]

_log = structlog.get_logger()

# Each waits for one registry; what finds no place is asked for again by the next caller.
_MAX_THREADS = 4


class Background:
    """A few threads, made when there is work: none exists before a worker is forked."""

    def __init__(self, max_threads: int = _MAX_THREADS) -> None:
        self._max_threads = max_threads
        self._lock = Lock()
        self._running: set[Hashable] = set()

    def start(self, key: Hashable, work: Callable[[], object]) -> None:
        """Do some work soon, unless the same is being done, or too much of other."""
        with self._lock:
            if key in self._running or len(self._running) >= self._max_threads:
                return
            self._running.add(key)
        # A daemon, so that a worker that stops does not wait for a registry.
        Thread(target=self._run, args=(key, work), name=f"background {key}", daemon=True).start()

    def _run(self, key: Hashable, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception:  # noqa: BLE001 - whatever a bug may raise belongs into the log
            _log.exception("unexpected error in the background", work=str(key))
        finally:
            with self._lock:
                self._running.remove(key)
