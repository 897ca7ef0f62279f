"""One way to a source for many callers, and a limit on how many may wait for it."""

from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import timedelta
from threading import Lock, Semaphore, Thread
from time import monotonic
from typing import Generic, TypeVar

from service.errors import RegistryUnavailableError
from service.metrics import COLD_REFUSALS, FLIGHT_WAITS

_RETRY_AFTER_SECONDS = 1

# Work that nobody may be waiting for any more.
_MAX_DETACHED = 4

Key = TypeVar("Key", bound=Hashable)
Result = TypeVar("Result")


class Seats:
    """How many threads of a worker may wait for registries; the others stay free for the rest."""

    def __init__(self, count: int) -> None:
        self._free = Semaphore(count)

    @contextmanager
    def take(self) -> Iterator[None]:
        """Wait for a registry within this.

        Raises:
            RegistryUnavailableError: At once, where all seats are taken.
        """
        if not self._free.acquire(blocking=False):
            COLD_REFUSALS.inc()
            raise RegistryUnavailableError(
                "too many callers wait for registries",
                retry_after_seconds=_RETRY_AFTER_SECONDS,
            )
        try:
            yield
        finally:
            self._free.release()


class Flights(Generic[Key, Result]):
    """Work that is done once for all who ask for it at the same time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._flights: dict[Key, Future[Result]] = {}
        self._detached: dict[Key, float] = {}

    def join(
        self, key: Key, work: Callable[[], Result], patience: timedelta | None = None
    ) -> Result:
        """Give the result of the work, done by whoever came first; its error is raised for all.

        Args:
            key: Names the work.
            work: What is done once.
            patience: How long to wait for another who does the work; None for as long as it takes.

        Raises:
            TimeoutError: It took longer.
        """
        with self._lock:
            flight = self._flights.get(key)
            leads = flight is None
            if flight is None:
                flight = self._flights[key] = Future()
        if leads:
            self._lead(flight, key, work)
        else:
            FLIGHT_WAITS.inc()
        return flight.result(patience.total_seconds() if patience is not None else None)

    def join_shortly(self, key: Key, work: Callable[[], Result], seconds: float) -> Result:
        """Give the result of the work if it is there within some seconds of its beginning.

        The work itself goes on, for later callers; it may have been begun by ``join``.

        Raises:
            TimeoutError: It is not there yet.
            RegistryUnavailableError: Too much of such work goes on.
        """
        with self._lock:
            flight = self._flights.get(key)
            leads = flight is None
            if flight is None:
                if len(self._detached) >= _MAX_DETACHED:
                    raise RegistryUnavailableError("too many registries keep callers waiting")
                flight = self._flights[key] = Future()
                self._detached[key] = monotonic() + seconds
            until = self._detached.get(key, monotonic() + seconds)
        if leads:
            # A daemon, so that a worker that stops does not wait for a registry.
            Thread(
                target=self._lead, args=(flight, key, work), name=f"flight {key}", daemon=True
            ).start()
        else:
            FLIGHT_WAITS.inc()
        return flight.result(max(until - monotonic(), 0))

    def _lead(self, flight: Future[Result], key: Key, work: Callable[[], Result]) -> None:
        """Work for all who wait; whatever happens, they must not wait for ever."""
        try:
            flight.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again by all who wait, here included
            flight.set_exception(error)
        finally:
            with self._lock:
                del self._flights[key]
                self._detached.pop(key, None)
