"""Whether the step between two images is safe."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from service.domain.change import Change
from service.domain.delivery import Delivery, Findings, TargetVerifier
from service.domain.difference import Difference, list_differences
from service.domain.image import Image
from service.domain.legality import Refusal, is_newer, list_refusals
from service.domain.objection import describe_refusal
from service.domain.policy import KubernetesPreference, Policy
from service.domain.situation import Situation
from service.domain.warning import Severity, UpgradeWarning
from service.domain.warning_rules import (
    warn_of_rules,
    warn_of_running,
    warn_of_sources,
    warn_of_target,
)

# Who names both images has chosen: only an operator's policy narrows this.
STEP_POLICY = Policy(kubernetes=KubernetesPreference.LATEST, prerelease=True)


class Safety(StrEnum):
    """What comes of a check."""

    OK = "ok"
    WARN = "warn"
    REFUSE = "refuse"


class ReasonCode(StrEnum):
    """The reasons that only a step between two named images has."""

    STREAM_DIFFERS = "stream_differs"
    DOWNGRADE = "downgrade"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Check:
    """The answer to whether a step is safe.

    Attributes:
        refusals: What speaks against it.
        warnings: What to know before it.
    """

    origin: Image
    target: Image
    change: Change
    refusals: tuple[UpgradeWarning, ...] = ()
    warnings: tuple[UpgradeWarning, ...] = ()

    @property
    def verdict(self) -> Safety:
        """The worst that was found; what is for information only is nothing bad."""
        if self.refusals:
            return Safety.REFUSE
        bad = any(warning.severity is not Severity.INFO for warning in self.warnings)
        return Safety.WARN if bad else Safety.OK

    @property
    def reasons(self) -> tuple[UpgradeWarning, ...]:
        """All that was found, the refusals first."""
        return self.refusals + self.warnings


def check_likeness(origin: Image, standing: Image, target: Image) -> Check | None:
    """Check what the names of two images tell; None where their lists must tell the rest.

    Args:
        origin: What the step starts from.
        standing: Its likeness where its stream goes on.
        target: Where the step leads.
    """
    change = Change.between(standing.tag, target.tag)
    if origin.repository == target.repository and str(origin.tag) == str(target.tag):
        return Check(origin, target, change)
    differences = list_differences(standing, target)
    if all(difference.is_followed for difference in differences):
        return None
    refusals = (_refuse_difference(differences), *_refuse_downgrade(standing, target))
    return Check(origin, target, change, refusals)


def check_step(situation: Situation, target: Image, verifier: TargetVerifier | None) -> Check:
    """Check a step within a stream, or to a higher release of its flavor.

    Args:
        situation: The image that the step starts from, and what is known for it.
        target: Where the step leads.
        verifier: Asks the registry; None where nothing is verified.
    """
    question = situation.question
    situation = replace(situation, findings=_look_for(target, situation, verifier))
    return Check(
        origin=question.running,
        target=target,
        change=Change.between(situation.running, target.tag),
        refusals=(
            *_refuse_downgrade(question.standing, target),
            *_refuse_by_rules(situation, target),
        ),
        warnings=(
            *_warn_of_difference(question.standing, target),
            *_warn_of_step(situation, target),
            *warn_of_running(situation),
            *warn_of_sources(situation),
        ),
    )


def _look_for(target: Image, situation: Situation, verifier: TargetVerifier | None) -> Findings:
    """Find out whether a target can be had: a registry's own word counts more than its list."""
    if verifier is None:
        return _refuse_unlisted(target, situation, Findings())
    running, delivery = situation.question.running, verifier.verify(target)
    own = verifier.verify(replace(running, digest=None)) if running.digest else None
    findings = Findings(running=own)
    if delivery.refusal:
        return findings.refusing(target.tag, delivery.refusal)
    if delivery.contradicts(target.digest):
        delivery = Delivery(trouble=f"{target.tag} is now {delivery.digest}")
    findings = replace(findings, target=delivery)
    return findings if delivery.digest else _refuse_unlisted(target, situation, findings)


def _refuse_unlisted(target: Image, situation: Situation, findings: Findings) -> Findings:
    listed = map(str, situation.catalogue.list_images(target.tag.stream))
    if str(target.tag) in listed:
        return findings
    return findings.refusing(target.tag, Refusal.NOT_PULLABLE)


def _refuse_difference(differences: Sequence[Difference]) -> UpgradeWarning:
    parts = ", ".join(map(str, differences))
    message = f"an upgrade keeps the stream, and this step changes {parts}"
    return UpgradeWarning(ReasonCode.STREAM_DIFFERS, Severity.CRITICAL, message, None)


def _refuse_downgrade(origin: Image, target: Image) -> Iterator[UpgradeWarning]:
    if origin.flavor == target.flavor and target.tag.version < origin.tag.version:
        message = f"{target.tag.version} is older than {origin.tag.version}"
        yield UpgradeWarning(ReasonCode.DOWNGRADE, Severity.CRITICAL, message, None)


def _refuse_by_rules(situation: Situation, target: Image) -> Iterator[UpgradeWarning]:
    journey = situation.journey(STEP_POLICY)
    hop = journey.hop(journey.running, target.tag)
    for refusal in list_refusals(hop):
        yield describe_refusal(refusal, hop, situation)


def _warn_of_difference(origin: Image, target: Image) -> Iterator[UpgradeWarning]:
    for difference in list_differences(origin, target):
        message = f"this step changes the {difference}: recommended only with flavor_release=follow"
        yield UpgradeWarning(ReasonCode.STREAM_DIFFERS, Severity.WARNING, message, None)


def _warn_of_step(situation: Situation, target: Image) -> Iterator[UpgradeWarning]:
    """Warn of what an upgrade to the target brings; a step back is refused without that."""
    question = situation.question
    if question.is_manual and not question.is_renamed:
        message = f"{target.tag} boots nowhere until its owner has signed it: rebuild from it"
        yield UpgradeWarning(ReasonCode.MANUAL, Severity.CRITICAL, message, None)
    if target.tag.version.is_prerelease:
        message = f"{target.tag.version} is a pre-release: recommended only with prerelease=true"
        yield UpgradeWarning(Refusal.PRERELEASE, Severity.WARNING, message, None)
    if is_newer(target.tag, situation.running):
        step = Change.between(situation.running, target.tag)
        yield from warn_of_target(situation, (target.tag,), step)
        yield from warn_of_rules(situation, target.tag)
