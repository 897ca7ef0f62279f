"""Which warnings an answer carries."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from service.domain.change import Change, VersionChange
from service.domain.situation import Situation
from service.domain.support import Verdict
from service.domain.tag import ImageTag
from service.domain.warning import UpgradeWarning, WarningCode


def warn_of_target(
    situation: Situation,
    path: Sequence[ImageTag],
    change: Change,
) -> Iterator[UpgradeWarning]:
    """Warn of what a step brings; of nothing without one."""
    if not path:
        return
    running, target = situation.running, path[0]
    if change.kairos is VersionChange.MAJOR:
        yield UpgradeWarning.of(
            WarningCode.MAJOR_JUMP,
            f"{running.version} to {target.version} crosses a major version; Kairos does not always"
            " guarantee that in place: read the release notes and try it on one node first",
        )
    if running.has_unknown_kubernetes:
        yield UpgradeWarning.of(
            WarningCode.KUBERNETES_VERSION_UNKNOWN,
            f"neither {situation.question.running.tag} nor {target} tells its Kubernetes"
            " version: compare both first",
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


def warn_of_rules(situation: Situation, reached: ImageTag | None) -> Iterator[UpgradeWarning]:
    """Warn of what the rules know of a step.

    Args:
        situation: The question, and what is known for it.
        reached: The target or the successor, if any.
    """
    running = situation.question.running.tag
    for rule in situation.rules.advisories:
        if rule.concerns(running, reached) and rule.applies.matches_form(situation.question.form):
            yield UpgradeWarning(f"advisory:{rule.id}", rule.severity, rule.summary, rule.url)


def warn_of_running(situation: Situation) -> Iterator[UpgradeWarning]:
    """Warn of where the node stands."""
    yield from _warn_of_support(situation)
    question = situation.question
    if question.is_renamed:
        yield UpgradeWarning.of(
            WarningCode.REPOSITORY_RENAMED,
            f"{question.running.repository} gets no more images; {_name_successor(situation)}",
        )
    if not question.is_boot_fit:
        passive = question.boot_state == "passive"
        yield UpgradeWarning.of(
            WarningCode.BOOTED_PASSIVE if passive else WarningCode.BOOTED_RECOVERY,
            f"the node booted its {question.boot_state} system, so its last upgrade may have"
            " failed: find out why before the next",
        )
    yield from _warn_of_version(situation)


def warn_of_sources(situation: Situation) -> Iterator[UpgradeWarning]:
    """Warn of what the answer could not be made of."""
    latest, catalogue = situation.latest, situation.catalogue
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
    yield from _warn_of_findings(situation)


def _warn_of_findings(situation: Situation) -> Iterator[UpgradeWarning]:
    """Warn of what the registry said of single images, or could not say."""
    running, findings = situation.question.running, situation.findings
    if findings.target and not findings.target.is_verified:
        yield UpgradeWarning.of(
            WarningCode.TARGET_NOT_VERIFIED,
            f"it is not known whether the target can be pulled: {findings.target.trouble}",
        )
    if findings.running and findings.running.contradicts(running.digest):
        yield UpgradeWarning.of(
            WarningCode.RUNNING_DIGEST_CHANGED,
            f"{running.tag} is now {findings.running.digest}: it was published anew since the"
            " node was installed, or the node runs something else",
        )


def _warn_of_support(situation: Situation) -> Iterator[UpgradeWarning]:
    support, end = situation.support, situation.end
    if support.verdict in (Verdict.UNSUPPORTED, Verdict.END_OF_LINE):
        yield UpgradeWarning.of(
            WarningCode.RUNNING_BRANCH_UNSUPPORTED,
            f"branch {support.running_branch} gets no more patches; only"
            f" {support.latest_branch} is supported",
        )
    if end:
        yield UpgradeWarning.of(WarningCode.STREAM_END_OF_LINE, end.summary, url=end.url)
    elif support.verdict is Verdict.END_OF_LINE:
        yield UpgradeWarning.of(
            WarningCode.STREAM_END_OF_LINE,
            f"this stream ends below the latest release branch {support.latest_branch}: plan a move"
            " to another flavor, or build your own images",
        )


def _name_successor(situation: Situation) -> str:
    if situation.question.is_moved:
        return f"its images go on in {situation.question.standing.repository}"
    successors = [renamed.to.repository for renamed in situation.rules.renamed]
    return f"its images go on in {successors[0]}" if successors else "it has no successor"


def _warn_of_version(situation: Situation) -> Iterator[UpgradeWarning]:
    running = situation.running
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
    if not situation.question.is_renamed and not _is_published(situation):
        yield UpgradeWarning.of(
            WarningCode.RUNNING_NOT_PUBLISHED,
            f"{running} is not among the published images of its stream",
        )


def _is_published(situation: Situation) -> bool:
    """Whether the tag is listed, or one that keeps to itself what a release file told."""
    running = situation.running
    listed = situation.images.of_release(running.version)
    if running.trusted_boot:
        # Its owner made it of an image without; a release file tells the tag of that one.
        made_of = replace(running.stream, trusted_boot=False)
        plain = situation.catalogue.list_images(made_of)
        listed = (*listed, *plain.of_release(running.version))
    if any(image.has_unknown_kubernetes for image in listed):
        return True
    spelling = _spell_plain(running)
    return any(_spell_plain(image) == spelling for image in listed)


def _spell_plain(tag: ImageTag) -> tuple[str, ...]:
    """Give the spelling of a tag without the mark of trusted boot; its parts, for printing is slow.

    Of images of one stream and release, these are the parts that may differ.
    """
    return tag.version.text, tag.flavor_release, tag.kubernetes_text, tag.template
