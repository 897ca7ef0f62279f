"""What operators should hear of and callers never feel: a line in the log, and a count."""

from collections import Counter
from threading import Lock

import structlog
from cachetools import TTLCache

from service.metrics import EVENTS

# A trouble that comes with every request is told now and then, and counted each time.
_REPEAT_SECONDS = 10
_MAX_REMEMBERED = 1_000


class EventLog:
    """Notes events by a fixed name; safe to use from every thread."""

    def __init__(self) -> None:
        self._log = structlog.get_logger()
        self._lock = Lock()
        self._counts: Counter[str] = Counter()
        self._told: TTLCache[tuple[object, ...], bool] = TTLCache(_MAX_REMEMBERED, _REPEAT_SECONDS)

    def note(self, event: str, **details: object) -> None:
        """Count an event, and log it unless that was just done; details hold no secrets."""
        key = (event, *map(str, details.values()))
        with self._lock:
            self._counts[event] += 1
            EVENTS[event,].inc()
            is_told = self._told.setdefault(key, False)
            if not is_told:
                self._told[key] = True
        if not is_told:
            self._log.warning(event, **details)

    def count(self, event: str) -> int:
        """Tell how often an event was noted in this process."""
        return self._counts[event]
