"""Steady callers, half of whom keep their connection, and what they saw."""

import http.client
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from urllib.parse import urlencode

from tests.e2e.calling import calling
from tests.e2e.service import Service

_SECONDS = 30
# Callers think between two questions, so that what is measured is the service and not themselves.
_THINKING_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class Asked:
    """One question.

    Attributes:
        trouble: Why it has no answer, or not the one it should have; None where all is well.
        port: Of the caller's end of the connection that broke under it; None where none did.
    """

    seconds: float
    trouble: str | None
    port: int | None = None


@dataclass(slots=True)
class Load:
    """What all callers saw.

    Attributes:
        retried: Questions asked again, because the connection that was kept had ended meanwhile;
            HTTP clients do so by themselves (RFC 9112, section 9.3.1).
    """

    asked: list[Asked] = field(default_factory=list)
    retried: int = 0

    @property
    def failed(self) -> list[Asked]:
        """Give the questions that were not answered as they should have been."""
        return [each for each in self.asked if each.trouble is not None]

    @property
    def p99_milliseconds(self) -> float:
        """Give the time within which 99 of 100 questions were answered."""
        seconds = sorted(each.seconds for each in self.asked)
        return seconds[len(seconds) * 99 // 100] * 1000 if seconds else 0.0


@contextmanager
def run_load(services: Sequence[Service], image: str, callers: int = 8) -> Iterator[Load]:
    """Ask all instances about an image, until the end of the block."""
    load = Load()
    each = [
        _Caller(services[number % len(services)], image, keeps=number % 4 < 2)
        for number in range(callers)
    ]
    with calling(partial(caller.run, load) for caller in each):
        yield load


class _Caller:
    def __init__(self, service: Service, image: str, *, keeps: bool) -> None:
        self._port = service.port
        self._path = f"/v1/upgrade?{urlencode({'image': image})}"
        self._keeps = keeps
        self._connection = self._connect()
        self._used = False
        self._local_port: int | None = None

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=_SECONDS)

    def run(self, load: Load, stop: threading.Event) -> None:
        while not stop.wait(_THINKING_SECONDS):
            begun, broken = time.monotonic(), None
            try:
                trouble = self._ask(load)
            except (OSError, http.client.HTTPException) as error:
                trouble, broken = repr(error), self._local_port
                self._reset()
            load.asked.append(Asked(time.monotonic() - begun, trouble, broken))
        self._connection.close()

    def _ask(self, load: Load) -> str | None:
        try:
            return self._exchange()
        except (ConnectionError, http.client.RemoteDisconnected):
            if not self._used:
                raise
            load.retried += 1
            self._reset()
            return self._exchange()

    def _exchange(self) -> str | None:
        if self._connection.sock is None:
            self._open()
        self._connection.request("GET", self._path)
        response = self._connection.getresponse()
        body = response.read()
        self._used = self._keeps
        if not self._keeps:
            self._connection.close()
        return None if response.status == HTTPStatus.OK else f"{response.status}: {body!r}"

    def _open(self) -> None:
        self._local_port = None
        self._connection.connect()
        self._local_port = self._connection.sock.getsockname()[1]

    def _reset(self) -> None:
        self._connection.close()
        self._connection = self._connect()
        self._used = False
