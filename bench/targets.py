"""The table of what is measured, and what each figure is to be."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """What is wanted of a figure.

    Attributes:
        unit: Of the figure; empty for a count.
        least: The lowest figure that meets the target, where high ones are good.
        most: The highest that does, where low ones are good. Without either, the figure is there
            to compare others with.
        stretch: What would be better still.
    """

    what: str
    unit: str = ""
    least: float | None = None
    most: float | None = None
    stretch: float | None = None

    def __str__(self) -> str:
        if self.least is not None:
            return f"≥ {self.least:,g} {self.unit}".rstrip()
        return "" if self.most is None else f"≤ {self.most:,g} {self.unit}".rstrip()


# B is a Flask route that returns constant bytes, on the same settings of gunicorn.
TARGETS: Mapping[str, Target] = {
    "warm-1": Target("warm recommendation, 1 connection", "x B", least=0.85, stretch=1.25),
    "p99-1": Target("  its p99", "x B", most=1.25, stretch=1),
    "bare-1": Target("  a bare WSGI callable beside it", "x B"),
    "warm-8": Target("warm recommendation, 8 connections", "x B", least=0.8, stretch=1.25),
    "p99-8": Target("  its p99", "x B", most=1.25, stretch=1),
    "bare-8": Target("  a bare WSGI callable beside it", "x B"),
    "warm-64": Target("warm recommendation, 64 connections", "x B", least=0.8, stretch=1.25),
    "p99-64": Target("  its p99", "x B", most=1.25, stretch=1),
    "bare-64": Target("  a bare WSGI callable beside it", "x B"),
    "new-question": Target("known repository, a question not asked before", "x B", least=0.65),
    "not-modified": Target("304 on If-None-Match", "x B", least=1),
    "choice": Target("choice of the target", "µs", most=5),
    "recommendation": Target("whole recommendation", "µs", most=300, stretch=100),
    "index": Target("index of the largest list", "ms", most=20),
    "index-memory": Target("  its memory, in sizes of the raw JSON", most=2.2, stretch=0.6),
    "listing-1000": Target("cold listing in pages of 1,000, beside the network", "ms/p", most=1.2),
    "listing-100": Target("  in pages of 100", "ms/p", most=1.2),
    "storm-listings": Target("256 cold askers, 2 instances x 2 workers: listings", most=1),
    "storm-verifications": Target("  verifications", most=1),
    "storm-failed": Target("  not answered in the end", most=0),
    "storm-waited": Target("  longest wait of those let wait, in listings", most=1.25),
    "storm-patient": Target("  longest wait of those who ask again, too", most=2),
    "redis-killed": Target("Redis killed under load: failed", most=0),
    "redis-killed-worst": Target("  worst answer", "ms", most=1000),
    "redis-stalled": Target("Redis stalled under load: failed", most=0),
    "redis-stalled-worst": Target("  worst answer", "ms", most=1000),
    "registry-killed": Target("registry killed under load: failed", most=0),
    "registry-killed-worst": Target("  worst answer", "ms", most=1000),
    "tail-alone": Target("warm p99 alone", "ms", most=10),
    "tail-beside-cold": Target("warm p99 while cold repositories are asked for", "ms", most=10),
    "tail-failed": Target("  failed", most=0),
    "bulk-node": Target("1,000 nodes over 7 repositories, warm: a node", "µs", most=150),
    "bulk-whole": Target("  in all", "s", most=0.3),
    "bulk-memory": Target("  memory after ten calls of 5,000, to after two", "x", most=1.05),
    "start": Target("start to first 200", "x B", most=2.3),
    "memory": Target("memory of master and two workers (PSS)", "x B", most=1.7),
}
