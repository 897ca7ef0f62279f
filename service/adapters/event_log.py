"""What operators should hear of and callers never feel: a line in the log, and a count."""

from collections import Counter
from threading import Lock

import structlog


class EventLog:
    """Notes events by a fixed name; safe to use from every thread."""

    def __init__(self) -> None:
        self._log = structlog.get_logger()
        self._lock = Lock()
        self._counts: Counter[str] = Counter()

    def note(self, event: str, **details: object) -> None:
        """Log an event as a warning, and count it; details hold no secrets."""
        with self._lock:
            self._counts[event] += 1
        self._log.warning(event, **details)

    def count(self, event: str) -> int:
        """Tell how often an event was noted in this process."""
        return self._counts[event]
