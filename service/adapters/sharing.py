"""What the workers and replicas of a deployment share of their repositories."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from math import inf
from threading import Lock
from typing import Protocol

from service.adapters.listing_record import Record
from service.domain.reference import Repository


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a glance at a shared record tells.

    Attributes:
        generation: Of the record; None where there is none.
    """

    generation: str | None


class Hold(Protocol):
    """The right to ask the source of a repository, which one part of a deployment has at a time."""

    def wait_for_readers(self) -> None:
        """Wait until all who trusted the old record know that a new one may come."""


class Sharing(Protocol):
    """Records that a deployment shares; whatever breaks, it is as if nothing were shared."""

    def peek(self, repository: Repository, /) -> Sighting | None:
        """Glance at a record, cheaply; None where nothing is shared, and memory is all there is."""

    def trusts_until(self, repository: Repository, /) -> float:
        """Tell until when a glance costs nothing and shows the same; monotonic seconds."""

    def read(self, repository: Repository, /) -> Record | None:
        """Give a record; None where there is none that can be read."""

    def write(self, record: Record) -> None:
        """Share a record until its end."""

    def try_hold(self, name: str) -> AbstractContextManager[Hold] | None:
        """Take what one at a time may have; None while another has it."""


class _LocalHold:
    def wait_for_readers(self) -> None:
        """See Hold; within a process, an entry is replaced for all at once."""


class NothingShared:
    """Sharing for a worker by itself: only its own threads exclude each other."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._held: set[str] = set()

    def peek(self, _: Repository) -> Sighting | None:
        """See Sharing."""
        return None

    def trusts_until(self, _: Repository) -> float:
        """See Sharing."""
        return inf

    def read(self, _: Repository) -> Record | None:
        """See Sharing."""
        return None

    def write(self, record: Record) -> None:
        """See Sharing."""

    def try_hold(self, name: str) -> AbstractContextManager[Hold] | None:
        """See Sharing."""
        with self._lock:
            if name in self._held:
                return None
            self._held.add(name)
        return self._release_at_end(name)

    @contextmanager
    def _release_at_end(self, name: str) -> Iterator[Hold]:
        try:
            yield _LocalHold()
        finally:
            with self._lock:
                self._held.remove(name)
