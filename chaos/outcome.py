"""One line of what is printed."""

from dataclasses import dataclass

from chaos.load import Asked, Load


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
        cls, fault: str, load: Load, *, killed: tuple[float, ...] = (), note: str = ""
    ) -> "Outcome":
        """Sum a load up.

        Args:
            fault: What was done.
            load: What was seen of it.
            killed: When workers were killed, on the monotonic clock.
            note: What else there is to say.
        """
        failed = load.failed
        own = [each for each in failed if any(_was_open(each, moment) for moment in killed)]
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


def _was_open(asked: Asked, moment: float) -> bool:
    """Whether a question was on its way when a worker was killed, and its connection broke."""
    return asked.broken and asked.begun <= moment <= asked.begun + asked.seconds
