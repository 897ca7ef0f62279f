"""Values that the parts of a deployment share, for a while."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import Protocol

from cachetools import TLRUCache


class Store(Protocol):
    """Keeps bytes under a key until their life ends; it may forget them at any time before."""

    def get(self, key: str) -> bytes | None:
        """Give what is kept under a key; None where nothing is, or where the store fails."""

    def put(self, key: str, value: bytes, life: timedelta) -> None:
        """Keep a value for a while; a store that fails keeps nothing and says nothing."""


class MemoryStore:
    """A store within the process, for a deployment that shares nothing."""

    def __init__(self, *, clock: Callable[[], datetime], max_keys: int = 1_000) -> None:
        self._lock = Lock()
        self._kept: TLRUCache[str, tuple[bytes, datetime], datetime] = TLRUCache(
            max_keys,
            ttu=lambda _, kept, __: kept[1],
            timer=clock,
        )
        self._clock = clock

    def get(self, key: str) -> bytes | None:
        """See Store."""
        with self._lock:
            kept = self._kept.get(key)
        return kept[0] if kept else None

    def put(self, key: str, value: bytes, life: timedelta) -> None:
        """See Store."""
        with self._lock:
            self._kept[key] = (value, self._clock() + life)
