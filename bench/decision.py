"""What a decision costs within the process, by the size of the list that it is made on.

Every figure is CPU time, the lowest of several runs: what else runs on the machine adds to a run,
and never takes away.
"""

import json
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from timeit import Timer

from bench.row import Measure, Row, Rows
from service.adapters.rules_file import load_builtin_rules
from service.domain.catalogue import Catalogue, TagListing
from service.domain.image import Image
from service.domain.path import choose_target
from service.domain.policy import Policy
from service.domain.recommendation import recommend
from service.domain.reference import Reference
from service.domain.rules import Rulebook, Rules
from service.domain.situation import LatestBranch, Question, Situation
from tests.lists import REAL, load_catalogue, load_listing

# From the smallest list to the largest: a node of each that has far to go.
_QUESTIONS = {
    REAL: "leap-15.5-standard-amd64-generic-v2.4.2-k3sv1.27.6-k3s1",
    "hadron": "v0.0.1-standard-amd64-generic-v3.7.0-k3s-v1.33.7-k3s1",
    "debian": "bookworm-standard-amd64-generic-v3.2.1-k3sv1.30.5-k3s1",
    "opensuse": "leap-15.6-standard-amd64-generic-v3.1.2-k3sv1.29.4-k3s1",
    "ubuntu": "24.04-standard-amd64-generic-v3.2.3-k3sv1.31.2-k3s1",
}
_LARGEST = "ubuntu"
_RUNS = 7


def measure_choice(_: Path) -> Rows:
    """Choose the target of a node, on lists of each size."""
    for name in _QUESTIONS:
        journey = _survey(name).journey(Policy())
        seconds = _time(partial(choose_target, journey, journey.running))
        yield Row("choice", seconds * 1e6, size=load_catalogue(name).tag_count)


def measure_recommendation(_: Path) -> Rows:
    """Answer a question wholly, on lists of each size."""
    for name in _QUESTIONS:
        seconds = _time(partial(recommend, _survey(name)))
        yield Row("recommendation", seconds * 1e6, size=load_catalogue(name).tag_count)


def measure_index(_: Path) -> Rows:
    """Index the largest list."""
    listing = load_listing(_LARGEST)
    seconds = _time(lambda: Catalogue.from_listing(listing))
    yield Row("index", seconds * 1e3, note=f"{len(listing.tags):,} tags")
    yield Row("index-memory", _weigh(listing) / len(json.dumps({"tags": listing.tags})))


def _survey(name: str) -> Situation:
    """Give a question about a list, with the rules that come with the service."""
    catalogue = load_catalogue(name)
    image = Image.identify(Reference(catalogue.repository, _QUESTIONS[name]))
    question = Question(image, image, Policy(), official=True, boot_state="active", form="json")
    rules = Rulebook.combine(load_builtin_rules(), Rules()).rules_for(image, official=True)
    latest = LatestBranch(load_catalogue("hadron").latest_branch, expected=True)
    return Situation.survey(question, catalogue, rules, latest)


def _time(work: Callable[[], object]) -> float:
    timer = Timer(work, timer=time.process_time)
    number, _ = timer.autorange()
    return min(timer.repeat(_RUNS, number)) / number


def _weigh(listing: TagListing) -> int:
    """Give the bytes that an index holds on to."""
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    catalogue = Catalogue.from_listing(listing)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del catalogue
    return after - before


DECISION_ROWS: tuple[Measure, ...] = (
    measure_choice,
    measure_recommendation,
    measure_index,
)
