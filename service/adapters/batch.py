"""The catalogues of one call that asks for many: each once, and all within one time."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from service.adapters.deadline import Deadline
from service.domain.catalogue import Catalogue, CatalogueSource
from service.domain.reference import Repository
from service.errors import RegistryError, RepositoryNotFoundError, ServiceError

_Found = Catalogue | ServiceError


class BatchCatalogueSource:
    """A catalogue source that asks another once for each repository.

    All that is known, or soon is, is taken at the start. The others are listed one after another,
    as long as there is time; what then is not listed, and what failed, is not asked for again.

    Args:
        source: Gives the catalogues.
        repositories: What will be asked for, as far as that is known.
        deadline: When to begin no listing more.
    """

    def __init__(
        self, source: CatalogueSource, repositories: Iterable[Repository], deadline: Deadline
    ) -> None:
        self._source = source
        self._deadline = deadline
        self._found: dict[Repository, _Found] = {**source.fetch_many_soon(repositories)}
        self._found_soon: dict[Repository, _Found] = {}

    def fetch_catalogue(self, repository: Repository) -> Catalogue:
        """See CatalogueSource."""
        return self._once(self._found, repository, self._source.fetch_catalogue)

    def fetch_soon(self, repository: Repository) -> Catalogue:
        """See CatalogueSource."""
        if repository in self._found:
            return self.fetch_catalogue(repository)
        return self._once(self._found_soon, repository, self._source.fetch_soon)

    def fetch_many_soon(self, repositories: Iterable[Repository]) -> Mapping[Repository, Catalogue]:
        """See CatalogueSource."""
        found = {}
        for repository in repositories:
            with suppress(RegistryError, RepositoryNotFoundError):
                found[repository] = self.fetch_soon(repository)
        return found

    def _once(
        self,
        found: dict[Repository, _Found],
        repository: Repository,
        fetch: Callable[[Repository], Catalogue],
    ) -> Catalogue:
        """Fetch what was not fetched yet, if there is time; raise again what failed."""
        if repository not in found:
            try:
                self._deadline.left(repository.registry)
                found[repository] = fetch(repository)
            except ServiceError as error:
                found[repository] = error
        answer = found[repository]
        if isinstance(answer, ServiceError):
            # Without the frames of the time before, to which raising it adds its own.
            raise answer.with_traceback(None)
        return answer
