"""Answers to many nodes as the wire has them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from service.domain.recommendation import Recommendation
from service.domain.warning import UpgradeWarning
from service.fleet import FleetAnswer, FleetNode, Found
from service.web.decision import Decision, note_decision
from service.web.json_answer import dump_json
from service.web.problems import describe_error
from service.web.shapes import dump_recommendation, dump_warning


def dump_answers(nodes: Sequence[FleetNode], answers: Sequence[FleetAnswer]) -> bytes:
    """Dump the answer of each node, in order, and how many there are of each kind."""
    dump = _Dump()
    results = [
        {"name": node.name, _member(answer.found): dump.answer(answer)}
        for node, answer in zip(nodes, answers, strict=True)
    ]
    summary = Counter(_kind(answer.found) for answer in answers)
    return dump_json({"results": results, "summary": summary})


def note_answers(nodes: Sequence[FleetNode], answers: Sequence[FleetAnswer]) -> None:
    """Have the decision for each node logged and counted."""
    decisions: dict[int, Decision] = {}
    for node, answer in zip(nodes, answers, strict=True):
        if not isinstance(answer.found, Recommendation):
            continue
        # What many nodes share is one object.
        if id(answer.found) not in decisions:
            decisions[id(answer.found)] = Decision.of(answer.found)
        shared = decisions[id(answer.found)]
        held = (answer.held.code,) if answer.held else ()
        note_decision(replace(shared, warnings=(*held, *shared.warnings), node=node.name))


class _Dump:
    """Dumps what many nodes share once; that is one object, so its identity tells it."""

    def __init__(self) -> None:
        self._shared: dict[int, Mapping[str, Any]] = {}
        self._written: dict[tuple[int, UpgradeWarning | None], orjson.Fragment] = {}

    def answer(self, answer: FleetAnswer) -> orjson.Fragment:
        """Give an answer as it is written."""
        key = id(answer.found), answer.held
        if key not in self._written:
            shared = self._share(answer.found)
            if answer.held:
                warnings = [dump_warning(answer.held), *shared["warnings"]]
                shared = {**shared, "warnings": warnings}
            self._written[key] = orjson.Fragment(orjson.dumps(shared))
        return self._written[key]

    def _share(self, found: Found) -> Mapping[str, Any]:
        if id(found) not in self._shared:
            self._shared[id(found)] = (
                dump_recommendation(found)
                if isinstance(found, Recommendation)
                else describe_error(found)
            )
        return self._shared[id(found)]


def _member(found: Found) -> str:
    return "upgrade" if isinstance(found, Recommendation) else "problem"


def _kind(found: Found) -> str:
    return str(found.status) if isinstance(found, Recommendation) else found.slug
