"""Storms and faults: two instances with two workers each, behind one Redis.

Everything runs on the loopback interface, in bounded loops.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from bench.row import Row
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


def measure_cold_storm(directory: Path) -> Iterator[Row]:
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
    yield Row("256 cold askers, 2 instances x 2 workers: listings", listings, "", 1)
    yield Row("  verifications", manifests, "", 1)
    failed = sum(status != 200 for status, *_ in outcomes)
    yield Row(f"  not answered in the end ({patient} asked again, as told)", failed, "", 0)
    last = max(at_once) / _LISTING_SECONDS
    yield Row("  longest wait of those who were let wait, in listings", last, "", 1.25)
    last = max(seconds for *_, seconds in outcomes) / _LISTING_SECONDS
    yield Row("  longest wait of those who ask again each second, too", last, "", 2)


def measure_redis_killed(directory: Path) -> Iterator[Row]:
    """Kill Redis while callers ask, and start it again, empty."""
    with start_deployment(directory) as deployment, _loaded(deployment) as load:
        deployment.redis.kill()
        load.wait_for(400)
        deployment.redis.start()
        load.wait_for(400)
    yield from _tell("Redis killed under load", load)


def measure_redis_stalled(directory: Path) -> Iterator[Row]:
    """Stop Redis without closing a connection while callers ask."""
    with start_deployment(directory) as deployment, _loaded(deployment) as load:
        deployment.redis.freeze()
        load.wait_for(800)
        deployment.redis.thaw()
    yield from _tell("Redis stalled under load", load)


def measure_registry_killed(directory: Path) -> Iterator[Row]:
    """Kill the registry while callers ask for what is known, and no longer fresh."""
    settings = {"ADVISOR_FRESH_SECONDS": "1"}
    with start_deployment(directory, settings) as deployment, _loaded(deployment) as load:
        deployment.stop_registry()
        wait_until(lambda: load.replies[-1].json["catalogue"]["stale"])
        load.wait_for(400)
    yield from _tell("registry killed under load", load)


def measure_warm_beside_cold(directory: Path) -> Iterator[Row]:
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
    yield Row("warm p99 alone", _find_p99(alone.seconds) * 1000, "ms", 10)
    what = f"warm p99 while {waiting} of 64 cold callers wait"
    yield Row(what, _find_p99(beside.seconds) * 1000, "ms", 10)
    yield Row("  failed", len(beside.failed), "", 0)


@contextmanager
def _loaded(deployment: Deployment) -> Iterator[Load]:
    """Warm all workers, and give the load of four callers that has begun."""
    _warm(deployment)
    with run_load(deployment.services, deployment.image) as load:
        load.wait_for(100)
        yield load


def _tell(what: str, load: Load) -> Iterator[Row]:
    yield Row(f"{what}: failed of {len(load.seconds):,} requests", len(load.failed), "", 0)
    yield Row("  worst answer", max(load.seconds) * 1000, "ms", 1000)


def _warm(deployment: Deployment) -> None:
    """Let every worker answer once."""
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: deployment.ask_all(), range(32)))


def _find_p99(seconds: Sequence[float]) -> float:
    return sorted(seconds)[len(seconds) * 99 // 100]


SHARING_ROWS: tuple[Callable[[Path], Iterator[Row]], ...] = (
    measure_cold_storm,
    measure_redis_killed,
    measure_redis_stalled,
    measure_registry_killed,
    measure_warm_beside_cold,
)
