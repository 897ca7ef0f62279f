"""A question, and all that its answer is made of."""

from dataclasses import dataclass, field

from service.domain.catalogue import Catalogue, find_newest_stable
from service.domain.delivery import Findings
from service.domain.image import Image
from service.domain.lineup import Lineup
from service.domain.path import Journey
from service.domain.policy import FlavorReleasePolicy, Policy
from service.domain.rules import Ended, Rules
from service.domain.support import Support, assess_support
from service.domain.tag import ImageTag, legacy_flavor
from service.domain.version import Branch

# A node in any other state has just fallen back from an upgrade that failed.
_FIT_BOOT_STATES = frozenset({"active", "unknown"})


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes:
        running: What the node runs.
        standing: Where its stream goes on: the running image, or its likeness in the repository
            that succeeded a renamed one.
        policy: As the caller asked for it.
        official: Whether the image's versions are Kairos releases.
        boot_state: As the node says it, such as ``active`` or ``passive``.
        form: The form in which the answer will be acted on.
    """

    running: Image
    standing: Image
    policy: Policy
    official: bool
    boot_state: str
    form: str

    @property
    def is_moved(self) -> bool:
        """Whether the stream goes on in another repository."""
        # Mostly it is the same image, seldom one that is equal; an answer asks seven times.
        return self.standing is not self.running and self.standing != self.running

    @property
    def is_renamed(self) -> bool:
        """Whether the running image's repository ended, in favour of another or of none."""
        legacy = legacy_flavor(self.running.repository.flavor) is not None
        return self.is_moved or (self.official and legacy)

    @property
    def is_manual(self) -> bool:
        """Whether no official image can be pulled to upgrade.

        Official trusted boot images boot nowhere until their owner has signed them.
        """
        return self.is_renamed or (self.official and self.running.tag.trusted_boot)

    @property
    def is_boot_fit(self) -> bool:
        """Whether the node booted what it should have booted."""
        return self.boot_state in _FIT_BOOT_STATES


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
class Situation:
    """A question together with what is known for it.

    Attributes:
        catalogue: Of the repository where the stream goes on.
        rules: Those that speak of the running image.
        images: The stream, lowest Kairos and then Kubernetes version first; never empty.
        support: How the running branch stands to the latest one.
        findings: What the registry said of single images.
    """

    question: Question
    catalogue: Catalogue
    rules: Rules
    latest: LatestBranch
    images: Lineup
    support: Support
    findings: Findings = field(default_factory=Findings)

    @classmethod
    def survey(
        cls,
        question: Question,
        catalogue: Catalogue,
        rules: Rules,
        latest: LatestBranch,
    ) -> "Situation":
        """Look the stream of a question up.

        Raises:
            StreamNotFoundError: The catalogue has no image of the stream.
        """
        running = question.standing.tag
        images = catalogue.find_stream(running.stream, question.running.tag)
        support = assess_support(running, images, latest.branch)
        return cls(question, catalogue, rules, latest, images, support)

    @property
    def running(self) -> ImageTag:
        """The running image's tag, as its stream has it."""
        return self.question.standing.tag

    def journey(self, asked: Policy) -> Journey:
        """Give the way through the stream under a policy, narrowed by the operator's."""
        policy = asked
        for rule in self.rules.policies:
            policy = rule.narrow(policy)
        candidates = self._candidates(policy)
        return Journey(self.running, candidates, policy, self.rules, self.findings.refused)

    def _candidates(self, policy: Policy) -> Lineup:
        if policy.flavor_release is FlavorReleasePolicy.FOLLOW:
            return self.catalogue.list_following(self.running.stream)
        return self.images

    @property
    def end(self) -> Ended | None:
        """The rule that ends the stream, once its last release is listed; None without one."""
        newest = find_newest_stable(self.images)
        reached = (rule for rule in self.rules.ended if newest and newest >= rule.last)
        return next(reached, None)
