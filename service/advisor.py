"""The use cases: what callers ask, answered from the domain and one source of catalogues."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

from service.domain.catalogue import Catalogue, CatalogueSource
from service.domain.check import STEP_POLICY, Check, check_likeness, check_step
from service.domain.delivery import TargetVerifier
from service.domain.identity import Claim, find_repository, identify
from service.domain.image import Image
from service.domain.matrix import Matrix, Survey
from service.domain.policy import Policy
from service.domain.recommendation import Recommendation, recommend
from service.domain.reference import Reference, Repository
from service.domain.releases import Releases, Wanted, list_releases
from service.domain.rules import Rulebook, Rules
from service.domain.scope import Scope
from service.domain.situation import LatestBranch, Question, Situation
from service.domain.transcript import TranscribedSource, TranscribedVerifier, Transcript
from service.domain.verification import RememberingVerifier, recommend_verified
from service.errors import (
    RegistryError,
    RepositoryNotAllowedError,
    RepositoryNotFoundError,
    StreamNotFoundError,
    naming,
)

# Made once, for each question has an advisor of its own.
_NOTHING_SURVEYED: tuple[tuple[Survey, ...], Matrix] = ((), Matrix.of(()))


@dataclass(frozen=True, slots=True)
class UpgradeRequest:
    """What a caller asks for a node.

    Attributes:
        claim: What is said of the node.
        boot_state: As the node says it, such as ``active`` or ``passive``.
    """

    claim: Claim
    policy: Policy
    boot_state: str = "active"


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """What a caller asks of a step."""

    origin: Reference
    target: Reference


class Advisor:
    """Answers the questions of the contract.

    Args:
        source: Where catalogues come from.
        scope: Which repositories may be asked for.
        rulebook: What is known of releases beyond their tags.
        default_organisation: Where a release file belongs that names no repository.
        start_verifying: Begins the time in which one question may be verified; None to verify
            nothing.
    """

    def __init__(
        self,
        source: CatalogueSource,
        scope: Scope,
        rulebook: Rulebook,
        default_organisation: str | None,
        start_verifying: Callable[[], TargetVerifier] | None = None,
    ) -> None:
        self._source = source
        self._scope = scope
        self._rulebook = rulebook
        self._default_organisation = default_organisation
        self._start_verifying = start_verifying
        self._surveyed: tuple[tuple[Survey, ...], Matrix] = _NOTHING_SURVEYED

    def recommend_upgrade(self, request: UpgradeRequest, form: str) -> Recommendation:
        """Recommend the upgrade target of a node.

        Args:
            request: What is asked.
            form: The form in which the answer will be acted on, which some rules speak of.

        Raises:
            InvalidRequestError: The release file does not tell enough.
            RepositoryUnknownError: Nothing names a repository.
            RepositoryNotAllowedError: Outside the allowed repositories.
            UnversionedTagError: Nothing tells a version.
            NotAnOsImageError: A tag or repository that no node runs.
            IdentityMismatchError: What is said of the node contradicts itself.
            StreamNotFoundError: The repository has no image of the stream.
            KubernetesVersionUnknownError: No safe Kubernetes step can be computed.
            RepositoryNotFoundError: The registry knows no such repository.
            RegistryError: The registry failed, and nothing is cached.
        """
        running = self.identify(request.claim)
        return self.recommend_from(running, request.policy, request.boot_state, form)

    def recommend_on_record(
        self, request: UpgradeRequest, form: str
    ) -> tuple[Recommendation, Transcript]:
        """Recommend the upgrade target of a node, and give what that rests on; raises the same."""
        transcript = Transcript()
        start = self._start_verifying
        advisor = self._asking(
            TranscribedSource(self._source, transcript),
            (lambda: TranscribedVerifier(start(), transcript)) if start else None,
        )
        return advisor.recommend_upgrade(request, form), transcript

    def identify(self, claim: Claim) -> Image:
        """Say what a node runs; asks nobody.

        Raises:
            ServiceError: As far as ``recommend_upgrade`` raises it without a registry.
        """
        claim, organisation = self._locate(claim)
        repository = find_repository(claim, organisation)
        self._scope.check(repository)
        official = self._scope.is_official(repository)
        running = identify(claim, repository, official=official)
        _refuse_fips(claim, running, official=official)
        return running

    def recommend_from(
        self, running: Image, policy: Policy, boot_state: str, form: str
    ) -> Recommendation:
        """Recommend where to go from an image that was identified; raises the rest."""
        official = self._scope.is_official(running.repository)
        rules = self._rulebook.rules_for(running, official=official)
        standing, catalogue = self._find_stream(running, rules)
        if standing != running:
            rules = self._rulebook.rules_for(running, standing, official=official)
        question = Question(
            running=running,
            standing=standing,
            policy=policy,
            official=official,
            boot_state=boot_state,
            form=form,
        )
        latest = self._find_latest_branch(running.repository)
        situation = Situation.survey(question, catalogue, rules, latest)
        answer = (
            recommend_verified(situation, self._start_verifying())
            if self._start_verifying
            else recommend(situation)
        )
        mirrors = self._scope.answered
        # Most deployments have none; to move an answer to where it is costs a twentieth of it.
        return answer.relocate(mirrors.place) if mirrors.places else answer

    def check_upgrade(self, request: CheckRequest) -> Check:
        """Check whether the step from one image to another is safe.

        Raises:
            RepositoryNotAllowedError: Outside the allowed repositories.
            UnversionedTagError: A tag that carries no version.
            NotAnOsImageError: A tag or repository that no node runs.
            StreamNotFoundError: The repository has no image of the stream.
            RepositoryNotFoundError: The registry knows no such repository.
            RegistryError: The registry failed, and nothing is cached.
        """
        with naming("from"):
            running = self._identify(request.origin)
        with naming("to"):
            target = self._identify(request.target)
        official = self._scope.is_official(running.repository)
        rules = self._rulebook.rules_for(running, official=official)
        standing = rules.follow(running, target.repository)
        if known := check_likeness(running, standing, target):
            return known
        rules = self._rulebook.rules_for(running, standing, official=official)
        question = Question(running, standing, STEP_POLICY, official, "active", "json")
        catalogue = self._source.fetch_catalogue(target.repository)
        latest = self._find_latest_branch(running.repository)
        situation = Situation.survey(question, catalogue, rules, latest)
        verifier = self._start_verifying() if self._start_verifying else None
        return check_step(situation, target, verifier)

    def list_releases(self, reference: Reference, wanted: Wanted) -> Releases:
        """List what the stream of an image offers.

        Raises:
            ServiceError: As ``check_upgrade``.
        """
        image = self._identify(reference)
        official = self._scope.is_official(image.repository)
        rules = self._rulebook.rules_for(image, official=official)
        standing, catalogue = self._find_stream(image, rules)
        releases = list_releases(image, standing, catalogue, wanted)
        return releases.relocate(self._scope.answered.place)

    def survey_matrix(self) -> Matrix:
        """Survey the streams of the tracked repositories, as far as these are known or soon are.

        Returns:
            The same matrix until a list changes.
        """
        tracked = filter(self._scope.allows, self._scope.list_tracked())
        references = {repository: self._scope.reference_of(repository) for repository in tracked}
        wanted = dict.fromkeys((*references, *filter(None, references.values())))
        catalogues = self._source.fetch_many_soon(wanted)
        surveys = tuple(
            Survey(
                repository,
                catalogues.get(repository),
                catalogues.get(reference) if reference else None,
            )
            for repository, reference in references.items()
        )
        known, matrix = self._surveyed
        if surveys != known:
            matrix = Matrix.of(surveys).relocate(self._scope.answered.place)
            self._surveyed = surveys, matrix
        return matrix

    def _identify(self, reference: Reference) -> Image:
        self._scope.check(reference.repository)
        return Image.identify(reference)

    def begin_batch(self, source: CatalogueSource) -> Self:
        """Give an advisor for many questions of one call, which verifies within one time.

        Args:
            source: The catalogues of this call.
        """
        verifier = RememberingVerifier(self._start_verifying()) if self._start_verifying else None
        return self._asking(source, (lambda: verifier) if verifier else None)

    def _asking(
        self, source: CatalogueSource, start_verifying: Callable[[], TargetVerifier] | None
    ) -> Self:
        """Give an advisor that is the same but for whom it asks."""
        return type(self)(
            source, self._scope, self._rulebook, self._default_organisation, start_verifying
        )

    def _locate(self, claim: Claim) -> tuple[Claim, str | None]:
        """Give a claim with its place as an image, or that place as the organisation of one."""
        if claim.place is None:
            return claim, self._default_organisation
        # A registry alone is no repository.
        repository = Repository.parse(claim.place) if "/" in claim.place else None
        if repository and self._scope.allows(repository):
            return replace(claim, reference=Reference(repository)), None
        return claim, claim.place

    def _find_stream(self, running: Image, rules: Rules) -> tuple[Image, Catalogue]:
        """Find where a stream goes on: in the successor of its repository, if there is one."""
        for renamed in rules.renamed:
            standing = renamed.move(running)
            try:
                self._scope.check(standing.repository)
                return standing, self._source.fetch_catalogue(standing.repository)
            except (RepositoryNotAllowedError, RepositoryNotFoundError):
                continue
        return running, self._source.fetch_catalogue(running.repository)

    def _find_latest_branch(self, repository: Repository) -> LatestBranch:
        """Read the latest release branch; its failure costs the verdict alone, and little time."""
        reference = self._scope.reference_of(repository)
        if reference is None:
            return LatestBranch(None, expected=False)
        try:
            branch = self._source.fetch_soon(reference).latest_branch
        except (RegistryError, RepositoryNotFoundError):
            branch = None
        return LatestBranch(branch, expected=True)


def _refuse_fips(claim: Claim, running: Image, *, official: bool) -> None:
    if official and claim.release_file and claim.release_file.is_fips:
        raise StreamNotFoundError(
            f"the node runs a FIPS build, and {running.repository} has none: Kairos publishes no"
            " FIPS images, so this one is upgraded from its builder's own repository",
        )
