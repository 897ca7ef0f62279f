"""The service on a snapshot, which needs nothing but itself."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.apps import ROOT
from tests.e2e.service import COMMAND, Service, start_service
from tests.worked_examples import HADRON

IMAGE = f"quay.io/kairos/{HADRON}"
RELEASE_FILE = b"""\
KAIROS_FLAVOR="ubuntu"
KAIROS_IMAGE_REPO="quay.io/kairos/ubuntu:24.04-standard-amd64-generic-v3.2.4-k3sv1.31.3-k3s1"
KAIROS_RELEASE="v3.2.4"
KAIROS_SOFTWARE_VERSION="v1.31.3+k3s1"
KAIROS_SOFTWARE_VERSION_PREFIX="k3s"
KAIROS_VERSION="v3.2.4-v1.31.3-k3s1"
"""
SETTINGS = {"ADVISOR_SNAPSHOT_DIR": "examples/snapshot"}
# What Kubernetes puts into a container for a service that is called "advisor".
INJECTED = {
    "ADVISOR_PORT": "tcp://10.0.0.1:80",
    "ADVISOR_PORT_80_TCP": "tcp://10.0.0.1:80",
    "ADVISOR_SERVICE_HOST": "10.0.0.1",
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with start_service(tmp_path_factory.mktemp("service"), SETTINGS | INJECTED) as running:
        yield running


def test_a_snapshot_answers_without_a_registry(service: Service) -> None:
    reply = service.ask(IMAGE)

    assert reply.status == 200
    assert reply.json["target"]["version"] == "v4.2.0"
    assert reply.json["catalogue"] == {
        "fetched_at": "2026-08-21T00:00:00Z",
        "stale": False,
        "tags": 1010,
    }


def test_the_contract_is_served_as_it_is_written(service: Service) -> None:
    reply = service.get("/openapi.yaml")

    assert reply.text == (ROOT / "openapi.yaml").read_text()


def test_head_has_the_headers_of_get_and_no_body(service: Service) -> None:
    path = f"/v1/upgrade?image={IMAGE}"

    told, reply = service.get(path), service.get(path, method="HEAD")

    assert (reply.status, reply.text) == (200, "")
    assert reply.headers["Content-Length"] == told.headers["Content-Length"]
    assert reply.headers["Upgrade-Status"] == "upgrade_available"


def test_an_answer_without_content_ends_at_once(service: Service) -> None:
    reply = service.ask(IMAGE, format="text", max_step="minor")

    assert (reply.status, reply.text) == (204, "")
    assert reply.headers["Upgrade-Status"] == "withheld"


def test_a_release_file_is_answered_as_it_is_on_the_node(service: Service) -> None:
    path = "/v1/upgrade?format=text"

    reply = service.post(path, RELEASE_FILE, "text/plain")

    assert (reply.status, reply.text) == (
        200,
        "quay.io/kairos/ubuntu:24.04-standard-amd64-generic-v3.6.0-k3s-v1.32.9-k3s1\n",
    )


def test_a_body_says_the_same_as_a_query(service: Service) -> None:
    body = json.dumps({"image": IMAGE, "max_step": "minor"}).encode()

    reply = service.post("/v1/upgrade", body, "application/json")

    assert reply.status == 200
    assert reply.json == service.ask(IMAGE, max_step="minor").json


def test_a_body_that_is_too_large_is_refused(service: Service) -> None:
    reply = service.post("/v1/upgrade", b"#" * 300_000, "text/plain")

    assert reply.status == 413


@pytest.mark.parametrize(("surplus", "status"), [(b"", 400), (b"1\r\n#\r\n", 413)])
def test_a_body_that_does_not_say_its_length_is_refused_where_it_gets_too_large(
    service: Service, surplus: bytes, status: int
) -> None:
    chunk = b"10000\r\n" + b"#" * 0x10000 + b"\r\n"
    head = (
        b"POST /v1/upgrade HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        b"Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
    )

    answer = service.send(head + chunk * 4 + surplus + b"0\r\n\r\n")

    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"application/problem+json" in answer


def test_a_caller_who_falls_silent_within_a_request_holds_no_thread(service: Service) -> None:
    head = b"POST /v1/upgrade HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    body = head + b"Content-Type: text/plain\r\nContent-Length: 100\r\n\r\nKAIROS"

    with ThreadPoolExecutor() as pool:
        in_head, in_body = pool.map(service.send, (head, body))

    assert in_head == b""
    assert in_body.startswith(b"HTTP/1.1 400 ")


def test_raw_bytes_in_a_query_are_a_bad_request(service: Service) -> None:
    request = (
        b"GET /v1/upgrade?image=\xff&\xfe=\x80 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )

    answer = service.send(request)

    assert answer.startswith(b"HTTP/1.1 400 ")


def test_a_query_longer_than_a_line_is_refused_by_the_server(service: Service) -> None:
    answer = service.send(
        b"GET /v1/upgrade?image=" + b"a" * 50_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    )

    assert re.match(rb"HTTP/1\.1 4\d\d ", answer)


def test_all_bad_settings_stop_the_start_with_one_message() -> None:
    bad = {
        "ADVISOR_FRESH_SECONDS": "soon",
        "ADVISOR_NO_SUCH_THING": "1",
        "ADVISOR_REGISTRY_AUTH_FILE": __file__,
        "ADVISOR_REPOSITORIES": "nowhere",
        "PORT": "http",
    }

    started = subprocess.run(  # noqa: S603 - our own command
        COMMAND,
        cwd=ROOT,
        env=bad,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert started.returncode != 0
    message = (started.stdout + started.stderr).strip()
    assert [name for name in bad if name in message] == list(bad)
    assert "Traceback" not in message
    assert len(message.splitlines()) == 1


def test_a_termination_ends_the_service_cleanly(tmp_path: Path) -> None:
    with start_service(tmp_path, SETTINGS) as service:
        service.ask(IMAGE)

        service.process.send_signal(signal.SIGTERM)
        code = service.process.wait(45)

    assert code == 0
    assert "Traceback" not in service.log.read_text()
