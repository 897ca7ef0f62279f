"""Whether the service can answer, and what it knows to answer from."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from service.domain.reference import Repository


class Health(StrEnum):
    """How something is, in the words of the health+json draft."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class CatalogueHealth:
    """What is known of a repository.

    Attributes:
        age: Of the listing; None where there is none.
        problem: What is wrong with it, if anything.
    """

    repository: Repository
    age: timedelta | None
    health: Health
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How the source of some catalogues answered when it was last asked.

    Attributes:
        name: The registry, or ``snapshot``.
        problem: What is wrong with it, if anything.
    """

    name: str
    health: Health
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether answers are possible.

    Attributes:
        redis: How the shared cache is; None where none is configured.
        redis_problem: What is wrong with it, if anything.
        catalogues: The tracked repositories.
        sources: Where they come from; with nothing tracked, what failed callers.
    """

    health: Health
    redis: Health | None
    redis_problem: str | None
    catalogues: tuple[CatalogueHealth, ...]
    sources: tuple[SourceHealth, ...] = ()
