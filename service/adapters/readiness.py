"""Readiness: from memory, a file of the snapshot and one command to Redis, never a registry."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from service.adapters.entry import Entry
from service.domain.health import CatalogueHealth, Health, Readiness, SourceHealth
from service.domain.reference import Repository
from service.errors import RegistryUnavailableError, RepositoryNotFoundError

# A listing that is due is asked for within some rounds of the tracker, each with some timeouts.
_OVERDUE = timedelta(minutes=10)


class Known(Protocol):
    """What a worker knows."""

    def recall(self, repository: Repository) -> Entry | None:
        """Give what is known of a repository; asks nobody."""

    def has_catalogue(self) -> bool:
        """Whether there is anything to answer from."""

    def list_failures(self) -> Sequence[Entry]:
        """Give what is known in place of catalogues."""


class ReadinessProbe:
    """Tells whether answers are possible.

    The service fails only where it can answer nothing: when it has no catalogue at all, and each
    tracked repository has a source that failed; or nothing is tracked, and no registry that was
    asked gives an answer; or there is no snapshot to read. Before the first was asked for, it
    serves. What is not tracked is asked for by callers alone, so its failure counts no longer than
    callers are answered with it: who is sent none would never learn that it is over.

    Args:
        known: What this worker knows.
        tracked: The repositories that are looked at.
        clock: The current time, aware and UTC.
        check_redis: Tells what is wrong with Redis; left out where none is configured.
        has_source: Whether there is a source to read; left out where only asking would tell.
    """

    def __init__(
        self,
        known: Known,
        tracked: Sequence[Repository],
        *,
        clock: Callable[[], datetime],
        check_redis: Callable[[], str | None] | None,
        has_source: Callable[[], bool] | None = None,
    ) -> None:
        self._known = known
        self._tracked = tracked
        self._clock = clock
        self._check_redis = check_redis
        self._has_source = has_source

    def __call__(self) -> Readiness:
        """Look, and tell."""
        catalogues = self.look_at_catalogues()
        problem = self._check_redis() if self._check_redis else None
        redis = None
        if self._check_redis:
            redis = Health.WARN if problem else Health.PASS
        seen = {catalogue.health for catalogue in catalogues} or {self._judge_asked()}
        lost = self._has_source is not None and not self._has_source()
        if lost:
            seen = {Health.FAIL}
        if seen == {Health.FAIL} and not self._known.has_catalogue():
            health = Health.FAIL
        elif seen | {redis} <= {Health.PASS, None}:
            health = Health.PASS
        else:
            health = Health.WARN
        return Readiness(health, redis, problem, catalogues, self._judge_sources(lost=lost))

    def look_at_catalogues(self) -> tuple[CatalogueHealth, ...]:
        """Tell of the tracked repositories alone."""
        return tuple(map(self._look, self._tracked))

    def _judge_asked(self) -> Health:
        """Judge by what callers asked for, where nothing is tracked."""
        failures = self._known.list_failures()
        if self._known.has_catalogue() or not failures:
            return Health.PASS
        # A registry that refuses one repository may still give another.
        silent = all(
            isinstance(entry.record.failure, RegistryUnavailableError) for entry in failures
        )
        now = self._clock()
        lasts = any(entry.answers(now) for entry in failures)
        return Health.FAIL if silent and lasts else Health.WARN

    def _judge_sources(self, *, lost: bool) -> tuple[SourceHealth, ...]:
        """Judge where catalogues come from, by what it answered last."""
        if self._has_source is not None:
            health, problem = (Health.FAIL, "no list can be read") if lost else (Health.PASS, None)
            return (SourceHealth("snapshot", health, problem),)
        now = self._clock()
        asked: dict[str, list[Entry | None]] = {}
        for repository in self._tracked:
            asked.setdefault(repository.registry, []).append(self._known.recall(repository))
        if not self._tracked:
            for entry in self._known.list_failures():
                if entry.answers(now):
                    asked.setdefault(entry.record.repository.registry, []).append(entry)
        return tuple(_judge_registry(name, asked[name]) for name in sorted(asked))

    def _look(self, repository: Repository) -> CatalogueHealth:
        entry, now = self._known.recall(repository), self._clock()
        if entry is None:
            return CatalogueHealth(repository, None, Health.WARN, "not listed yet")
        failure = entry.record.failure
        problem = str(failure) if failure else None
        if entry.record.fetched_at is None:
            gone = isinstance(failure, RepositoryNotFoundError)
            return CatalogueHealth(repository, None, Health.WARN if gone else Health.FAIL, problem)
        if not entry.answers(now):
            problem = "too old to be answered from"
        elif now >= entry.record.due_at + _OVERDUE:
            problem = problem or "overdue to be listed again"
        age = max(now - entry.record.fetched_at, timedelta())
        return CatalogueHealth(repository, age, Health.WARN if problem else Health.PASS, problem)


def _judge_registry(name: str, entries: Sequence[Entry | None]) -> SourceHealth:
    known = [entry.record for entry in entries if entry is not None]
    if not known:
        return SourceHealth(name, Health.WARN, "not asked yet")
    # That a repository does not exist is an answer.
    failures = [
        record.failure
        for record in known
        if record.failure and not isinstance(record.failure, RepositoryNotFoundError)
    ]
    if not failures:
        return SourceHealth(name, Health.PASS)
    health = Health.FAIL if len(failures) == len(known) else Health.WARN
    return SourceHealth(name, health, str(failures[-1]))
