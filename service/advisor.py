"""The use cases: what callers ask, answered from the domain and one source of catalogues."""

from dataclasses import dataclass

from service.domain.catalogue import CatalogueSource
from service.domain.image import Image
from service.domain.policy import Policy
from service.domain.recommendation import LatestBranch, Question, Recommendation, recommend
from service.domain.reference import Reference, Repository
from service.domain.scope import Scope
from service.domain.tag import Arch
from service.errors import IdentityMismatchError, RegistryError, RepositoryNotFoundError


@dataclass(frozen=True, slots=True)
class UpgradeRequest:
    """What a caller says of a node.

    Attributes:
        arch: What the node says it is, if it does.
    """

    reference: Reference
    policy: Policy
    arch: Arch | None = None


class Advisor:
    """Answers the questions of the contract.

    Args:
        source: Where catalogues come from.
        scope: Which repositories may be asked for.
    """

    def __init__(self, source: CatalogueSource, scope: Scope) -> None:
        self._source = source
        self._scope = scope

    def recommend_upgrade(self, request: UpgradeRequest) -> Recommendation:
        """Recommend the upgrade target of a running image.

        Raises:
            RepositoryNotAllowedError: Outside the allowed repositories.
            UnversionedTagError: A tag that carries no Kairos version.
            NotAnOsImageError: A tag or repository that no node runs.
            IdentityMismatchError: ``arch`` contradicts the tag.
            StreamNotFoundError: The repository has no image of the stream.
            KubernetesVersionUnknownError: No safe Kubernetes step can be computed.
            RepositoryNotFoundError: The registry knows no such repository.
            RegistryError: The registry failed, and nothing is cached.
        """
        self._scope.check(request.reference.repository)
        running = Image.identify(request.reference)
        _check_arch(running, request.arch)
        question = Question(running, request.policy, self._scope.is_official(running.repository))
        catalogue = self._source.fetch_catalogue(running.repository)
        return recommend(question, catalogue, self._find_latest_branch(running.repository))

    def _find_latest_branch(self, repository: Repository) -> LatestBranch:
        """Read the latest release branch; its failure costs the support verdict alone."""
        reference = self._scope.reference_of(repository)
        if reference is None:
            return LatestBranch(None, expected=False)
        try:
            branch = self._source.fetch_catalogue(reference).latest_branch
        except (RegistryError, RepositoryNotFoundError):
            branch = None
        return LatestBranch(branch, expected=True)


def _check_arch(running: Image, arch: Arch | None) -> None:
    if arch is not None and arch is not running.tag.arch:
        raise IdentityMismatchError(
            f"the node says that it is {arch}, its image {running.tag} is {running.tag.arch}",
        )
