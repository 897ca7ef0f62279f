"""One line of what is printed."""

from collections.abc import Collection
from dataclasses import dataclass

from chaos.load import Load


@dataclass(frozen=True, slots=True)
class Outcome:
    """What callers noticed of one fault.

    Attributes:
        allowed: How many of the failures were on the connections of a killed worker.
        note: What else there is to say.
    """

    fault: str
    requests: int
    failures: int
    p99_milliseconds: float
    allowed: int = 0
    note: str = ""

    @classmethod
    def of(
        cls, fault: str, load: Load, *, killed: Collection[int] = (), note: str = ""
    ) -> "Outcome":
        """Sum a load up.

        Args:
            fault: What was done.
            load: What was seen of it.
            killed: The callers' ports of the connections that killed workers held.
            note: What else there is to say.
        """
        failed = load.failed
        own = [each for each in failed if each.port in killed]
        retried = f"{load.retried} asked again on a new connection" if load.retried else ""
        first = next((each.trouble or "" for each in failed if each not in own), "")
        notes = "; ".join(filter(None, (note, retried, first[:100])))
        return cls(fault, len(load.asked), len(failed), load.p99_milliseconds, len(own), notes)

    @property
    def is_good(self) -> bool:
        """Whether nothing failed but what was on a killed worker's own connections."""
        return self.failures == self.allowed

    def __str__(self) -> str:
        verdict = "" if self.is_good else "  FAILED"
        figures = f"{self.requests:9,} {self.failures:8,} {self.allowed:7,}"
        return f"{self.fault:44}{figures} {self.p99_milliseconds:8.1f}  {self.note}{verdict}"


HEADER = f"{'fault':44}{'requests':>9} {'failures':>8} {'allowed':>7} {'p99 ms':>8}  notes"
