"""Hosts that asked to be left alone, known to all parts of a deployment."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from service.adapters.entry import MAX_SKEW
from service.adapters.event_log import EventLog
from service.adapters.store import Store
from service.errors import RegistryUnavailableError

_SECONDS = re.compile(r"[0-9]{1,9}")
_PAUSING = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)

# No host can shut this service out for longer than that, by mistake or not.
_LONGEST = timedelta(hours=1)
_USUAL = timedelta(seconds=30)


class Pauses:
    """Remembers what hosts said of when to ask again; nobody waits for it, all are refused.

    Args:
        store: Where it is kept for all.
        clock: The current time, aware and UTC.
    """

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._events = EventLog()

    def check(self, host: str) -> None:
        """Let pass a host that may be asked.

        Raises:
            RegistryUnavailableError: It asked to be left alone, and the time is not over.
        """
        until = self._find(host)
        left = until - self._clock() if until else timedelta()
        if left > timedelta():
            pause = min(left, _LONGEST)
            raise _unavailable(f"{host} asked to be left alone for a while", pause)

    def heed(self, host: str, status: int, headers: Mapping[str, str]) -> None:
        """Keep what an answer says of when to ask again.

        Raises:
            RegistryUnavailableError: The answer is HTTP 429 or 5xx.
        """
        if status != HTTPStatus.TOO_MANY_REQUESTS and status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return
        stated = self._parse_retry_after(headers.get("Retry-After", ""))
        asked = stated is not None or status == HTTPStatus.TOO_MANY_REQUESTS
        pause = _USUAL if stated is None else stated
        if asked and status in _PAUSING and pause > timedelta():
            until = self._clock() + pause
            self._store.put(_key(host), until.isoformat().encode(), pause)
        raise _unavailable(f"{host} answered HTTP {status}", pause)

    def _find(self, host: str) -> datetime | None:
        kept = self._store.get(_key(host))
        try:
            return _parse_time(kept, self._clock() + _LONGEST + MAX_SKEW) if kept else None
        except ValueError:
            self._events.note("stored_record_refused", kind="pause")
            return None

    def _parse_retry_after(self, text: str) -> timedelta | None:
        """Read seconds or a date; None for anything else. Source: RFC 9110, section 10.2.3."""
        if _SECONDS.fullmatch(text):
            return min(timedelta(seconds=int(text)), _LONGEST)
        try:
            date = parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            return None
        left = date.replace(tzinfo=date.tzinfo or UTC) - self._clock()
        return min(max(left, timedelta()), _LONGEST)


def _key(host: str) -> str:
    return f"pause:{host}"


def _parse_time(kept: bytes, latest: datetime) -> datetime:
    time = datetime.fromisoformat(kept.decode())
    # A store may keep for ever what is none of ours.
    if time.tzinfo is None or time > latest:
        raise ValueError("a time without a zone, or after every pause")
    return time


def _unavailable(detail: str, pause: timedelta) -> RegistryUnavailableError:
    seconds = max(1, round(pause.total_seconds()))
    return RegistryUnavailableError(detail, retry_after_seconds=seconds)
