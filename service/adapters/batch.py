"""The catalogues of one call that asks for many: each once, and all within one time."""

from collections.abc import Callable

from service.adapters.deadline import Deadline
from service.domain.catalogue import Catalogue, CatalogueSource
from service.domain.reference import Repository
from service.errors import RegistryUnavailableError, ServiceError

_Found = Catalogue | ServiceError


class BatchCatalogueSource:
    """A catalogue source that asks another once for each repository, one after another.

    What failed is not asked for again. Once the time is over, what is known elsewhere is still
    given at once, and nothing new waited for longer than an answer can do without it.

    Args:
        source: Gives the catalogues.
        deadline: When to stop waiting for registries.
    """

    def __init__(self, source: CatalogueSource, deadline: Deadline) -> None:
        self._source = source
        self._deadline = deadline
        self._found: dict[Repository, _Found] = {}
        self._found_soon: dict[Repository, _Found] = {}

    def fetch_catalogue(self, repository: Repository) -> Catalogue:
        """See CatalogueSource."""
        return _once(self._found, repository, self._fetch)

    def fetch_soon(self, repository: Repository) -> Catalogue:
        """See CatalogueSource."""
        if repository in self._found:
            return self.fetch_catalogue(repository)
        return _once(self._found_soon, repository, self._source.fetch_soon)

    def _fetch(self, repository: Repository) -> Catalogue:
        try:
            self._deadline.left(repository.registry)
        except RegistryUnavailableError:
            return self._source.fetch_soon(repository)
        return self._source.fetch_catalogue(repository)


def _once(
    found: dict[Repository, _Found],
    repository: Repository,
    fetch: Callable[[Repository], Catalogue],
) -> Catalogue:
    """Fetch what was not fetched yet; raise again what failed."""
    if repository not in found:
        try:
            found[repository] = fetch(repository)
        except ServiceError as error:
            found[repository] = error
    answer = found[repository]
    if isinstance(answer, ServiceError):
        # Without the frames of the time before, to which raising it adds its own.
        raise answer.with_traceback(None)
    return answer
