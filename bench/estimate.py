"""The arithmetic: ratios of adjacent slices, and how far they may be off."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from statistics import median, stdev
from typing import TypeVar

_T = TypeVar("_T")
_BATCHES = 8


@dataclass(frozen=True, slots=True)
class Slice:
    """What one server did in one slice of time.

    Attributes:
        seconds: From the first request to the last answer.
        latencies: Of each answer, in seconds.
    """

    seconds: float
    latencies: Sequence[float]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds


# One slice of each server, by its name, straight after one another.
Round = Mapping[str, Slice]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its standard error."""

    figure: float
    error: float


def estimate(items: Sequence[_T], statistic: Callable[[Sequence[_T]], float]) -> Estimate:
    """Estimate a statistic of what was measured in a row, and its standard error.

    The error is that of batch means: the machine drifts, so neighbours resemble each other, and
    only whole batches of them are worth comparing.

    Args:
        items: Two at least, in the order in which they were measured.
        statistic: Of any number of them.
    """
    count = min(_BATCHES, len(items))
    bounds = [len(items) * number // count for number in range(count + 1)]
    batches = [statistic(items[low:high]) for low, high in pairwise(bounds)]
    return Estimate(statistic(items), stdev(batches) / sqrt(count))


def compare_rates(rounds: Sequence[Round], one: str, other: str) -> Estimate:
    """Give the median of how many answers one server gives for each of the other's."""
    return estimate([each[one].rate / each[other].rate for each in rounds], median)


def compare_tails(rounds: Sequence[Round], one: str, other: str) -> Estimate:
    """Give the p99 of one server, over all its slices, in units of the other's."""
    return estimate(rounds, lambda some: _find_tail(some, one) / _find_tail(some, other))


def find_p99(seconds: Sequence[float]) -> float:
    """Find the time that 99 of 100 answers do not pass."""
    return sorted(seconds)[(len(seconds) * 99 - 1) // 100]


def _find_tail(rounds: Sequence[Round], name: str) -> float:
    return find_p99([seconds for each in rounds for seconds in each[name].latencies])
