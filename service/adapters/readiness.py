"""Readiness: from what this worker has in memory and one command to Redis, never a registry."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from service.adapters.entry import Entry
from service.domain.health import CatalogueHealth, Health, Readiness
from service.domain.reference import Repository
from service.errors import RepositoryNotFoundError


class Known(Protocol):
    """What a worker knows."""

    def recall(self, repository: Repository) -> Entry | None:
        """Give what is known of a repository; asks nobody."""

    def has_catalogue(self) -> bool:
        """Whether there is anything to answer from."""


class ReadinessProbe:
    """Tells whether answers are possible.

    The service fails only where it can answer nothing: when it has no catalogue at all, and each
    tracked repository has a source that failed. Before the first was asked for, it serves.

    Args:
        known: What this worker knows.
        tracked: The repositories that are looked at.
        clock: The current time, aware and UTC.
        check_redis: Tells what is wrong with Redis; left out where none is configured.
    """

    def __init__(
        self,
        known: Known,
        tracked: Sequence[Repository],
        *,
        clock: Callable[[], datetime],
        check_redis: Callable[[], str | None] | None,
    ) -> None:
        self._known = known
        self._tracked = tracked
        self._clock = clock
        self._check_redis = check_redis

    def __call__(self) -> Readiness:
        """Look, and tell."""
        catalogues = tuple(map(self._look, self._tracked))
        problem = self._check_redis() if self._check_redis else None
        redis = None
        if self._check_redis:
            redis = Health.WARN if problem else Health.PASS
        seen = {catalogue.health for catalogue in catalogues}
        if seen == {Health.FAIL} and not self._known.has_catalogue():
            health = Health.FAIL
        elif seen | {redis} <= {Health.PASS, None}:
            health = Health.PASS
        else:
            health = Health.WARN
        return Readiness(health, redis, problem, catalogues)

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
        age = max(now - entry.record.fetched_at, timedelta())
        return CatalogueHealth(repository, age, Health.WARN if problem else Health.PASS, problem)
