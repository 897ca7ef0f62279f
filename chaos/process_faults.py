"""What is done to the service's own processes."""

import os
import re
import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path

from chaos.load import run_load
from chaos.outcome import Outcome
from tests.e2e.deployment import Deployment, start_deployment, wait_until
from tests.e2e.service import Service

_ROUNDS = 3
_ROUND_SECONDS = 3.0
_IN_FLIGHT = 8
_STOPPING_SECONDS = 0.05


def warm(deployment: Deployment) -> None:
    """Let every worker answer once."""
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: deployment.ask_all(), range(32)))


def list_workers(service: Service) -> list[int]:
    """Give the process ids of the workers that serve."""
    started = re.findall(r"worker with pid: (\d+)", service.log.read_text())
    return [int(each) for each in started if _is_running(int(each))]


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def do_nothing(directory: Path) -> Iterator[Outcome]:
    """Ask while nothing is broken, to compare with."""
    with start_deployment(directory) as deployment:
        warm(deployment)
        with run_load(deployment.services, deployment.image) as load:
            time.sleep(_ROUND_SECONDS)
    yield Outcome.of("nothing", load)


def kill_workers(directory: Path) -> Iterator[Outcome]:
    """Kill a worker, again and again."""
    held: set[int] = set()
    with start_deployment(directory) as deployment:
        warm(deployment)
        with run_load(deployment.services, deployment.image) as load:
            for _ in range(_ROUNDS):
                time.sleep(_ROUND_SECONDS / 2)
                held |= _kill(list_workers(deployment.services[0])[0])
                time.sleep(_ROUND_SECONDS / 2)
    yield Outcome.of(f"{_ROUNDS} workers killed (SIGKILL)", load, killed=held)


def _kill(worker: int) -> set[int]:
    """Kill a worker, and give the callers' ports of the connections that it held just before."""
    os.kill(worker, signal.SIGSTOP)
    # Its threads take a moment to stop; from then on, it accepts no more.
    time.sleep(_STOPPING_SECONDS)
    held = {str(each.readlink()) for each in Path(f"/proc/{worker}/fd").iterdir()}
    sockets = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    os.kill(worker, signal.SIGKILL)
    return {int(each[2].partition(":")[2], 16) for each in sockets if f"socket:[{each[9]}]" in held}


def reload(directory: Path) -> Iterator[Outcome]:
    """Have all workers replaced, again and again."""
    with start_deployment(directory) as deployment:
        warm(deployment)
        with run_load(deployment.services, deployment.image) as load:
            for _ in range(_ROUNDS):
                for service in deployment.services:
                    reload_workers(service)
                time.sleep(_ROUND_SECONDS / 2)
    yield Outcome.of(f"{2 * _ROUNDS} reloads (SIGHUP)", load)


def reload_workers(service: Service) -> None:
    """Send SIGHUP, and wait until none of the workers of before is left."""
    before = set(list_workers(service))
    service.process.send_signal(signal.SIGHUP)
    wait_until(lambda: not before & set(list_workers(service)))


def terminate(directory: Path) -> Iterator[Outcome]:
    """Stop an instance that has questions in flight, as a rolling update does."""
    with start_deployment(directory) as deployment:
        warm(deployment)
        stopped, going = deployment.services
        deployment.front.delay_seconds = 2
        cold = [deployment.image.replace("hadron:", f"cold-{n}:") for n in range(_IN_FLIGHT)]
        before = len(deployment.front.listings)
        with (
            ThreadPoolExecutor(_IN_FLIGHT) as pool,
            run_load([going], deployment.image) as load,
        ):
            asked = [pool.submit(stopped.ask, image) for image in cold]
            wait_until(lambda: len(deployment.front.listings) > before)
            begun = time.monotonic()
            stopped.process.terminate()
            statuses = [each.result().status for each in asked]
            stopped.process.wait()
            took = time.monotonic() - begun
    yield _tell_in_flight(statuses, took)
    yield Outcome.of("  the other instance meanwhile", load)


def _tell_in_flight(statuses: Sequence[int], took: float) -> Outcome:
    # Those without a seat are told so at once, which is an answer; none may go without one.
    answered = [each in (HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE) for each in statuses]
    note = f"{statuses.count(HTTPStatus.OK)} listed and answered; stopped after {took:.1f} s"
    return Outcome(
        "SIGTERM with questions in flight",
        len(statuses),
        answered.count(False),
        took * 1000,
        note=note,
    )
