"""The answer: a status, a target with the way to it, and what to know before going."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from service.domain.catalogue import Catalogue
from service.domain.change import Change, VersionChange
from service.domain.image import Image
from service.domain.legality import is_refused_by_policy
from service.domain.path import Journey, plan_path
from service.domain.policy import FlavorReleasePolicy, Policy
from service.domain.support import Support, Verdict, assess_support
from service.domain.tag import ImageTag
from service.domain.version import Branch
from service.domain.warning import UpgradeWarning, WarningCode
from service.errors import KubernetesVersionUnknownError, StreamNotFoundError


class Status(StrEnum):
    """What the caller can do; a closed set."""

    UPGRADE_AVAILABLE = "upgrade_available"
    AHEAD = "ahead"
    WITHHELD = "withheld"
    BLOCKED = "blocked"
    MANUAL = "manual"
    END_OF_LINE = "end_of_line"
    UP_TO_DATE = "up_to_date"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes:
        official: Whether the image's versions are Kairos releases.
    """

    running: Image
    policy: Policy
    official: bool


@dataclass(frozen=True, slots=True)
class LatestBranch:
    """The latest release branch.

    Attributes:
        branch: None where it is not known.
        expected: Whether a reference repository should have told it.
    """

    branch: Branch | None
    expected: bool


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The answer to a question.

    Attributes:
        target: What to install now; None without one.
        path: The hops until nothing is newer, the target first; empty without one.
        successor: With the status manual: the image to rebuild from.
    """

    status: Status
    running: Image
    target: Image | None
    path: tuple[Image, ...]
    successor: Image | None
    change: Change
    support: Support
    warnings: tuple[UpgradeWarning, ...]
    catalogue: Catalogue


def recommend(question: Question, catalogue: Catalogue, latest: LatestBranch) -> Recommendation:
    """Answer a question from a catalogue.

    Raises:
        StreamNotFoundError: The catalogue has no image of the stream.
        KubernetesVersionUnknownError: No safe Kubernetes step can be computed.

    Source: domain rules 1 to 6.
    """
    running = question.running
    images = _list_stream(running, catalogue)
    journey = Journey(running.tag, _candidates(question, catalogue, images), question.policy)
    _refuse_unknown_kubernetes(journey)
    path = plan_path(journey)
    support = assess_support(running.tag, images, latest.branch)
    status = _decide_status(question, journey, images, path, support)
    target = path[0] if status is Status.UPGRADE_AVAILABLE else None
    hops = tuple(running.sibling(tag) for tag in path)
    change = Change.between(running.tag, target or running.tag)
    warnings = (
        *_warn_of_target(running.tag, path if target else (), change),
        *_warn_of_running(running.tag, images, support),
        *_warn_of_sources(catalogue, latest),
    )
    return Recommendation(
        status=status,
        running=running,
        target=hops[0] if target else None,
        path=hops if target else (),
        successor=hops[0] if status is Status.MANUAL else None,
        change=change,
        support=support,
        warnings=warnings,
        catalogue=catalogue,
    )


def _list_stream(running: Image, catalogue: Catalogue) -> Sequence[ImageTag]:
    images = catalogue.list_images(running.tag.stream)
    if not images:
        raise StreamNotFoundError(f"{running.repository} has no image like {running.tag}")
    return images


def _candidates(
    question: Question,
    catalogue: Catalogue,
    images: Sequence[ImageTag],
) -> Sequence[ImageTag]:
    if question.policy.flavor_release is FlavorReleasePolicy.FOLLOW:
        return catalogue.list_following(question.running.tag.stream)
    return images


def _newer_releases(journey: Journey) -> Iterator[ImageTag]:
    """Give the images that a status speaks of: of a higher release, stable or asked for."""
    for image in journey.newer(journey.running):
        wanted = journey.policy.prerelease or not image.version.is_prerelease
        if wanted and image.version > journey.running.version:
            yield image


def _refuse_unknown_kubernetes(journey: Journey) -> None:
    """Stop where a newer image has a Kubernetes that could be lower than the running one."""
    if not journey.running.has_unknown_kubernetes:
        return
    known = next((image for image in _newer_releases(journey) if image.kubernetes), None)
    if known:
        raise KubernetesVersionUnknownError(
            f"{journey.running} does not tell its Kubernetes version, while newer images such as"
            f" {known} do: ask with the tag that names it",
        )


def _decide_status(
    question: Question,
    journey: Journey,
    images: Sequence[ImageTag],
    path: Sequence[ImageTag],
    support: Support,
) -> Status:
    """Follow the contract's table from its first line to its last."""
    if path:
        # Official trusted boot images boot nowhere until their owner has signed them.
        unsigned = question.official and question.running.tag.trusted_boot
        return Status.MANUAL if unsigned else Status.UPGRADE_AVAILABLE
    if journey.running.version > images[-1].version:
        return Status.AHEAD
    newer = list(_newer_releases(journey))
    if newer:
        return _status_of_refused(journey, newer)
    return Status.END_OF_LINE if support.stream_ended else Status.UP_TO_DATE


