"""Keeps the tracked repositories listed, so that nobody waits for them."""

from collections.abc import Callable, Sequence
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

    def find(self, repository: Repository) -> Entry | None:
        """Give what is known of a repository; waits for no registry."""

    def refresh(self, repository: Repository) -> Entry | None:
        """Ask the source for a repository if that is due."""


class Tracker:
    """Looks after repositories, in a thread of its own.

    Each worker takes over what is shared; one of the whole deployment at a time lists what is due,
    one repository after the other.
    """

    def __init__(
        self, cache: Tracked, repositories: Sequence[Repository], sharing: Sharing
    ) -> None:
        self._cache = cache
        self._repositories = repositories
        self._sharing = sharing

    def start(self) -> None:
        """Start; after a worker was forked, for no thread survives that."""
        if self._repositories:
            Thread(target=self._run, name="tracker", daemon=True).start()

    def go_round(self) -> None:
        """Look after each repository once."""
        hold = self._sharing.try_hold(_NAME)
        if hold is None:
            self._visit(self._cache.find)
            return
        with hold:
            self._visit(self._cache.refresh)

    def _visit(self, look: Callable[[Repository], object]) -> None:
        for repository in self._repositories:
            try:
                look(repository)
            except Exception:  # noqa: BLE001 - a bug with one must not end the care for the others
                _log.exception("unexpected error in the tracker", repository=str(repository))

    def _run(self) -> None:
        pause = Event()
        while True:
            self.go_round()
            pause.wait(_ROUND_SECONDS)
