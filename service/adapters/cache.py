"""Catalogues kept in memory: made once for everyone, and served while their registry fails."""

from collections.abc import Callable
from concurrent.futures import Future
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from cachetools import LRUCache, TLRUCache

from service.domain.catalogue import Catalogue, TagSource
from service.domain.reference import Repository
from service.errors import RegistryError, RepositoryNotFoundError, ServiceError

# How long a source is left alone after it failed, so that not every caller waits for a timeout.
_FAILURE_LIFE = timedelta(seconds=10)

# How long a repository is known to be missing; short, for it may just be about to be pushed.
_MISSING_LIFE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class _Kept:
    catalogue: Catalogue
    until: datetime


class CachedCatalogueSource:
    """A catalogue source that asks a tag source once for many callers.

    Within ``fresh`` a catalogue is served as it is. Then it is fetched again, once for all who ask
    meanwhile. When that fails, the old one is served, marked stale; without an old one the failure
    is raised. Both are remembered for some seconds.

    That a repository does not exist is no failure but an answer: its old catalogue is dropped, for
    nothing in it can be pulled any more.

    Args:
        source: Where listings come from.
        clock: The current time, aware and UTC.
        fresh: How long a catalogue is served without asking. A snapshot never expires; for it this
            is how soon a changed file is seen.
        stale: How old a listing may be to be served when its source fails.
        max_repositories: How many catalogues are kept; the one unused for longest goes first.
    """

    def __init__(
        self,
        source: TagSource,
        *,
        clock: Callable[[], datetime],
        fresh: timedelta,
        stale: timedelta,
        max_repositories: int = 1_000,
    ) -> None:
        self._source = source
        self._clock = clock
        self._fresh = fresh
        self._stale = stale
        self._lock = Lock()
        self._flights: dict[Repository, Future[Catalogue]] = {}
        self._kept: LRUCache[Repository, _Kept] = LRUCache(max_repositories)
        # Apart, so that questions for what does not exist push no catalogue out.
        self._failures: TLRUCache[Repository, ServiceError, datetime] = TLRUCache(
            max_repositories,
            ttu=lambda _, error, now: now + _get_life(error),
            timer=clock,
        )

    def fetch_catalogue(self, repository: Repository) -> Catalogue:
        """See CatalogueSource."""
        with self._lock:
            kept = self._kept.get(repository)
            if kept is not None and self._clock() < kept.until:
                return kept.catalogue
            failure = self._failures.get(repository)
            if failure is not None:
                # A copy, because each raise adds to the traceback of what it raises.
                raise copy(failure)
            flight = self._flights.get(repository)
            leads = flight is None
            if flight is None:
                flight = self._flights[repository] = Future()
        if leads:
            self._lead(flight, repository)
        return flight.result()

    def _lead(self, flight: Future[Catalogue], repository: Repository) -> None:
        """Fetch for all who wait; whatever happens, they must not wait for ever."""
        try:
            flight.set_result(self._refresh(repository))
        except BaseException as error:  # noqa: BLE001 - raised again by all who wait, here included
            flight.set_exception(error)
        finally:
            with self._lock:
                del self._flights[repository]

    def _refresh(self, repository: Repository) -> Catalogue:
        try:
            catalogue = Catalogue.from_listing(self._source.list_tags(repository))
        except RepositoryNotFoundError as error:
            self._remember_failure(repository, error)
            raise
        except RegistryError as error:
            old = self._find_old(repository)
            if old is None:
                self._remember_failure(repository, error)
                raise
            return self._keep(old.as_stale(), _FAILURE_LIFE)
        return self._keep(catalogue, self._fresh)

    def _find_old(self, repository: Repository) -> Catalogue | None:
        with self._lock:
            kept = self._kept.get(repository)
        if kept is None or self._clock() - kept.catalogue.fetched_at > self._stale:
            return None
        return kept.catalogue

    def _keep(self, catalogue: Catalogue, life: timedelta) -> Catalogue:
        with self._lock:
            self._kept[catalogue.repository] = _Kept(catalogue, self._clock() + life)
        return catalogue

    def _remember_failure(self, repository: Repository, error: ServiceError) -> None:
        with self._lock:
            self._kept.pop(repository, None)
            # A copy, because the original holds the frames of the whole exchange.
            self._failures[repository] = copy(error)


def _get_life(error: ServiceError) -> timedelta:
    return _MISSING_LIFE if isinstance(error, RepositoryNotFoundError) else _FAILURE_LIFE
