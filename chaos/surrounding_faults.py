"""What is done to Redis, to the registry, to the disk of the metrics and to the clock."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path

from chaos.load import Load, run_load
from chaos.outcome import Outcome
from chaos.process_faults import reload_workers, warm
from tests.e2e.deployment import Deployment, start_deployment, wait_until

_SECONDS = 3.0
_SHORT = {"ADVISOR_FRESH_SECONDS": "1"}
# What has failed is left alone for ten seconds, so that this takes two such pauses.
_REFUSALS = 3
_CLOCK = Path(__file__).parent / "clock"


def _run(
    directory: Path,
    settings: Mapping[str, str],
    fault: Callable[[Deployment, Load], None],
) -> Load:
    with start_deployment(directory, settings) as deployment:
        warm(deployment)
        with run_load(deployment.services, deployment.image) as load:
            time.sleep(_SECONDS / 3)
            fault(deployment, load)
    return load


def kill_redis(directory: Path) -> Iterator[Outcome]:
    """Kill Redis, and start it again, empty."""

    def fault(deployment: Deployment, _: Load) -> None:
        deployment.redis.kill()
        time.sleep(_SECONDS)
        deployment.redis.start()
        time.sleep(_SECONDS)

    yield Outcome.of("Redis killed, and back empty", _run(directory, {}, fault))


def stall_redis(directory: Path) -> Iterator[Outcome]:
    """Stop Redis without closing a connection."""

    def fault(deployment: Deployment, _: Load) -> None:
        deployment.redis.freeze()
        time.sleep(_SECONDS)
        deployment.redis.thaw()
        time.sleep(_SECONDS)

    yield Outcome.of("Redis stalled, and going on", _run(directory, {}, fault))


def restart_redis(directory: Path) -> Iterator[Outcome]:
    """Restart Redis again and again."""

    def fault(deployment: Deployment, _: Load) -> None:
        for _round in range(5):
            deployment.redis.kill()
            deployment.redis.start()
            time.sleep(_SECONDS / 3)

    yield Outcome.of("Redis restarted 5 times", _run(directory, {}, fault))


def kill_registry(directory: Path) -> Iterator[Outcome]:
    """Kill the registry while listings are due every second."""

    def fault(deployment: Deployment, _: Load) -> None:
        deployment.stop_registry()
        time.sleep(2 * _SECONDS)

    yield Outcome.of("registry killed", _run(directory, _SHORT, fault))


def storm_429(directory: Path) -> Iterator[Outcome]:
    """Have the registry answer nothing but 429, until it was asked again after its pauses."""
    seconds = 0.0

    def fault(deployment: Deployment, _: Load) -> None:
        nonlocal seconds
        begun = time.monotonic()
        deployment.front.refusal = HTTPStatus.TOO_MANY_REQUESTS
        wait_until(lambda: deployment.front.refused >= _REFUSALS)
        seconds = time.monotonic() - begun

    load = _run(directory, _SHORT, fault)
    note = f"asked {_REFUSALS} times in {seconds:.0f} s"
    yield Outcome.of("registry answers 429 only", load, note=note)


def fill_metrics_directory(directory: Path) -> Iterator[Outcome]:
    """Give the metrics a disk that has no room but for one worker, and then none at all."""
    name = "metrics directory full"
    if os.geteuid() != 0:
        yield Outcome(name, 0, 0, 0, note="left out: only root can make so small a disk")
        return
    settings = {"WEB_CONCURRENCY": "2"}
    with _tiny_disk(directory / "disk") as disk:
        settings["PROMETHEUS_MULTIPROC_DIR"] = str(disk)
        with start_deployment(directory, settings, instances=1) as deployment:
            service = deployment.services[0]
            warm(deployment)
            with run_load(deployment.services, deployment.image) as load:
                time.sleep(_SECONDS / 3)
                _fill(disk)
                time.sleep(_SECONDS / 3)
                reload_workers(service)
                time.sleep(_SECONDS)
            status = service.get("/metrics").status
            told = service.log.read_text().count("worker_not_counted")
    yield Outcome.of(name, load, note=f"/metrics {status}; {told} workers not counted")


def _fill(disk: Path) -> None:
    with suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(b"x" * 4096)


@contextmanager
def _tiny_disk(disk: Path) -> Iterator[Path]:
    disk.mkdir()
    mount = shutil.which("mount") or "mount"
    options = ("-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk))
    subprocess.run([mount, *options], check=True)  # noqa: S603 - a fixed program
    try:
        yield disk
    finally:
        subprocess.run([shutil.which("umount") or "umount", str(disk)], check=True)  # noqa: S603 - as above


def jump_clock(directory: Path) -> Iterator[Outcome]:
    """Set the clock of the service forward by two hours, and back by three."""
    offset = directory / "offset"
    offset.write_text("0")
    settings = {"PYTHONPATH": str(_CLOCK), "CHAOS_CLOCK": str(offset)}
    seen: list[str] = []

    def fault(deployment: Deployment, _: Load) -> None:
        for hours in (2, -1):
            offset.write_text(str(hours * 3600))
            time.sleep(_SECONDS)
            line = deployment.services[0].log.read_text().splitlines()[-1]
            seen.append(json.loads(line)["timestamp"][:19])

    load = _run(directory, settings, fault)
    yield Outcome.of("clock set 2 h forward, then 3 h back", load, note=f"seen {', '.join(seen)}")
