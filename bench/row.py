"""One line of what is printed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A figure and its target.

    Attributes:
        unit: Of both; empty for a count.
        most: The highest figure that meets the target.
    """

    what: str
    figure: float
    unit: str
    most: float

    @property
    def met(self) -> bool:
        """Whether the target is met."""
        return self.figure <= self.most

    def __str__(self) -> str:
        verdict = "" if self.met else "   MISSED"
        figures = f"{self.figure:10,.2f} {self.unit:2}  target ≤ {self.most:,g} {self.unit}"
        return f"{self.what:62}{figures}{verdict}"
