"""Which repositories may be asked for, which are Kairos' own, and where their branch is read."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from service.domain.mirror import Mirrors
from service.domain.reference import Repository, quote
from service.errors import InvalidReferenceError, RepositoryNotAllowedError

# Kairos' own flavor: the one that every release branch is published for.
_OFFICIAL_REFERENCE = "hadron"


@dataclass(frozen=True, slots=True)
class RepositoryPattern:
    """Repositories by name, with ``*`` for any text within one path segment."""

    text: str
    expression: re.Pattern[str] = field(compare=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a pattern such as ``quay.io/kairos/*``.

        Raises:
            InvalidReferenceError: Not a repository once each ``*`` stands for a name.
        """
        repository = Repository.parse(text.replace("*", "x"))
        if text.partition("/")[0].lower() != repository.registry:
            raise InvalidReferenceError(f"{quote(text)} does not begin with the name of a registry")
        parts = (re.escape(part) for part in text.split("*"))
        return cls(text, re.compile("[^/]*".join(parts), re.IGNORECASE))

    def matches(self, repository: Repository) -> bool:
        """Whether a repository is one of these."""
        return self.expression.fullmatch(str(repository)) is not None


@dataclass(frozen=True, slots=True)
class Scope:
    """The repositories that the service knows.

    Attributes:
        allowed: What callers may ask for.
        official: Whose versions are Kairos releases.
        references: The reference repository of an organisation such as ``quay.io/kairos``.
        answered: The places that answers name instead of those that were asked for.
        list_tracked: Gives the repositories that the support matrix shows, as they are now.
    """

    allowed: tuple[RepositoryPattern, ...]
    official: tuple[RepositoryPattern, ...]
    references: Mapping[str, Repository]
    answered: Mirrors = field(default_factory=Mirrors)
    list_tracked: Callable[[], Sequence[Repository]] = tuple

    def check(self, repository: Repository) -> None:
        """Let pass what may be asked for; decided on the name alone, before any connection.

        Raises:
            RepositoryNotAllowedError: Neither allowed nor a reference repository.
        """
        if self.allows(repository):
            return
        allowed = ", ".join(pattern.text for pattern in self.allowed)
        raise RepositoryNotAllowedError(
            f"{quote(str(repository))} is outside the repositories that this service answers for:"
            f" {allowed}",
        )

    def allows(self, repository: Repository) -> bool:
        """Whether a repository may be asked for."""
        return _any_matches(self.allowed, repository) or self._is_reference(repository)

    def is_official(self, repository: Repository) -> bool:
        """Whether a repository's versions are Kairos releases."""
        return _any_matches(self.official, repository)

    def reference_of(self, repository: Repository) -> Repository | None:
        """Give the repository that defines the latest release branch; None where none does."""
        if configured := self.references.get(repository.organisation):
            return configured
        if not self.is_official(repository):
            return None
        path, slash, _ = repository.name.rpartition("/")
        return Repository(repository.registry, f"{path}{slash}{_OFFICIAL_REFERENCE}")

    def _is_reference(self, repository: Repository) -> bool:
        """Whether some repository has its latest release branch read here."""
        organisations = (pattern.text.rpartition("/")[0] for pattern in self.official)
        defaults = (f"{organisation}/{_OFFICIAL_REFERENCE}" for organisation in organisations)
        patterns = tuple(map(RepositoryPattern.parse, defaults))
        return repository in self.references.values() or _any_matches(patterns, repository)


def _any_matches(patterns: tuple[RepositoryPattern, ...], repository: Repository) -> bool:
    return any(pattern.matches(repository) for pattern in patterns)
