"""Redis as the rest may use it: there, or not there, and never a reason to wait or to fail."""

from collections.abc import Callable
from threading import Lock
from typing import TypeVar

from redis.cluster import RedisCluster
from redis.exceptions import ClusterError, LockError, ResponseError

from service.adapters.breaker import Breaker
from service.adapters.event_log import EventLog
from service.adapters.redis_client import CLIENT_ERRORS, Client, build_client
from service.metrics import REDIS_BREAKER_OPEN

_PROBE_KEY = "v1:probe"
_PROBE_SECONDS = 60
_AWAY = "not reachable"

Result = TypeVar("Result")


class RedisLink:
    """Runs commands, and keeps a Redis that does not answer out of the way until it does.

    A refusal (out of memory, read-only, wrong type) comes at once and costs nobody time, so it
    ends only the command. Trouble with the connection opens the breaker.

    The client is built with the first command, so after a worker was forked, whether Redis is
    there or not. The log names kinds of errors alone: their texts may show parts of the URL.
    """

    def __init__(self, url: str, events: EventLog) -> None:
        self._url = url
        self._events = events
        self._lock = Lock()
        self._client: Client | None = None
        self._breaker = Breaker(self._probe)

    def call(self, work: Callable[[Client], Result]) -> Result | None:
        """Give what the work gives; None where Redis is not there, or refuses."""
        if self._breaker.is_open:
            return None
        try:
            client = self._connect()
            return work(client) if client else None
        except CLIENT_ERRORS as error:
            self._note(error)
            return None

    def check(self) -> str | None:
        """Tell what is wrong: the kind of an error, or None while values can be written."""
        if self._breaker.is_open:
            return _AWAY
        try:
            client = self._connect()
            if client is None:
                return _AWAY
            client.set(_PROBE_KEY, b"", ex=_PROBE_SECONDS)
        except CLIENT_ERRORS as error:
            self._note(error)
            return type(error).__name__
        return None

    def _note(self, error: Exception) -> None:
        kind = type(error).__name__
        if isinstance(error, ResponseError | LockError) and not isinstance(error, ClusterError):
            self._events.note("redis_refused", error=kind)
        elif self._breaker.trip():
            REDIS_BREAKER_OPEN.set(1)
            self._events.note("redis_unreachable", error=kind)

    def _probe(self) -> bool:
        try:
            client = self._connect(probing=True)
            if client is None:
                return False
            if isinstance(client, RedisCluster):
                client.ping(target_nodes=RedisCluster.PRIMARIES)
            else:
                client.ping()
        except Exception:  # noqa: BLE001 - whatever it is, it must not end the probing
            return False
        REDIS_BREAKER_OPEN.set(0)
        self._events.note("redis_back")
        return True

    def _connect(self, *, probing: bool = False) -> Client | None:
        """Give the client; None where it cannot be built now, which is known to all at once."""
        with self._lock:
            if self._client is None and (probing or not self._breaker.is_open):
                try:
                    self._client = build_client(self._url)
                except CLIENT_ERRORS as error:
                    # Before the lock is free: whoever waits for it must not pay for the same.
                    self._note(error)
            return self._client
