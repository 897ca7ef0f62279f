"""Storms and faults: two instances with two workers each, behind one Redis.

Everything runs on the loopback interface, in bounded loops.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from bench.estimate import find_p99
from bench.row import Measure, Row, Rows
from tests.e2e.deployment import (
    Deployment,
    Load,
    ask_until_answered,
    run_load,
    start_deployment,
    wait_until,
)
from tests.e2e.service import Service

_ASKERS = 256
_LISTING_SECONDS = 2.0
# As nodes ask that act on the answer unread; a target that was not verified is none for them.
_ACTED_ON = {"format": "text", "accept": "major_jump"}


def measure_cold_storm(directory: Path) -> Rows:
    """Ask 256 times at once for what nobody knows."""
    with (
        start_deployment(directory, delay_seconds=_LISTING_SECONDS) as deployment,
        ThreadPoolExecutor(_ASKERS) as pool,
    ):

        def ask(service: Service) -> tuple[int, int, float]:
            begun = time.monotonic()
            reply, refused = ask_until_answered(service, deployment.image, **_ACTED_ON)
            return reply.status, refused, time.monotonic() - begun

        outcomes = list(pool.map(ask, deployment.services * (_ASKERS // 2)))
        listings = deployment.front.count("kairos/hadron")
        manifests = len(deployment.front.manifests)
    patient = sum(refused > 0 for _, refused, _ in outcomes)
    at_once = [seconds for _, refused, seconds in outcomes if not refused]
    yield Row("storm-listings", listings)
    yield Row("storm-verifications", manifests)
    failed = sum(status != 200 for status, *_ in outcomes)
    yield Row("storm-failed", failed, note=f"{patient} asked again, as told")
    yield Row("storm-waited", max(at_once) / _LISTING_SECONDS)
    last = max(seconds for *_, seconds in outcomes)
    yield Row("storm-patient", last / _LISTING_SECONDS)


def measure_redis_killed(directory: Path) -> Rows:
    """Kill Redis while callers ask, and start it again, empty."""
    with start_deployment(directory) as deployment, _loaded(deployment) as load:
        deployment.redis.kill()
        load.wait_for(400)
        deployment.redis.start()
        load.wait_for(400)
    yield from _tell("redis-killed", load)


def measure_redis_stalled(directory: Path) -> Rows:
    """Stop Redis without closing a connection while callers ask."""
    with start_deployment(directory) as deployment, _loaded(deployment) as load:
        deployment.redis.freeze()
        load.wait_for(800)
        deployment.redis.thaw()
    yield from _tell("redis-stalled", load)


def measure_registry_killed(directory: Path) -> Rows:
    """Kill the registry while callers ask for what is known, and no longer fresh."""
    settings = {"ADVISOR_FRESH_SECONDS": "1"}
    with start_deployment(directory, settings) as deployment, _loaded(deployment) as load:
        deployment.stop_registry()
        wait_until(lambda: load.replies[-1].json["catalogue"]["stale"])
        load.wait_for(400)
    yield from _tell("registry-killed", load)


def measure_warm_beside_cold(directory: Path) -> Rows:
    """Ask for what is known, alone and while 64 callers ask for what is not."""
    with start_deployment(directory) as deployment:
        _warm(deployment)
        with run_load(deployment.services, deployment.image, callers=1) as alone:
            alone.wait_for(500)
        deployment.front.delay_seconds = 5
        cold = [deployment.image.replace("hadron:", f"cold-{n}:") for n in range(64)]
        with ThreadPoolExecutor(64) as pool:
            asked = [
                pool.submit(deployment.services[n % 2].ask, image) for n, image in enumerate(cold)
            ]
            # The callers themselves are all started; what is measured is the waiting.
            time.sleep(1)
            with run_load(deployment.services, deployment.image, callers=1) as beside:
                beside.wait_for(500)
            waiting = sum(not each.done() for each in asked)
    yield Row("tail-alone", find_p99(alone.seconds) * 1000)
    note = f"{waiting} of 64 wait"
    yield Row("tail-beside-cold", find_p99(beside.seconds) * 1000, note=note)
    yield Row("tail-failed", len(beside.failed))


@contextmanager
def _loaded(deployment: Deployment) -> Iterator[Load]:
    """Warm all workers, and give the load of four callers that has begun."""
    _warm(deployment)
    with run_load(deployment.services, deployment.image) as load:
        load.wait_for(100)
        yield load


def _tell(what: str, load: Load) -> Rows:
    yield Row(what, len(load.failed), note=f"of {len(load.seconds):,} requests")
    yield Row(f"{what}-worst", max(load.seconds) * 1000)


def _warm(deployment: Deployment) -> None:
    """Let every worker answer once."""
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: deployment.ask_all(), range(32)))


SHARING_ROWS: tuple[Measure, ...] = (
    measure_cold_storm,
    measure_redis_killed,
    measure_redis_stalled,
    measure_registry_killed,
    measure_warm_beside_cold,
)
