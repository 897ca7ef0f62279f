"""What a worker keeps in memory of the repositories it was asked for."""

from collections.abc import Sequence
from threading import Lock

from cachetools import LRUCache

from service.adapters.entry import Entry
from service.domain.lease import Changes
from service.domain.reference import Repository


class Memory:
    """One entry a repository; the one unused for longest goes first.

    Entries without a catalogue are kept apart, so that questions for what does not exist push no
    catalogue out.

    Attributes:
        changes: Noted for all repositories together.
    """

    def __init__(self, max_repositories: int = 1_000) -> None:
        self.changes = Changes()
        self._lock = Lock()
        self._catalogues: LRUCache[Repository, Entry] = LRUCache(max_repositories)
        self._failures: LRUCache[Repository, Entry] = LRUCache(max_repositories)

    def get(self, repository: Repository) -> Entry | None:
        """Give the entry of a repository."""
        with self._lock:
            return self._catalogues.get(repository) or self._failures.get(repository)

    def has_catalogue(self) -> bool:
        """Whether there is anything to answer from."""
        return len(self._catalogues) > 0

    def list_failures(self) -> Sequence[Entry]:
        """Give what is known in place of catalogues."""
        with self._lock:
            return tuple(self._failures.values())

    def replace(self, known: Entry | None, entry: Entry) -> Entry:
        """Keep an entry in place of the one that was known when it was made.

        Returns:
            What is kept then: where another thread was faster, its entry.
        """
        repository = entry.record.repository
        with self._lock:
            present = self._catalogues.get(repository) or self._failures.get(repository)
            if present is not None and present is not known:
                return present
            self._catalogues.pop(repository, None)
            self._failures.pop(repository, None)
            kept = self._failures if entry.catalogue is None else self._catalogues
            kept[repository] = entry
            self.changes.note()
        return entry
