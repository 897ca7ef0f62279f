"""A store that a deployment shares through Redis."""

from datetime import timedelta
from typing import TYPE_CHECKING

from service.adapters.store import Store

if TYPE_CHECKING:  # The client is loaded for those who have a Redis; see ``backend``.
    from service.adapters.redis_link import RedisLink

_PREFIX = "v1:"
_MAX_VALUE_BYTES = 64 * 1024


class RedisStore:
    """Keeps small values in Redis, and in a store within the process for when Redis is gone."""

    def __init__(self, link: "RedisLink", own: Store) -> None:
        self._link = link
        self._own = own

    def get(self, key: str) -> bytes | None:
        """See Store."""
        found = self._link.call(
            lambda client: client.getrange(_PREFIX + key, 0, _MAX_VALUE_BYTES - 1)
        )
        return found if isinstance(found, bytes) and found else self._own.get(key)

    def put(self, key: str, value: bytes, life: timedelta) -> None:
        """See Store."""
        self._own.put(key, value, life)
        milliseconds = max(1, round(life.total_seconds() * 1000))
        self._link.call(lambda client: client.set(_PREFIX + key, value, px=milliseconds))
