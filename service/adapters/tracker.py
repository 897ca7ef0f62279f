"""Keeps the tracked repositories listed, so that nobody waits for them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread
from typing import Protocol

import structlog

from service.adapters.entry import Entry
from service.adapters.sharing import Sharing
from service.domain.reference import Repository

_log = structlog.get_logger()

_ROUND_SECONDS = 5.0

# No repository has such a name.
_NAME = "tracker"


class Tracked(Protocol):
    """What is tracked: the cache, as far as the tracker needs it."""

    def is_due(self, repository: Repository) -> bool:
        """Whether the source should be asked for a repository; waits for no registry."""

    def refresh(self, repository: Repository) -> Entry | None:
        """Ask the source for a repository if that is due."""


class Tracker:
    """Looks after repositories, in a thread of its own.

    Each worker takes over what is shared; one of the whole deployment at a time lists what is due,
    one repository after the other.
    """

    def __init__(
        self,
        cache: Tracked,
        repositories: Sequence[Repository],
        sharing: Sharing,
        *,
        interval_seconds: float = _ROUND_SECONDS,
    ) -> None:
        self._cache = cache
        self._repositories = repositories
        self._sharing = sharing
        self._interval_seconds = interval_seconds

    def start(self) -> None:
        """Start; after a worker was forked, for no thread survives that."""
        if self._repositories:
            Thread(target=self._run, name="tracker", daemon=True).start()

    def go_round(self) -> None:
        """Look after each repository once."""
        due = []
        for repository in self._repositories:
            with _surviving(repository=str(repository)):
                if self._cache.is_due(repository):
                    due.append(repository)
        hold = self._sharing.try_hold(_NAME) if due else None
        if hold is None:
            return
        with hold:
            for repository in due:
                with _surviving(repository=str(repository)):
                    self._cache.refresh(repository)

    def _run(self) -> None:
        pause = Event()
        while True:
            with _surviving():
                self.go_round()
            pause.wait(self._interval_seconds)


@contextmanager
def _surviving(**concerned: str) -> Iterator[None]:
    """Log what should not happen; a bug with one repository must not end the care for all."""
    try:
        yield
    except Exception:  # noqa: BLE001 - whatever a bug may raise belongs into the log
        _log.exception("unexpected error in the tracker", **concerned)
