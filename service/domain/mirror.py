"""Where repositories are kept that are not at the place which their name says."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from service.domain.reference import Repository


@dataclass(frozen=True, slots=True)
class Mirrors:
    """The places that stand for others.

    Attributes:
        places: From the start of a repository, in whole path segments, to what stands in its
            place, such as ``quay.io/kairos`` to ``registry.local:5000/kairos``; the longest start
            wins.
    """

    places: Mapping[str, str] = field(default_factory=dict)

    def find(self, repository: Repository) -> Repository | None:
        """Give the mirror of a repository; None where it has none."""
        if not self.places:
            return None
        name = f"{repository}/"
        starts = [start for start in self.places if name.startswith(f"{start}/")]
        if not starts:
            return None
        start = max(starts, key=len)
        registry, _, path = f"{self.places[start]}{name[len(start) : -1]}".partition("/")
        return Repository(registry, path)

    def place(self, repository: Repository) -> Repository:
        """Give the mirror of a repository, or the repository itself."""
        return self.find(repository) or repository
