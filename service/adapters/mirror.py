"""Repositories that are listed at another place than their name says."""

from collections.abc import Mapping
from dataclasses import replace

from service.domain.catalogue import TagListing, TagSource
from service.domain.reference import Repository
from service.errors import RepositoryNotFoundError


class MirroredTagSource:
    """A source that lists mirrored repositories at their mirror, and nowhere else.

    Args:
        source: Lists the mirrors, and every repository that has none.
        mirrors: From the start of a repository, in whole path segments, to what stands in its
            place, such as ``quay.io/kairos`` to ``registry.local:5000/kairos``; the longest start
            wins.
    """

    def __init__(self, source: TagSource, mirrors: Mapping[str, str]) -> None:
        self._source = source
        self._mirrors = sorted(mirrors.items(), key=lambda item: len(item[0]), reverse=True)

    def list_tags(self, repository: Repository) -> TagListing:
        """See TagSource; the listing names the repository that was asked for."""
        mirror = self._find_mirror(repository)
        if mirror is None:
            return self._source.list_tags(repository)
        try:
            return replace(self._source.list_tags(mirror), repository=repository)
        except RepositoryNotFoundError as error:
            raise RepositoryNotFoundError(f"{repository} is not at its mirror, {mirror}") from error

    def _find_mirror(self, repository: Repository) -> Repository | None:
        name = f"{repository}/"
        for start, place in self._mirrors:
            if name.startswith(f"{start}/"):
                registry, _, path = f"{place}{name[len(start) : -1]}".partition("/")
                return Repository(registry, path)
        return None
