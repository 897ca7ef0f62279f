"""One line of what is printed: a figure beside its target."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bench.targets import TARGETS, Target

# A service measured against itself; outside of this, the machine was what was measured.
_CONTROL = (0.95, 1.05)
_ERRORS_ALLOWED = 2


class Verdict(StrEnum):
    """What a figure says of its target."""

    MET = "met"
    MISSED = "missed"
    SAYS_NOTHING = "says nothing"


@dataclass(frozen=True, slots=True)
class Row:
    """A figure that was measured.

    Attributes:
        key: Of its target.
        error: The standard error of the figure; 0 where it was counted.
        control: What a service against itself read in the same run; None where nothing is compared.
        size: Of the list it was measured on, in tags.
        note: What else is to be known.
    """

    key: str
    figure: float
    error: float = 0
    control: float | None = None
    size: int | None = None
    note: str = ""

    @property
    def target(self) -> Target:
        """What is wanted of the figure."""
        return TARGETS[self.key]

    @property
    def what(self) -> str:
        """What was measured, and on which list."""
        return self.target.what + (f" on {self.size:,} tags" if self.size else "")

    @property
    def verdict(self) -> Verdict:
        """Whether the target is met; missed is only what is off by more than two errors."""
        low, high = _CONTROL
        if self.control is not None and not low <= self.control <= high:
            return Verdict.SAYS_NOTHING
        slack, target = _ERRORS_ALLOWED * self.error, self.target
        below = target.least is not None and self.figure < target.least - slack
        above = target.most is not None and self.figure > target.most + slack
        return Verdict.MISSED if below or above else Verdict.MET

    @property
    def remark(self) -> str:
        """What a reader has to know of the figure; empty where the target is simply met."""
        said = {
            Verdict.MET: "",
            Verdict.MISSED: "MISSED",
            Verdict.SAYS_NOTHING: f"says nothing: control {self.control or 0:.3f}",
        }[self.verdict]
        return "; ".join(filter(None, (said, self.note)))

    def __str__(self) -> str:
        error = f"± {self.error:.2f}" if self.error else ""
        figure = f"{self.figure:10,.2f} {error:7}{self.target.unit:5}"
        return f"{self.what:56}{figure}{self.target!s:12}{self.remark}".rstrip()


Rows = Generator[Row, None, None]
# Measures in an empty directory, and gives each row as it is known.
Measure = Callable[[Path], Rows]
