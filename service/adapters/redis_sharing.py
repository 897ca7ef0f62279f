"""Records in Redis, one key a repository: ``v1:tags:<registry>/<name>``.

With a mirror or credentials it is in braces, and what tells them apart follows after a ``#``.

How workers agree. Who has seen the record of a repository may trust that for a second. Who is
about to replace it takes a lock first, and replaces it more than a second later; meanwhile whoever
looks sees the lock, and looks again for each answer. So all change to the new record at once,
with one glance a second and without equal clocks.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from math import inf
from threading import Event, Lock, Thread
from time import monotonic, sleep
from typing import TYPE_CHECKING

from cachetools import LRUCache

from service.adapters.event_log import EventLog
from service.adapters.listing_record import (
    HEAD_BYTES,
    MAX_RECORD_BYTES,
    Record,
    parse_generation,
)
from service.adapters.sharing import Hold, NothingShared, Sighting
from service.domain.reference import Repository

if TYPE_CHECKING:  # The client is loaded for those who have a Redis; see ``backend``.
    from redis.lock import Lock as RedisLock

    from service.adapters.redis_client import Client
    from service.adapters.redis_link import RedisLink

_PREFIX = "v1:tags:"

_TRUST_SECONDS = 1.0
# Longer than that by what a glance may take.
_NOTICE_SECONDS = 1.5

# A holder renews its lock; when it dies, the others go on after this.
_LOCK_SECONDS = 3.0
_RENEW_SECONDS = 1.0

_MAX_LIFE = timedelta(days=3650)


class RedisSharing:
    """Sharing through Redis; while that is gone, its worker is by itself."""

    def __init__(
        self,
        link: "RedisLink",
        *,
        clock: Callable[[], datetime],
        events: EventLog,
        origin: Callable[[Repository], str] = lambda _: "",
    ) -> None:
        self._link = link
        self._origin = origin
        self._clock = clock
        self._events = events
        self._alone = NothingShared()
        self._lock = Lock()
        self._trusted: LRUCache[Repository, tuple[Sighting, float]] = LRUCache(1_000)

    def _key(self, repository: Repository) -> str:
        """Name the record; what is listed elsewhere, or with other credentials, may differ."""
        origin = self._origin(repository)
        # In braces, so that a cluster keeps it in the slot of the lock.
        return f"{{{_PREFIX}{repository}}}#{origin}" if origin else f"{_PREFIX}{repository}"

    def peek(self, repository: Repository) -> Sighting | None:
        """See Sharing."""
        begun = monotonic()
        with self._lock:
            sighting, until = self._trusted.get(repository, (Sighting(None), begun))
        if begun < until:
            return sighting
        seen = self._link.call(
            lambda client: _glance(client, self._key(repository), str(repository))
        )
        if seen is None:
            return None
        locked, head = seen
        sighting = Sighting(parse_generation(head))
        if sighting.generation is None and head:
            self._events.note("record_refused", key=str(repository), error="is no record")
        if not locked and sighting.generation is not None:
            with self._lock:
                self._trusted[repository] = (sighting, begun + _TRUST_SECONDS)
        return sighting

    def trusts_until(self, repository: Repository) -> float:
        """See Sharing."""
        with self._lock:
            _, until = self._trusted.get(repository, (None, -inf))
        return until

    def read(self, repository: Repository) -> Record | None:
        """See Sharing."""
        key = self._key(repository)
        raw = self._link.call(lambda client: client.getrange(key, 0, MAX_RECORD_BYTES))
        if not isinstance(raw, bytes) or not raw:
            return None
        try:
            return Record.parse(raw, repository)
        except (ValueError, RecursionError) as error:
            self._events.note("record_refused", key=str(repository), error=str(error))
            return None

    def write(self, record: Record) -> None:
        """See Sharing."""
        left = min(max(record.until, record.due_at) - self._clock(), _MAX_LIFE)
        milliseconds = round(left.total_seconds() * 1000)
        if milliseconds > 0:
            key, raw = self._key(record.repository), record.dump()
            self._link.call(lambda client: _replace(client, key, raw, milliseconds))

    def try_hold(self, name: str) -> AbstractContextManager[Hold] | None:
        """See Sharing."""
        own = self._alone.try_hold(name)
        if own is None:
            return None
        lock = self._link.call(lambda client: _build_lock(client, name))
        taken = self._link.call(lambda client: _take(client, lock)) if lock else None
        if lock is None or taken is None:
            return own
        if not taken:
            with own:
                return None
        return self._hold(own, lock)

    @contextmanager
    def _hold(self, own: AbstractContextManager[Hold], lock: "RedisLock") -> Iterator[Hold]:
        hold = _RedisHold()
        Thread(target=self._renew, args=(lock, hold.ended), name="lock", daemon=True).start()
        with own:
            try:
                yield hold
            finally:
                hold.ended.set()
                self._link.call(lambda _: lock.release())

    def _renew(self, lock: "RedisLock", ended: Event) -> None:
        while not ended.wait(_RENEW_SECONDS):
            self._link.call(lambda _: lock.reacquire())


class _RedisHold:
    def __init__(self) -> None:
        self.ended = Event()
        self._noticed_at = monotonic() + _NOTICE_SECONDS

    def wait_for_readers(self) -> None:
        """See Hold."""
        sleep(max(0.0, self._noticed_at - monotonic()))


def _replace(client: "Client", key: str, raw: bytes, milliseconds: int) -> None:
    """Keep a record, no shorter than what was there would have been.

    A worker that finds nothing shares again what it remembers, and that may be what was replaced.
    """
    client.set(key, raw, px=max(milliseconds, client.pttl(key)))


def _build_lock(client: "Client", name: str) -> "RedisLock":
    lock: RedisLock = client.lock(
        _name_lock(name),
        timeout=_LOCK_SECONDS,
        blocking=False,
        thread_local=False,
    )
    return lock


def _take(client: "Client", lock: "RedisLock") -> bool:
    """Take a lock, unless another has it.

    What stands under its name and does not end as soon as ours is no lock of ours, and would keep
    everybody from asking; so it is made to end.
    """
    if lock.acquire():
        return True
    milliseconds = round(_LOCK_SECONDS * 1000)
    if not 0 <= client.pttl(lock.name) <= milliseconds:
        client.pexpire(lock.name, milliseconds)
    return False


def _name_lock(name: str) -> str:
    # In braces, so that a cluster keeps it in the slot of the record.
    return f"v1:lock:{{{_PREFIX}{name}}}"


def _glance(client: "Client", key: str, name: str) -> tuple[bool, bytes]:
    """Look at the lock first: who takes it after that leaves the time to trust what follows."""
    pipeline = client.pipeline(transaction=False)
    pipeline.exists(_name_lock(name))
    pipeline.getrange(key, 0, HEAD_BYTES - 1)
    locked, head = pipeline.execute(raise_on_error=False)
    if isinstance(locked, Exception):
        raise locked
    # Another type under the key is no record.
    return bool(locked), b"?" if isinstance(head, Exception) else head
