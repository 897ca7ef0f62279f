"""The answer: a status, a target with the way to it, and what to know before going."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Self

from service.domain.catalogue import Catalogue
from service.domain.change import Change
from service.domain.delivery import Findings
from service.domain.explanation import (
    AlternativeCode,
    Rejected,
    list_alternatives,
    list_rejected,
)
from service.domain.image import Image
from service.domain.links import Links, links_of
from service.domain.plan import Plan, make_plan
from service.domain.reference import Reference, Repository
from service.domain.situation import Situation
from service.domain.status import Status
from service.domain.support import Support
from service.domain.tag import ImageTag
from service.domain.warning import UpgradeWarning
from service.domain.warning_rules import (
    warn_of_rules,
    warn_of_running,
    warn_of_sources,
    warn_of_target,
)


@dataclass(frozen=True, slots=True)
class Alternative:
    """The target under one changed parameter."""

    code: AlternativeCode
    image: Image


@dataclass(frozen=True, slots=True)
class Offer(Image):
    """The target as it should be installed.

    Attributes:
        pinned: With the digest that the registry can deliver; None where that is not known.
        signed: Whether a cosign signature was seen beside it; None where nobody knows.
        attested: Whether an attestation was.
    """

    pinned: Reference | None = None
    signed: bool | None = None
    attested: bool | None = None

    @property
    def is_verified(self) -> bool:
        """Whether the registry was asked for it, and has it."""
        return self.pinned is not None

    @property
    def source(self) -> Reference:
        """What to give a node: by the digest, wherever that is known."""
        return self.pinned or self.reference


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The answer to a question.

    Attributes:
        target: None without one.
        path: The hops until nothing is newer, the target first; empty without one.
        successor: With the status manual: the image to rebuild from, or the one in the repository
            that succeeded the running image's.
        links: Of what to install; None for images that are not Kairos' own.
        findings: What the registry said of single images.
        held_from: The first hop of the same node alone that its cluster does not let it take; None
            without one.
    """

    status: Status
    running: Image
    target: Image | None
    path: tuple[Image, ...]
    alternatives: tuple[Alternative, ...]
    change: Change
    support: Support
    warnings: tuple[UpgradeWarning, ...]
    rejected: tuple[Rejected, ...]
    successor: Image | None
    links: Links | None
    catalogue: Catalogue
    findings: Findings
    held_from: ImageTag | None

    @property
    def offer(self) -> Offer | None:
        """The target with all that was found of it."""
        if self.target is None:
            return None
        repository, tag = self.target.repository, self.target.tag
        delivery, signatures = self.findings.target, self.findings.signatures
        digest = delivery.digest if delivery and delivery.is_verified else None
        pinned = Reference(repository, str(tag), digest) if digest else None
        return Offer(repository, tag, None, pinned, signatures.signed, signatures.attested)

    def relocate(self, place: Callable[[Repository], Repository]) -> Self:
        """Give the same answer, with what to install named at another place."""

        def move(image: Image) -> Image:
            return replace(image, repository=place(image.repository))

        return replace(
            self,
            target=move(self.target) if self.target else None,
            path=tuple(map(move, self.path)),
            alternatives=tuple(
                replace(found, image=move(found.image)) for found in self.alternatives
            ),
            successor=move(self.successor) if self.successor else None,
            links=links_of(self.target, place(self.target.repository))
            if self.target and self.links
            else None,
        )


def recommend(situation: Situation) -> Recommendation:
    """Answer a question without asking whether its target can be pulled.

    Raises:
        KubernetesVersionUnknownError: No safe Kubernetes step can be computed.
    """
    return tell(make_plan(situation))


def tell(plan: Plan) -> Recommendation:
    """Tell a plan, with all that stands beside it."""
    situation, way, path = plan.situation, plan.way, plan.path
    question = situation.question
    leads = way and plan.status in (Status.UPGRADE_AVAILABLE, Status.MANUAL)
    reached = way[0] if leads else None
    step = Change.between(situation.running, reached or situation.running)
    hops = tuple(map(question.standing.sibling, path))
    successor = question.standing.sibling(reached) if reached and not path else None
    return Recommendation(
        status=plan.status,
        running=question.running,
        target=hops[0] if hops else None,
        path=hops,
        alternatives=_list_alternatives(situation, path),
        change=step if path else Change.between(situation.running, situation.running),
        support=situation.support,
        warnings=(
            *warn_of_target(situation, way if reached else (), step),
            *warn_of_rules(situation, reached),
            *warn_of_running(situation),
            *warn_of_sources(situation),
        ),
        rejected=list_rejected(plan.journey),
        successor=successor,
        links=_find_links(situation, hops),
        catalogue=situation.catalogue,
        findings=situation.findings,
        held_from=plan.held_from,
    )


def _list_alternatives(situation: Situation, path: Sequence[ImageTag]) -> tuple[Alternative, ...]:
    """List what another question would get; nothing where no question gets an image."""
    question = situation.question
    if question.is_manual or not question.is_boot_fit:
        return ()
    found = list_alternatives(situation, path[0] if path else None)
    return tuple(Alternative(code, question.running.sibling(image)) for code, image in found)


def _find_links(situation: Situation, hops: Sequence[Image]) -> Links | None:
    return links_of(hops[0]) if hops and situation.question.official else None
