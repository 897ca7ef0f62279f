"""The contract's tables of statuses and of rejected images once more, with rules: naive and slow.

As tests.brute_force, it knows nothing of the service and works on the text of the tags.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tests import brute_force
from tests.brute_force import Node, Wishes

# From narrow to wide.
_PREFERENCES = ["keep", "minimal", "next", "latest"]
_POLICY = {
    "excluded",
    "above_max_step",
    "above_max_version",
    "above_max_kubernetes",
    "kubernetes_minor_held",
}

Key = tuple[tuple[object, ...], tuple[object, ...]]


@dataclass(frozen=True)
class Barrier:
    """No step from below one version to another or above it, as rules write versions."""

    below: str
    to: str
    of_kubernetes: bool


@dataclass(frozen=True)
class Operator:
    """An operator's policy, in the words of the query; None is not set."""

    max_step: str | None = None
    max_version: str | None = None
    kubernetes: str | None = None
    max_kubernetes: str | None = None
    freeze: bool = False

    def as_wishes(self) -> Wishes:
        return Wishes(self.max_step or "major", self.max_version, "minimal", self.max_kubernetes)


@dataclass(frozen=True)
class Question:
    """A node, and all that is known beside its list."""

    node: Node
    operator: Operator
    withdrawn: tuple[str, ...]
    barriers: tuple[Barrier, ...]
    ended: str | None
    latest: tuple[int, int] | None
    official: bool
    boot_state: str

    @property
    def running(self) -> str:
        return self.node.running

    @property
    def preference(self) -> str:
        asked = self.node.wishes.kubernetes
        return min(asked, self.operator.kubernetes or asked, key=_PREFERENCES.index)

    def newer(self) -> list[str]:
        """Give the images that are newer than the running one, of which some are legal."""
        candidates = self.node.candidates(self.running)
        return [tag for tag in candidates if brute_force.is_newer(tag, self.running)]

    def newer_releases(self) -> list[str]:
        """Give what the contract calls N."""
        return [
            tag
            for tag in self.newer()
            if brute_force.kairos(tag) > brute_force.kairos(self.running)
            and (self.node.wishes.prerelease or not brute_force.is_prerelease(tag))
        ]


def key(tag: str) -> Key:
    return brute_force.kairos(tag), brute_force.kubernetes(tag) or ()


def status(question: Question) -> str:
    """Read the table of statuses from the top."""
    newer, running = question.newer_releases(), question.running
    has_target = any(not reasons(question, running, tag) for tag in question.newer())
    stream = question.node.stream(running)
    if question.boot_state not in {"active", "unknown"}:
        return "blocked"
    if has_target:
        needs_owner = question.official and brute_force.read(running)["uki"]
        return "manual" if needs_owner else "upgrade_available"
    if all(brute_force.kairos(running) > brute_force.kairos(tag) for tag in stream):
        return "ahead"
    if newer:
        refused = [_POLICY.intersection(reasons(question, running, tag)) for tag in newer]
        return "withheld" if all(refused) else "blocked"
    return "end_of_line" if _has_ended(question, stream) else "up_to_date"


def rejected(question: Question) -> Counter[str]:
    """Count the refused images by their first reason."""
    found = (reasons(question, question.running, tag) for tag in question.newer())
    return Counter(each[0] for each in found if each)


def reasons(question: Question, origin: str, tag: str, preference: str | None = None) -> list[str]:
    """Give every reason against a hop, in the order of the contract."""
    preference = preference or question.preference
    applying = {
        **_reasons_of_policy(question, origin, tag),
        **_reasons_of_kubernetes(origin, tag),
        "withdrawn": brute_force.kairos(tag) in map(brute_force.kairos_key, question.withdrawn),
        "barrier": any(_bars(barrier, origin, tag) for barrier in question.barriers),
        "kubernetes_minor_held": _holds(preference, origin, tag),
    }
    return [code for code in _ORDER if applying[code]]


_ORDER = [
    *("withdrawn", "excluded", "prerelease", "above_max_step", "above_max_version"),
    *("kubernetes_unknown", "kubernetes_downgrade", "kubernetes_minor_skipped"),
    *("above_max_kubernetes", "barrier", "kubernetes_minor_held"),
]


def _reasons_of_policy(question: Question, origin: str, tag: str) -> dict[str, bool]:
    wishes, operator = question.node.wishes, question.operator
    excluded = {brute_force.kairos_key(version) for version in wishes.exclude}
    both = (wishes, operator.as_wishes())
    return {
        "excluded": operator.freeze or brute_force.kairos(tag) in excluded,
        "prerelease": brute_force.is_prerelease(tag) and not wishes.prerelease,
        "above_max_step": any(_steps_over(each.max_step, question.running, tag) for each in both),
        "above_max_version": any(
            each.max_version and brute_force.is_above(tag, each.max_version) for each in both
        ),
        "above_max_kubernetes": any(
            brute_force.is_kubernetes_above(origin, tag, each.max_kubernetes) for each in both
        ),
    }


def _reasons_of_kubernetes(origin: str, tag: str) -> dict[str, bool]:
    old, new = brute_force.kubernetes(origin), brute_force.kubernetes(tag)
    known = old is not None and new is not None
    return {
        "kubernetes_unknown": brute_force.is_unknown(origin) != brute_force.is_unknown(tag),
        "kubernetes_downgrade": known and new < old,  # type: ignore[operator]
        "kubernetes_minor_skipped": known and new[:2] > (old[0], old[1] + 1),  # type: ignore[index]
    }


def _steps_over(max_step: str, running: str, tag: str) -> bool:
    kept = {"patch": 2, "minor": 1, "major": 0}[max_step]
    return brute_force.kairos(tag)[:kept] != brute_force.kairos(running)[:kept]


def _bars(barrier: Barrier, origin: str, tag: str) -> bool:
    if not barrier.of_kubernetes:
        below, to = (brute_force.kairos_key(f"v{text}") for text in (barrier.below, barrier.to))
        return brute_force.kairos(origin) < below and brute_force.kairos(tag) >= to
    old, new = brute_force.kubernetes(origin), brute_force.kubernetes(tag)
    if old is None or new is None:
        return False
    return old < _lowest_revision(barrier.below) and new >= _lowest_revision(barrier.to)


def _lowest_revision(text: str) -> tuple[int, int, int, float, int]:
    major, minor, patch = map(int, text.split("."))
    return major, minor, patch, float("inf"), 0


def _holds(preference: str, origin: str, tag: str) -> bool:
    leaves = brute_force.leaves_minor(origin, tag)
    same_release = brute_force.kairos(tag) == brute_force.kairos(origin)
    return leaves and (preference == "keep" or (preference == "minimal" and same_release))


def _has_ended(question: Question, stream: Sequence[str]) -> bool:
    stable = [tag for tag in stream if not brute_force.is_prerelease(tag)]
    if not stable:
        return False
    newest = max(map(brute_force.kairos, stable))
    if question.ended and newest >= brute_force.kairos_key(question.ended):
        return True
    return question.latest is not None and newest[:2] < question.latest
