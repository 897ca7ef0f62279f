"""Whether Kairos still supports what a node runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from service.domain.catalogue import find_newest_stable
from service.domain.tag import ImageTag
from service.domain.version import Branch


class Verdict(StrEnum):
    """How a running branch stands to the latest release branch."""

    SUPPORTED = "supported"
    UNSUPPORTED = "unsupported"
    END_OF_LINE = "end_of_line"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Support:
    """A verdict and the branches that it compares.

    Attributes:
        stream_ended: Whether the stream's newest stable branch is older than the latest one.
    """

    verdict: Verdict
    latest_branch: Branch | None
    running_branch: Branch
    stream_ended: bool


def assess_support(
    running: ImageTag,
    images: Sequence[ImageTag],
    latest_branch: Branch | None,
) -> Support:
    """Judge the running branch.

    Args:
        running: What the node runs.
        images: The images of its stream, lowest first.
        latest_branch: That of the reference repository; None where it is not known.

    Source: Kairos supports the latest release branch only (kairos.io, image matrix).
    """
    newest = find_newest_stable(images)
    ended = latest_branch is not None and newest is not None and newest.branch < latest_branch
    verdict = _judge(running.version.branch, latest_branch, stream_ended=ended)
    return Support(verdict, latest_branch, running.version.branch, ended)


def _judge(running: Branch, latest: Branch | None, *, stream_ended: bool) -> Verdict:
    if latest is None:
        return Verdict.UNKNOWN
    if running >= latest:
        return Verdict.SUPPORTED
    return Verdict.END_OF_LINE if stream_ended else Verdict.UNSUPPORTED
