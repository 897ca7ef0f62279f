"""What was decided for a node, as far as it is logged and counted."""

from dataclasses import dataclass
from typing import Self

from flask import g

from service.domain.recommendation import Recommendation
from service.domain.status import Status
from service.domain.support import Verdict


@dataclass(frozen=True, slots=True)
class Decision:
    """Enough of an answer to find it again, and to see why it was given.

    Attributes:
        running: The image that was asked for.
        target: What it should go to, pinned where that is known; None without one.
        warnings: Their codes.
        listed_at: When the listing was made that it rests on; ISO 8601, UTC.
        node: The name that a caller with many nodes gave it.
    """

    running: str
    target: str | None
    status: Status
    verdict: Verdict
    warnings: tuple[str, ...]
    listed_at: str
    node: str | None = None

    @classmethod
    def of(cls, answer: Recommendation, node: str | None = None) -> Self:
        """Give the decision of an answer."""
        return cls(
            running=str(answer.running.reference),
            target=str(answer.offer.source) if answer.offer else None,
            status=answer.status,
            verdict=answer.support.verdict,
            warnings=tuple(warning.code for warning in answer.warnings),
            listed_at=answer.catalogue.fetched_at.isoformat(timespec="seconds"),
            node=node,
        )

    def describe(self) -> dict[str, object]:
        """Give it as a line of the log has it."""
        described: dict[str, object] = {
            "running": self.running,
            "target": self.target,
            "status": self.status,
            "verdict": self.verdict,
            "warnings": self.warnings,
            "listed_at": self.listed_at,
        }
        return described if self.node is None else {"node": self.node, **described}


def note_decision(decision: Decision) -> None:
    """Have a decision logged and counted with the request that it was made for."""
    g.setdefault("decisions", []).append(decision)
