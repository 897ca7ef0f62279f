"""Keeps what is broken out of everyone's way until it is mended."""

from collections.abc import Callable
from threading import Event, Lock, Thread
from weakref import ref

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
        arguments = ref(self), self._interval_seconds
        Thread(target=_heal, args=arguments, name="breaker", daemon=True).start()
        return True

    def heal(self) -> bool:
        """Probe once, and close where that succeeds; tells whether it did."""
        healed = self._probe()
        if healed:
            self._closed.set()
        return healed


def _heal(broken: "ref[Breaker]", interval_seconds: float) -> None:
    """Probe until that succeeds, or nobody is left who would know."""
    # Nobody sets this: it is a clock that a test may set to nothing.
    pause = Event()
    while not pause.wait(interval_seconds):
        breaker = broken()
        if breaker is None or breaker.heal():
            return
        # Held only while it probes, so that it can end with whom it serves.
        del breaker
