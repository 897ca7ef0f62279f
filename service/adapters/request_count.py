"""Counts of requests by client: in Redis for all workers and replicas, else in this worker."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from threading import Lock
from typing import TYPE_CHECKING

from cachetools import TLRUCache

from service.domain.rate_limit import Usage

if TYPE_CHECKING:  # The client is loaded for those who have a Redis; see ``backend``.
    from service.adapters.redis_client import Client
    from service.adapters.redis_link import RedisLink

# Each takes some 400 bytes.
_MAX_CLIENTS = 100_000

# A window that has no end yet is a new one, or one whose end was lost.
_COUNT = """
local count = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
return {count, left}
"""


@dataclass(slots=True)
class _Window:
    """Changed where it is, for it costs a cache more to replace a value than to give it."""

    ends: datetime
    count: int = 0


class MemoryCounter:
    """A RequestCounter for one worker.

    Args:
        window: Its length.
        clock: Tells the time.
        max_clients: More of them push out whoever has not asked for longest.
    """

    def __init__(
        self,
        window: timedelta,
        *,
        clock: Callable[[], datetime],
        max_clients: int = _MAX_CLIENTS,
    ) -> None:
        self._length = window
        self._clock = clock
        self._lock = Lock()
        self._windows: TLRUCache[str, _Window, datetime] = TLRUCache(
            max_clients, ttu=lambda _, window, __: window.ends, timer=clock
        )

    def __call__(self, client: str) -> Usage:
        """See RequestCounter."""
        now = self._clock()
        with self._lock:
            window = self._windows.get(client)
            if window is None:
                window = self._windows[client] = _Window(now + self._length)
            window.count += 1
            return _tell(window.count, window.ends - now)


class RedisCounter:
    """A RequestCounter for all that share a Redis; each worker counts for itself without it."""

    def __init__(self, link: "RedisLink", window: timedelta, own: MemoryCounter) -> None:
        self._link = link
        self._milliseconds = round(window.total_seconds() * 1000)
        self._prefix = f"v1:rate:{self._milliseconds}:"
        self._own = own

    def __call__(self, client: str) -> Usage:
        """See RequestCounter."""
        answer = self._link.call(lambda redis: self._count(redis, client))
        if answer is None:
            return self._own(client)
        count, left = answer
        return _tell(count, timedelta(milliseconds=left))

    def _count(self, redis: "Client", client: str) -> tuple[int, int]:
        # In one step, so that no window is left without an end.
        answer = redis.eval(_COUNT, 1, self._prefix + client, str(self._milliseconds))
        count, left = answer
        return int(count), int(left)


def _tell(count: int, left: timedelta) -> Usage:
    return Usage(count, max(1, ceil(left.total_seconds())))
