"""Keeps what is broken out of everyone's way until it is mended."""

from collections.abc import Callable
from threading import Event, Lock, Thread

_PROBE_SECONDS = 1.0


class Breaker:
    """Open from the first trouble until a probe succeeds; only a thread of its own probes.

    Args:
        probe: Whether what was broken works again; may take its time.
        interval_seconds: Between two probes.
    """

    def __init__(
        self, probe: Callable[[], bool], *, interval_seconds: float = _PROBE_SECONDS
    ) -> None:
        self._probe = probe
        self._interval_seconds = interval_seconds
        self._lock = Lock()
        self._closed = Event()
        self._closed.set()

    @property
    def is_open(self) -> bool:
        """Whether what is behind it should be left alone."""
        return not self._closed.is_set()

    def trip(self) -> bool:
        """Open it; tells whether it was closed before."""
        with self._lock:
            if self.is_open:
                return False
            self._closed.clear()
        Thread(target=self._heal, name="breaker", daemon=True).start()
        return True

    def _heal(self) -> None:
        # Nobody sets this: it is a clock that a test may set to nothing.
        pause = Event()
        while True:
            pause.wait(self._interval_seconds)
            if self._probe():
                self._closed.set()
                return
