"""What operators see of a service with two workers, and that they can restart it unnoticed."""

import json
import os
import re
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.apps import SNAPSHOT
from tests.e2e.deployment import run_load, start_deployment, wait_until
from tests.e2e.service import Service, start_service
from tests.worked_examples import HADRON

IMAGE = f"quay.io/kairos/{HADRON}"
_ASKED = re.compile(r'advisor_requests_total\{.*route="/v1/upgrade",status="200"\} (\S+)')


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    settings = {
        "ADVISOR_SNAPSHOT_DIR": str(SNAPSHOT),
        "TMPDIR": str(tmp_path),
        "WEB_CONCURRENCY": "2",
    }
    with start_service(tmp_path, settings) as running:
        yield running


def _workers(service: Service) -> list[int]:
    """Give the process ids of all workers that were ever started."""
    return [int(each) for each in re.findall(r"worker with pid: (\d+)", service.log.read_text())]


def _count_asked(service: Service) -> float:
    found = _ASKED.search(service.get("/metrics").text)
    return float(found[1]) if found else 0


def test_the_metrics_are_those_of_all_workers_whichever_is_asked(service: Service) -> None:
    for _ in range(20):
        service.ask(IMAGE)

    assert {_count_asked(service) for _ in range(10)} == {20}


def test_the_counts_of_a_killed_worker_stay_and_its_gauges_do_not(
    service: Service, tmp_path: Path
) -> None:
    for _ in range(20):
        service.ask(IMAGE)
    killed = _workers(service)[0]

    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: len(_workers(service)) == 3)

    assert _count_asked(service) == 20
    kinds = {file.name.split("_")[0] for file in tmp_path.glob(f"kairos-*/*_{killed}.db")}
    assert kinds == {"counter", "histogram"}


def test_sighup_under_load_loses_no_request(service: Service) -> None:
    with run_load([service], IMAGE, callers=8) as load:
        load.wait_for(100)
        service.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(_workers(service)) == 4)
        load.wait_for(200)
        service.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(_workers(service)) == 6)
        load.wait_for(200)

    assert load.failed == []


def test_sigterm_lets_requests_in_flight_end(tmp_path: Path) -> None:
    with (
        start_deployment(tmp_path, instances=1, delay_seconds=1) as deployment,
        ThreadPoolExecutor(4) as pool,
    ):
        service = deployment.services[0]
        asked = [pool.submit(service.ask, deployment.image) for _ in range(4)]
        wait_until(lambda: deployment.front.listings)
        service.process.terminate()

        assert [each.result().status for each in asked] == [200] * 4
        assert service.process.wait(10) == 0


def test_every_line_of_the_log_is_json(service: Service) -> None:
    service.ask(IMAGE)
    service.get("/livez")
    service.send(b"nonsense\r\n\r\n")
    service.process.send_signal(signal.SIGHUP)
    wait_until(lambda: len(_workers(service)) == 4)

    lines = [json.loads(line) for line in service.log.read_text().splitlines()]

    assert all({"event", "level", "timestamp"} <= set(line) for line in lines)
    (asked,) = (line for line in lines if line["event"] == "request")
    assert asked["decision"]["running"] == IMAGE


def test_the_directory_of_the_metrics_ends_with_the_service(tmp_path: Path) -> None:
    settings = {"ADVISOR_SNAPSHOT_DIR": str(SNAPSHOT), "TMPDIR": str(tmp_path / "tmp")}
    (tmp_path / "tmp").mkdir()

    with start_service(tmp_path, settings) as service:
        service.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(_workers(service)) == 2)
        made = list((tmp_path / "tmp").glob("kairos-*"))

    assert len(made) == 1
    assert list((tmp_path / "tmp").glob("kairos-*")) == []
