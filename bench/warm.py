"""What a warm answer costs beside servers that do nothing: all features on, one worker."""

import http.client
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import count, repeat
from pathlib import Path
from urllib.parse import urlencode

from bench.bare import build_bare_app, build_flask_app
from bench.baseline import start_baseline
from bench.connection import Load, build_request, interleave
from bench.estimate import Estimate, Round, compare_rates, compare_tails
from bench.row import Measure, Row, Rows
from tests.e2e.deployment import start_deployment, wait_until

_SECONDS = 16.0
_CONNECTIONS = (1, 8, 64)
_USUAL = 8
_WARM_UP_SECONDS = 0.5
# One worker, for connections that are kept alive stay with theirs.
_SETTINGS = {"WEB_CONCURRENCY": "1"}


@dataclass(frozen=True, slots=True)
class _Rivals:
    """The service and what it is compared with, warm.

    Attributes:
        path: Of a question that there is an upgrade for.
        tag: The entity tag of its answer.
    """

    path: str
    tag: str
    service: Load
    flask: Load
    bare: Load

    def compare(self, requests: Iterator[bytes], connections: int, status: int = 200) -> "_Run":
        """Put the service, itself again, and both others by turns under load."""
        ours = replace(self.service, requests=requests, status=status)
        loads = [ours, replace(ours, name="again"), self.flask, self.bare]
        interleave(loads, connections, _WARM_UP_SECONDS)
        return _Run(interleave(loads, connections, _SECONDS))


@dataclass(frozen=True, slots=True)
class _Run:
    rounds: Sequence[Round]

    def tell(self, key: str) -> Row:
        """Give the row of the service's rate, in units of Flask's."""
        return self._row(key, compare_rates(self.rounds, "again", "flask"))

    def tell_tail(self, key: str) -> Row:
        """Give the row of its p99, in units of Flask's."""
        return self._row(key, compare_tails(self.rounds, "again", "flask"))

    def tell_bare(self, key: str) -> Row:
        """Give the row of the bare callable's rate, in units of Flask's."""
        return self._row(key, compare_rates(self.rounds, "bare", "flask"))

    def _row(self, key: str, found: Estimate) -> Row:
        control = compare_rates(self.rounds, "service", "again").figure
        return Row(key, found.figure, found.error, control)


def measure_warm(directory: Path) -> Rows:
    """Ask a known question again and again."""
    with _start_rivals(directory) as rivals:
        for connections in _CONNECTIONS:
            run = rivals.compare(rivals.service.requests, connections)
            yield run.tell(f"warm-{connections}")
            yield run.tell_tail(f"p99-{connections}")
            yield run.tell_bare(f"bare-{connections}")


def measure_new_question(directory: Path) -> Rows:
    """Ask of a known repository what was never asked before."""
    with _start_rivals(directory) as rivals:
        # Releases that no list has, so that the answer is the same.
        new = (
            build_request(f"{rivals.path}&exclude=v9.{number // 1000}.{number % 1000}")
            for number in count()
        )
        yield rivals.compare(new, _USUAL).tell("new-question")


def measure_not_modified(directory: Path) -> Rows:
    """Ask again with what was answered before."""
    with _start_rivals(directory) as rivals:
        request = build_request(rivals.path, If_None_Match=rivals.tag)
        run = rivals.compare(repeat(request), _USUAL, http.client.NOT_MODIFIED)
        yield run.tell("not-modified")


@contextmanager
def _start_rivals(directory: Path) -> Iterator[_Rivals]:
    with ExitStack() as stack:
        deployment = stack.enter_context(start_deployment(directory, _SETTINGS, instances=1))
        service = deployment.services[0]
        path = f"/v1/upgrade?{urlencode({'image': deployment.image})}"
        wait_until(lambda: service.get(path).json["target"]["verified"])
        reply = service.get(path)
        body = directory / "answer.json"
        body.write_text(reply.text)

        def start(name: str, build: Callable[..., object]) -> Load:
            app = f"{build.__name__}({str(body)!r})"
            started = stack.enter_context(start_baseline(directory, app))
            return Load(name, started.port, repeat(build_request(path)))

        yield _Rivals(
            path,
            reply.headers["ETag"],
            Load("service", service.port, repeat(build_request(path))),
            start("flask", build_flask_app),
            start("bare", build_bare_app),
        )


WARM_ROWS: tuple[Measure, ...] = (
    measure_warm,
    measure_new_question,
    measure_not_modified,
)
