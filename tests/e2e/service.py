"""The service as it is run: gunicorn, its configuration, a port, and HTTP."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.apps import ROOT

COMMAND = (sys.executable, "-m", "gunicorn", "service.wsgi:app")
_START_SECONDS = 30
_STOP_SECONDS = 45
_ANSWER_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Reply:
    """What came over HTTP."""

    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def json(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.text)
        return body


@dataclass(frozen=True, slots=True)
class Service:
    """A service that answers.

    Attributes:
        log: What it has written so far, to stdout and stderr.
    """

    port: int
    process: "subprocess.Popen[bytes]"
    log: Path

    def get(self, path: str, method: str = "GET", **headers: str) -> Reply:
        return self._request(method, path, None, headers)

    def post(self, path: str, body: bytes, content_type: str) -> Reply:
        return self._request("POST", path, body, {"Content-Type": content_type})

    def _request(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_ANSWER_SECONDS)
        try:
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read().decode())
        finally:
            connection.close()

    def ask(self, image: str, **query: str) -> Reply:
        return self.get(f"/v1/upgrade?{urlencode({'image': image, **query})}")

    def send(self, request: bytes) -> bytes:
        """Send bytes that no client would, and give all that comes back."""
        with socket.create_connection(("127.0.0.1", self.port), _ANSWER_SECONDS) as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65_536), b""))


@contextmanager
def start_service(
    directory: Path, settings: Mapping[str, str], command: Sequence[str] = COMMAND
) -> Iterator[Service]:
    """Run the service with these settings and nothing else of the environment."""
    port = choose_free_port()
    log = directory / f"service-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command,
            cwd=ROOT,
            env={**settings, "PORT": str(port)},
            stdout=output,
            stderr=subprocess.STDOUT,
            # A group of its own, so that no worker outlives a failed test.
            start_new_session=True,
        )
    service = Service(port, process, log)
    try:
        _wait_until_live(service)
        yield service
    finally:
        _stop(process)


def choose_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _wait_until_live(service: Service) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and service.process.poll() is None:
        with suppress(OSError):
            if service.get("/livez").status == http.HTTPStatus.OK:
                return
        time.sleep(0.01)
    raise RuntimeError(f"the service did not start: {service.log.read_text()}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
