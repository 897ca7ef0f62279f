"""What the caller can do."""

from collections.abc import Sequence
from enum import StrEnum

from service.domain.legality import Gate
from service.domain.path import Journey
from service.domain.situation import Situation
from service.domain.tag import ImageTag


class Status(StrEnum):
    """A closed set, in the order in which it is decided."""

    UPGRADE_AVAILABLE = "upgrade_available"
    AHEAD = "ahead"
    WITHHELD = "withheld"
    BLOCKED = "blocked"
    MANUAL = "manual"
    END_OF_LINE = "end_of_line"
    UP_TO_DATE = "up_to_date"


def decide_status(situation: Situation, journey: Journey, path: Sequence[ImageTag]) -> Status:
    """Decide the status, by the table of the contract.

    Args:
        situation: The question, and what is known for it.
        journey: The way that was looked for.
        path: The way that was found; empty without one.
    """
    question = situation.question
    if not question.is_boot_fit:
        return Status.BLOCKED
    if question.is_renamed:
        return Status.MANUAL
    if path:
        return Status.MANUAL if question.is_manual else Status.UPGRADE_AVAILABLE
    if journey.running.version > situation.images[-1].version:
        return Status.AHEAD
    newer = tuple(journey.newer_releases())
    if newer:
        return _status_of_refused(journey, newer)
    ended = situation.support.stream_ended or situation.end is not None
    return Status.END_OF_LINE if ended else Status.UP_TO_DATE


def _status_of_refused(journey: Journey, newer: Sequence[ImageTag]) -> Status:
    gate = Gate(journey, journey.running)
    return Status.WITHHELD if all(map(gate.is_refused_by_policy, newer)) else Status.BLOCKED
