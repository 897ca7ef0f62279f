"""Catalogues for everyone: listed once for a deployment, and served whatever breaks meanwhile."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic, sleep

from service.adapters.background import Start
from service.adapters.entry import Entry
from service.adapters.flight import Flights, Seats
from service.adapters.memory import Memory
from service.adapters.refresh import Refresher
from service.adapters.sharing import Sharing, Sighting
from service.domain.catalogue import Catalogue
from service.domain.lease import Lease
from service.domain.reference import Repository
from service.errors import RegistryError, RegistryUnavailableError, RepositoryNotFoundError
from service.metrics import CACHE_RESULTS

# How often who waits for another worker's listing looks for it.
_POLL_SECONDS = 0.025

# How long the first caller waits for what an answer can do without.
_SOON_SECONDS = 2.0

# Longer than any caller waits for an answer.
_PATIENCE_SECONDS = 120


class CachedCatalogueSource:
    """A catalogue source that asks a tag source once for the callers of a whole deployment.

    What is known of a repository is answered from at once. When it is due to be asked for again,
    that happens in the background, once for all workers that share. A caller waits only where
    nothing is known; all such callers wait for one listing.

    What is shared is looked at before each answer (see ``Sharing.peek`` for how cheaply), so that
    workers agree. An entry that is older than one already answered from is never taken over; the
    newer one is shared in its place.

    Args:
        refresher: Asks the source, and decides what its answer is worth.
        clock: The current time, aware and UTC.
        sharing: What is shared with other workers.
        start: Does work in the background.
        seats: How many callers may wait at the same time.
    """

    def __init__(
        self,
        refresher: Refresher,
        *,
        clock: Callable[[], datetime],
        sharing: Sharing,
        start: Start,
        seats: Seats,
    ) -> None:
        self._refresher = refresher
        self._clock = clock
        self._sharing = sharing
        self._start = start
        self._seats = seats
        self._memory = Memory()
        self._flights: Flights[Repository, Entry] = Flights()
        self._agreements: Flights[tuple[object, ...], Entry | None] = Flights()

    def fetch_catalogue(self, repository: Repository) -> Catalogue:
        """See CatalogueSource."""
        known = self.recall(repository)
        return self._answer(repository, known, self._find(repository, known))

    def _answer(
        self, repository: Repository, known: Entry | None, entry: Entry | None
    ) -> Catalogue:
        """Answer from what was found, or wait where that is nothing."""
        result = "error"
        try:
            found = "memory" if entry is known else "redis"
            if entry is None:
                found = "miss"
                with self._seats.take():
                    entry = self._flights.join(repository, lambda: self._wait_for(repository))
            elif entry.is_due(self._clock()):
                self._start(repository, lambda: self.refresh(repository))
            catalogue = entry.give()
            result = "stale" if catalogue.stale else found
            return catalogue
        finally:
            CACHE_RESULTS[result,].inc()

    def fetch_soon(self, repository: Repository) -> Catalogue:
        """See CatalogueSource; nobody waits again for a source that failed before."""
        return self._fetch_within(repository, _SOON_SECONDS)

    def fetch_many_soon(self, repositories: Iterable[Repository]) -> Mapping[Repository, Catalogue]:
        """See CatalogueSource."""
        until = monotonic() + _SOON_SECONDS
        found = {}
        for repository in repositories:
            with suppress(RegistryError, RepositoryNotFoundError):
                found[repository] = self._fetch_within(repository, max(until - monotonic(), 0))
        return found

    def _fetch_within(self, repository: Repository, seconds: float) -> Catalogue:
        known = self.recall(repository)
        entry = self._find(repository, known)
        if entry is not None:
            return self._answer(repository, known, entry)
        known = self.recall(repository)
        failed = known is not None and known.record.failure is not None
        try:
            with self._seats.take():
                entry = self._flights.join_shortly(
                    repository, lambda: self._wait_for(repository), 0 if failed else seconds
                )
        except TimeoutError as error:
            raise RegistryUnavailableError(f"{repository} is not listed yet") from error
        return entry.give()

    def lease(self, repository: Repository) -> Lease:
        """See LeasingSource."""
        lease = Lease.take(self._memory.changes)
        known = self.recall(repository)
        left = known.record.due_at - self._clock() if known else timedelta()
        until = min(self._sharing.trusts_until(repository), monotonic() + left.total_seconds())
        return replace(lease, until=until)

    def find(self, repository: Repository) -> Entry | None:
        """Give what is known of a repository and may be answered from; waits for no registry."""
        return self._find(repository, self.recall(repository))

    def _find(self, repository: Repository, known: Entry | None) -> Entry | None:
        entry = self._look(repository, known)
        return entry if entry is not None and entry.answers(self._clock()) else None

    def is_due(self, repository: Repository) -> bool:
        """Whether the source should be asked for a repository; waits for no registry."""
        entry = self.find(repository)
        return entry is None or entry.is_due(self._clock())

    def recall(self, repository: Repository) -> Entry | None:
        """Give what this worker knows of a repository; asks nobody."""
        return self._memory.get(repository)

    def has_catalogue(self) -> bool:
        """Whether this worker knows anything to answer from."""
        return self._memory.has_catalogue()

    def list_failures(self) -> Sequence[Entry]:
        """Give what this worker knows in place of catalogues."""
        return self._memory.list_failures()

    def refresh(self, repository: Repository) -> Entry | None:
        """Ask the source for a repository if that is due.

        Returns:
            What is known then; None while another is asking.
        """
        hold = self._sharing.try_hold(str(repository))
        if hold is None:
            return None
        with hold as held:
            # Another may have finished just before.
            before = self.find(repository)
            if before is not None and not before.is_due(self._clock()):
                return before
            known = self.recall(repository)
            entry = self._refresher.refresh(repository, known)
            if before is not None:
                held.wait_for_readers()
            # Or meanwhile, if this worker was stopped for so long that its hold has ended.
            after = self.find(repository)
            if after is not None and after is not before:
                return after
            self._sharing.write(entry.record)
            return self._memory.replace(known, entry)

    def _wait_for(self, repository: Repository) -> Entry:
        """Ask the source, or wait for who is asking it; should they die, ask in their place."""
        deadline = monotonic() + _PATIENCE_SECONDS
        while monotonic() < deadline:
            entry = self.refresh(repository) or self.find(repository)
            if entry is not None:
                return entry
            sleep(_POLL_SECONDS)
        raise RegistryUnavailableError(f"nobody could list {repository} in time")

    def _look(self, repository: Repository, known: Entry | None) -> Entry | None:
        sighting = self._sharing.peek(repository)
        if sighting is None or (known and known.record.generation == sighting.generation):
            return known
        # Once for all who saw the same and know the same: a new listing takes 30 ms to be read, in
        # which the other threads wait anyway.
        key = repository, sighting.generation, known and known.record.generation
        return self._agreements.join(key, lambda: self._agree(repository, known, sighting))

    def _agree(
        self, repository: Repository, known: Entry | None, sighting: Sighting
    ) -> Entry | None:
        """Take over what is shared, or share what is known where that is newer."""
        record = self._sharing.read(repository) if sighting.generation else None
        if record and known and record.generation == known.record.generation:
            # What was seen was trusted, and is no longer what is there.
            return known
        found = self._refresher.take_over(record, known) if record else None
        now = self._clock()
        if found and (known is None or not known.answers(now) or found.supersedes(known)):
            return self._memory.replace(known, found)
        if known is not None and known.catalogue is not None and known.answers(now):
            self._sharing.write(known.record)
        return known
