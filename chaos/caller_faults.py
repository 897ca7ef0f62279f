"""What callers do who mean no good, beside those who do."""

import random
import socket
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

from chaos.load import run_load
from chaos.outcome import Outcome
from chaos.process_faults import warm
from tests.e2e.deployment import start_deployment
from tests.e2e.service import Service

_MALFORMED = 10_000
_AT_ONCE = 8
# For each instance. The kernel may give all of them to one worker, whose 16 threads they must not
# hold: that is what a proxy in front is for.
_SLOW_SENDERS = 12
_SLOW_SECONDS = 10

_HEAD = b"Host: x\r\nConnection: close\r\n"
_GET = b"GET %s HTTP/1.1\r\n" + _HEAD + b"\r\n"
_POST = b"POST /v1/upgrade HTTP/1.1\r\n" + _HEAD
_JSON = _POST + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
_BODIES = (
    b"{",
    b"[]",
    b'{"image": 1}',
    b"\xff\xfe",
    b"[" * 50_000,
    b'{"image": "x", "image": "y"}',
)
_REQUESTS = (
    b"nonsense\r\n\r\n",
    b"\x00\x01\x02\x03\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET  /livez HTTP/1.1\r\n\r\n",
    b"M\xc3\xa4H /livez HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nno colon\r\n\r\n",
    _GET % (b"/" + b"x" * 9_000),
    b"GET /livez HTTP/1.1\r\n" + _HEAD + b"X: " + b"y" * 9_000 + b"\r\n\r\n",
    b"GET /livez HTTP/1.1\r\n" + _HEAD + b"X: y\r\n" * 100 + b"\r\n",
    _GET % b"/v1/upgrade",
    _GET % b"/v1/upgrade?image=",
    _GET % b"/v1/upgrade?image=%ff%fe",
    _GET % b"/v1/upgrade?image=a&image=b",
    _GET % b"/v1/upgrade?image=../../etc/passwd",
    _GET % (b"/v1/upgrade?image=" + b"a/" * 3_000),
    _GET % b"/v1/upgrade?unknown=1",
    _GET % b"/%2e%2e/%2e%2e/etc/passwd",
    b"BREW /livez HTTP/1.1\r\n" + _HEAD + b"\r\n",
    _POST + b"Transfer-Encoding: chunked\r\n\r\nZZZ\r\n",
    _POST + b"Content-Length: -1\r\n\r\n",
    _POST + b"Content-Length: 99999999999\r\n\r\n",
    _POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    *(_JSON % (len(body), body) for body in _BODIES),
)


def send_malformed(directory: Path) -> Iterator[Outcome]:
    """Send ten thousand requests that no client would."""
    choose = random.Random(1)  # noqa: S311 - the same requests each time
    requests = choose.choices(_REQUESTS, k=_MALFORMED)
    with start_deployment(directory) as deployment:
        warm(deployment)
        service = deployment.services[0]
        with (
            ThreadPoolExecutor(_AT_ONCE) as pool,
            run_load(deployment.services, deployment.image, callers=4) as load,
        ):
            begun = time.monotonic()
            kinds = Counter(pool.map(lambda request: _send(service, request), requests))
            seconds = time.monotonic() - begun
    refused = sum(count for kind, count in kinds.items() if kind[:1] in ("4", "-"))
    note = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    each = seconds / _MALFORMED * _AT_ONCE * 1000
    yield Outcome("10,000 malformed requests", _MALFORMED, _MALFORMED - refused, each, note=note)
    yield Outcome.of("  good callers meanwhile", load)


def _send(service: Service, request: bytes) -> str:
    """Give the status of the answer; a dash where the connection was closed without one."""
    with suppress(ConnectionError):
        answer = service.send(request)
        if answer:
            return answer.split()[1].decode()
    return "-"


def send_slowly(directory: Path) -> Iterator[Outcome]:
    """Send a byte of a request a second, on most threads of a worker at worst."""
    with start_deployment(directory) as deployment, ExitStack() as stack:
        warm(deployment)
        slow = [
            stack.enter_context(socket.create_connection(("127.0.0.1", service.port)))
            for service in deployment.services
            for _ in range(_SLOW_SENDERS)
        ]
        for connection in slow:
            connection.sendall(b"GET /livez HTTP/1.1\r\nX: ")
        with run_load(deployment.services, deployment.image) as load:
            for _ in range(_SLOW_SECONDS):
                time.sleep(1)
                for connection in slow:
                    with suppress(OSError):
                        connection.sendall(b"y")
    yield Outcome.of(f"{2 * _SLOW_SENDERS} slow senders for {_SLOW_SECONDS} s", load)
