"""What the closed sets of an answer mean, in words for people."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from service.domain.explanation import AlternativeCode
from service.domain.legality import Refusal
from service.domain.status import Status
from service.domain.support import Verdict


@dataclass(frozen=True, slots=True)
class Words:
    """A headline, and the sentence below it."""

    headline: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Change:
    """What an alternative offers, and the parameters that ask for it."""

    offer: str
    query: Mapping[str, str] = field(default_factory=dict)


STATUSES = {
    Status.UPGRADE_AVAILABLE: Words(
        "An upgrade is available",
        "This is the newest image that keeps what the node is, and that it can safely go to now.",
    ),
    Status.AHEAD: Words(
        "Ahead of every release",
        "The node runs something newer than any image of its stream that has been released.",
    ),
    Status.WITHHELD: Words(
        "Held back by policy",
        "Newer images exist; each of them is refused by what was asked for, or by the operator.",
    ),
    Status.BLOCKED: Words(
        "Blocked by a safety rule",
        "Newer images exist, but no step from here is safe now.",
    ),
    Status.MANUAL: Words(
        "An upgrade by hand",
        "Something newer exists, but not by pulling an official image.",
    ),
    Status.END_OF_LINE: Words(
        "The end of its line",
        "Nothing newer exists, and nothing newer will be released for this kind of image.",
    ),
    Status.UP_TO_DATE: Words(
        "Up to date",
        "The node runs the newest image of its stream that has been released.",
    ),
}

REFUSALS = {
    Refusal.WITHDRAWN: "withdrawn after its release",
    Refusal.EXCLUDED: "excluded by the policy",
    Refusal.PRERELEASE: "a pre-release",
    Refusal.ABOVE_MAX_STEP: "further than the largest step that was asked for",
    Refusal.ABOVE_MAX_VERSION: "above the highest version that was asked for",
    Refusal.KUBERNETES_UNKNOWN: "its Kubernetes version cannot be compared",
    Refusal.KUBERNETES_DOWNGRADE: "would lower Kubernetes",
    Refusal.KUBERNETES_MINOR_SKIPPED: "would skip a Kubernetes minor",
    Refusal.ABOVE_MAX_KUBERNETES: "above the highest Kubernetes that was asked for",
    Refusal.BARRIER: "needs another release in between",
    Refusal.KUBERNETES_MINOR_HELD: "would raise the Kubernetes minor",
    Refusal.PLATFORM_MISSING: "not published for this architecture",
    Refusal.NOT_PULLABLE: "cannot be pulled from the registry",
}

ALTERNATIVES = {
    AlternativeCode.WITHIN_MAJOR: Change("within the running major release", {"max_step": "minor"}),
    AlternativeCode.NEXT_MINOR: Change("in a newer minor release", {"max_step": "minor"}),
    AlternativeCode.NEXT_MAJOR: Change("in a newer major release", {"max_step": "major"}),
    AlternativeCode.NEXT_KUBERNETES_MINOR: Change(
        "with the next Kubernetes minor", {"kubernetes": "next"}
    ),
    AlternativeCode.FLAVOR_RELEASE_CHANGE: Change(
        "on a newer release of the flavor", {"flavor_release": "follow"}
    ),
    AlternativeCode.PRERELEASE: Change("as a pre-release", {"prerelease": "true"}),
}

VERDICTS = {
    Verdict.SUPPORTED: "supported",
    Verdict.UNSUPPORTED: "no longer supported",
    Verdict.END_OF_LINE: "end of the line",
    Verdict.UNKNOWN: "support unknown",
}
