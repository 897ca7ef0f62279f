"""The answer again, until its target can be pulled."""

from dataclasses import replace

from service.domain.delivery import Delivery, Findings, Signatures, TargetVerifier
from service.domain.image import Image
from service.domain.plan import Plan, make_plan
from service.domain.recommendation import Recommendation, tell
from service.domain.reference import Reference
from service.domain.situation import Situation

# A registry that has lost more than that has lost its mind.
MAX_CANDIDATES = 5


class RememberingVerifier:
    """Asks another verifier once for each image, whatever it finds. See TargetVerifier.

    Images are told apart by their references: equal versions may be spelled otherwise.
    """

    def __init__(self, verifier: TargetVerifier) -> None:
        self._verifier = verifier
        self._deliveries: dict[Reference, Delivery] = {}
        self._signatures: dict[tuple[Reference, str], Signatures] = {}

    def verify(self, image: Image) -> Delivery:
        """See TargetVerifier."""
        key = image.reference
        if key not in self._deliveries:
            self._deliveries[key] = self._verifier.verify(image)
        return self._deliveries[key]

    def find_signatures(self, image: Image, digest: str) -> Signatures:
        """See TargetVerifier."""
        key = image.reference, digest
        if key not in self._signatures:
            self._signatures[key] = self._verifier.find_signatures(image, digest)
        return self._signatures[key]


def recommend_verified(situation: Situation, verifier: TargetVerifier) -> Recommendation:
    """Answer a question with a target that the registry says can be pulled.

    A target that cannot be is refused, and the choice made again. Only the first hop is asked for.

    Raises:
        KubernetesVersionUnknownError: No safe Kubernetes step can be computed.

    Source: domain rule 5.
    """
    plan = make_plan(situation)
    for _ in range(MAX_CANDIDATES):
        target = plan.target
        if target is None:
            break
        delivery = verifier.verify(target)
        if delivery.refusal is None:
            return tell(_settle(plan, delivery, verifier))
        findings = plan.situation.findings.refusing(target.tag, delivery.refusal)
        plan = make_plan(replace(plan.situation, findings=findings))
    trouble = Delivery(trouble=f"{MAX_CANDIDATES} newer images than it cannot be pulled")
    return tell(_settle(plan, trouble, verifier))


def _settle(plan: Plan, delivery: Delivery, verifier: TargetVerifier) -> Plan:
    """Add what else is worth knowing to the plan that is answered."""
    target, running = plan.target, plan.situation.question.running
    signatures = None
    if target and delivery.is_verified and delivery.digest:
        signatures = verifier.find_signatures(target, delivery.digest)
    findings = Findings(
        plan.situation.findings.refused,
        delivery if target else None,
        signatures or Signatures(),
        verifier.verify(replace(running, digest=None)) if running.digest else None,
    )
    return plan.with_findings(findings)
