"""How soon the service answers after its start, and what memory it takes."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from bench.bare import build_flask_app
from bench.baseline import start_baseline
from bench.estimate import Slice, compare_rates
from bench.process import weigh_tree
from bench.row import Measure, Row, Rows
from tests.apps import ROOT
from tests.e2e.deployment import start_deployment
from tests.e2e.service import COMMAND, Service, start_service

# The environment of ``make run``, as it is deployed. Beside it are tools of developers, and some
# libraries load what they find of those: structlog all of rich, which takes 45 ms.
_PYTHON = str(ROOT / ".venv/bin/python")
_COMMAND = (_PYTHON, *COMMAND[1:])

_STARTS = 8
_WORKERS = 2
_REQUESTS = 400


def measure_start(directory: Path) -> Rows:
    """Start the service, itself again, and bare Flask by turns, until each answers with 200."""
    with start_deployment(directory, instances=0) as deployment:
        flask, environ = _name_flask(directory), {**deployment.environ, "WEB_CONCURRENCY": "1"}

        def start_ours() -> AbstractContextManager[Service]:
            return start_service(directory, environ, _COMMAND)

        def start_flask() -> AbstractContextManager[Service]:
            return start_baseline(directory, flask, python=_PYTHON)

        ways = {"service": start_ours, "again": start_ours, "flask": start_flask}
        # The first start of each compiles, or writes down, what the others find.
        rounds = [{name: _time(start) for name, start in ways.items()} for _ in range(_STARTS + 1)]
    control = compare_rates(rounds[1:], "service", "again").figure
    # Who starts in half the time starts twice as often.
    found = compare_rates(rounds[1:], "flask", "again")
    yield Row("start", found.figure, found.error, control)


def measure_memory(directory: Path) -> Rows:
    """Weigh the service and bare Flask, when their workers have answered."""
    with (
        start_deployment(directory, instances=0) as deployment,
        start_service(directory, deployment.environ, _COMMAND) as ours,
        start_baseline(directory, _name_flask(directory), _WORKERS, _PYTHON) as flask,
    ):
        for service in (ours, flask):
            for _ in range(_REQUESTS):
                service.ask(deployment.image)
        whole, bare = (weigh_tree(each.process.pid) / 1024 for each in (ours, flask))
    yield Row("memory", whole / bare, note=f"{whole:.0f} MiB, Flask {bare:.0f}")


def _name_flask(directory: Path) -> str:
    file = directory / "answer.json"
    file.write_text("{}\n")
    return f"{build_flask_app.__name__}({str(file)!r})"


def _time(start: Callable[[], AbstractContextManager[Service]]) -> Slice:
    """Give one start as a slice of time that had one answer."""
    begun = time.perf_counter()
    with start():
        seconds = time.perf_counter() - begun
    return Slice(seconds, [seconds])


FOOTPRINT_ROWS: tuple[Measure, ...] = (measure_start, measure_memory)
