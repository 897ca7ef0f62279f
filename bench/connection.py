"""Raw keep-alive connections: what is measured is the server, and little of the client."""

import re
import select
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field

from bench.estimate import Round, Slice

_SLICE_SECONDS = 0.06
_PATIENCE_SECONDS = 10
_PIECE_BYTES = 256 * 1024
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)


def build_request(path: str, **headers: str) -> bytes:
    """Build a GET, with the headers that are given, and the one that each needs."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def is_whole(answer: bytes) -> bool:
    """Whether an answer is there to its end; one that states no length has no body."""
    head, end, body = answer.partition(b"\r\n\r\n")
    if not end:
        return False
    length = _LENGTH.search(head)
    return length is None or len(body) >= int(length[1])


@dataclass(slots=True)
class Connection:
    """One connection, with one request at a time.

    Attributes:
        status: What each answer is to have.
        begun: When the last request was sent.
    """

    socket: socket.socket
    status: int = 200
    begun: float = 0
    _answer: bytes = field(default=b"", init=False)

    def send(self, request: bytes) -> None:
        """Send a request."""
        self._answer = b""
        self.begun = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bool:
        """Receive what has come; gives whether that was the last of the answer.

        Raises:
            ConnectionError: The server hung up, or the answer has another status.
        """
        piece = self.socket.recv(_PIECE_BYTES)
        self._answer += piece
        if not piece or not is_whole(self._answer):
            if piece:
                return False
            raise ConnectionError(f"hung up after {self._answer[:200]!r}")
        if int(self._answer[9:12]) != self.status:
            raise ConnectionError(f"not a {self.status}: {self._answer[:500]!r}")
        return True

    def ask(self, request: bytes) -> None:
        """Send a request, and wait for its answer."""
        self.send(request)
        while not self.receive():
            pass


@contextmanager
def connect(port: int, status: int = 200) -> Iterator[Connection]:
    """Connect to a server of this machine."""
    address = ("127.0.0.1", port)
    with closing(socket.create_connection(address, _PATIENCE_SECONDS)) as connected:
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # A time limit would have each call poll first; it is kept by whoever polls for many.
        connected.settimeout(None)
        yield Connection(connected, status)


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked of one server, again and again.

    Attributes:
        requests: Without end.
        status: What each answer is to have.
    """

    name: str
    port: int
    requests: Iterator[bytes]
    status: int = 200


def interleave(loads: Sequence[Load], connections: int, seconds: float) -> list[Round]:
    """Put loads on servers by turns, a slice each, until the time is over.

    The order is turned round each time, so that whoever stands beside another is now before and
    now after it.
    """
    rounds: list[Round] = []
    with ExitStack() as stack:
        callers = [_Callers(stack, load, connections) for load in loads]
        end = time.monotonic() + seconds
        while time.monotonic() < end or len(rounds) < 2:
            callers.reverse()
            rounds.append({each.name: each.run(_SLICE_SECONDS) for each in callers})
    return rounds


class _Callers:
    """Callers of one server, each with a connection of its own."""

    def __init__(self, stack: ExitStack, load: Load, count: int) -> None:
        self.name = load.name
        self._requests = load.requests
        self._poll = select.epoll()
        stack.callback(self._poll.close)
        self._connections: dict[int, Connection] = {}
        for _ in range(count):
            connection = stack.enter_context(connect(load.port, load.status))
            # One that was never asked over would hold a thread of gunicorn's that waits for it.
            connection.ask(next(load.requests))
            self._connections[connection.socket.fileno()] = connection
            self._poll.register(connection.socket, select.EPOLLIN)

    def run(self, seconds: float) -> Slice:
        """Ask over all connections for some time, and wait for the last answers."""
        latencies: list[float] = []
        begun = time.perf_counter()
        for connection in self._connections.values():
            connection.send(next(self._requests))
        waiting = len(self._connections)
        while waiting:
            ready = self._poll.poll(_PATIENCE_SECONDS)
            if not ready:
                raise TimeoutError(f"{self.name} does not answer")
            for number, _ in ready:
                connection = self._connections[number]
                if not connection.receive():
                    continue
                now = time.perf_counter()
                latencies.append(now - connection.begun)
                if now - begun < seconds:
                    connection.send(next(self._requests))
                else:
                    waiting -= 1
        return Slice(time.perf_counter() - begun, latencies)