def _status_of_refused(journey: Journey, newer: Sequence[ImageTag]) -> Status:
    hops = (journey.hop(journey.running, image) for image in newer)
    return Status.WITHHELD if all(map(is_refused_by_policy, hops)) else Status.BLOCKED


def _warn_of_target(
    running: ImageTag,
    path: Sequence[ImageTag],
    change: Change,
) -> Iterator[UpgradeWarning]:
    if not path:
        return
    target = path[0]
    if change.kairos is VersionChange.MAJOR:
        yield UpgradeWarning.of(
            WarningCode.MAJOR_JUMP,
            f"{running.version} to {target.version} crosses a major version; Kairos does not always"
            " guarantee that in place: read the release notes and try it on one node first",
        )
    if running.has_unknown_kubernetes:
        yield UpgradeWarning.of(
            WarningCode.KUBERNETES_VERSION_UNKNOWN,
            f"neither {running} nor {target} tells its Kubernetes version: compare both first",
        )
    if change.kubernetes is VersionChange.MINOR:
        yield UpgradeWarning.of(
            WarningCode.KUBERNETES_MINOR_CHANGE,
            f"Kubernetes moves from {running.kubernetes} to {target.kubernetes}: upgrade all"
            " servers before the agents",
        )
    if len(path) > 1:
        yield UpgradeWarning.of(
            WarningCode.MULTIPLE_HOPS,
            f"{len(path)} upgrades lead to {path[-1].version}: ask again after each",
        )


def _warn_of_running(
    running: ImageTag,
    images: Sequence[ImageTag],
    support: Support,
) -> Iterator[UpgradeWarning]:
    if support.verdict in (Verdict.UNSUPPORTED, Verdict.END_OF_LINE):
        yield UpgradeWarning.of(
            WarningCode.RUNNING_BRANCH_UNSUPPORTED,
            f"branch {support.running_branch} gets no more patches; only"
            f" {support.latest_branch} is supported",
        )
    if support.verdict is Verdict.END_OF_LINE:
        yield UpgradeWarning.of(
            WarningCode.STREAM_END_OF_LINE,
            f"this stream ends below the latest release branch {support.latest_branch}: plan a move"
            " to another flavor, or build your own images",
        )
    if running.version.is_development:
        yield UpgradeWarning.of(
            WarningCode.DEVELOPMENT_BUILD,
            f"{running.version} is a build between releases; it is taken as just after its base",
        )
        return
    if running.version.is_prerelease:
        yield UpgradeWarning.of(
            WarningCode.RUNNING_PRERELEASE,
            f"{running.version} is a pre-release",
        )
    if str(running) not in map(str, images):
        yield UpgradeWarning.of(
            WarningCode.RUNNING_NOT_PUBLISHED,
            f"{running} is not among the published tags",
        )


def _warn_of_sources(catalogue: Catalogue, latest: LatestBranch) -> Iterator[UpgradeWarning]:
    if latest.expected and latest.branch is None:
        yield UpgradeWarning.of(
            WarningCode.LATEST_BRANCH_UNKNOWN,
            "the reference repository could not be read, so support cannot be judged",
        )
    if catalogue.stale:
        yield UpgradeWarning.of(
            WarningCode.STALE_CATALOGUE,
            f"the registry fails; this answer is from its listing of {catalogue.fetched_at:%FT%TZ}",
        )
