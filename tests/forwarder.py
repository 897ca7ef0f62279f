"""A wire before a server: it may end TLS, be slow, part silently, or reset all that it carries."""

import asyncio
import socket
import ssl
import struct
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread
from typing import Self

# The first byte of a client that speaks TLS.
_TLS_HANDSHAKE = b"\x16"


class Forwarder:
    """Forwards from a port of its own on loopback, between ``with`` and its end.

    Args:
        target: The port of the server on 127.0.0.1.
        tls: What is spoken to the clients; the server gets plain bytes.
        plain_too: Whether clients may speak plainly as well, as the server's own kind does.
    """

    def __init__(
        self, target: int, tls: ssl.SSLContext | None = None, *, plain_too: bool = False
    ) -> None:
        self._target = target
        self._tls = tls
        self._plain_too = plain_too
        self._resetting = False
        self._delay_seconds = 0.0
        self._writers: set[asyncio.StreamWriter] = set()
        self._carrying: set[asyncio.Task[None]] = set()
        self._started = Event()
        self._thread = Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._tell(self._ended.set)
        self._thread.join(10)

    def delay(self, seconds: float) -> None:
        """Hold up all that comes back from the server."""
        self._delay_seconds = seconds

    def part(self) -> None:
        """Carry nothing more; connections stay open, and new ones are taken and hang."""
        self._tell(self._flows.clear)

    def reset(self) -> None:
        """Reset every connection, and every new one."""
        self._tell(self._reset_all)

    def mend(self) -> None:
        """Carry everything again; what waited arrives late."""
        self._tell(self._mend)

    def _tell(self, action: Callable[[], None]) -> None:
        done = Event()

        def act() -> None:
            action()
            done.set()

        self._loop.call_soon_threadsafe(act)
        assert done.wait(10)

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._flows, self._ended = asyncio.Event(), asyncio.Event()
        self._flows.set()
        listener = socket.create_server(("127.0.0.1", 0))
        listener.settimeout(0)
        self.port: int = listener.getsockname()[1]
        accepting = asyncio.create_task(self._accept(listener))
        self._started.set()
        await self._ended.wait()
        accepting.cancel()
        listener.close()
        self._reset_all()
        self._flows.set()
        await asyncio.gather(*self._carrying)
        # What was reset is closed in the next round.
        await asyncio.sleep(0)

    async def _accept(self, listener: socket.socket) -> None:
        while True:
            connection, _ = await self._loop.sock_accept(listener)
            self._carrying.add(asyncio.create_task(self._welcome(connection)))

    async def _welcome(self, connection: socket.socket) -> None:
        tls = self._tls
        if self._plain_too and not await self._begins_tls(connection):
            tls = None
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader, self._take)
        # A client may hang up where it does not trust the certificate.
        with suppress(OSError):
            await self._loop.connect_accepted_socket(lambda: protocol, connection, ssl=tls)

    async def _begins_tls(self, connection: socket.socket) -> bool:
        readable = asyncio.Event()
        self._loop.add_reader(connection, readable.set)
        await readable.wait()
        self._loop.remove_reader(connection)
        return connection.recv(1, socket.MSG_PEEK) == _TLS_HANDSHAKE

    def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self._carrying.add(asyncio.create_task(self._carry(reader, writer)))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._resetting:
            _reset(writer)
            return
        await self._flows.wait()
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            _reset(writer)
            return
        self._writers.add(far_writer)
        await asyncio.gather(
            self._copy(reader, far_writer, lambda: 0.0),
            self._copy(far_reader, writer, lambda: self._delay_seconds),
        )

    async def _copy(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        find_delay: Callable[[], float],
    ) -> None:
        with suppress(OSError):
            while piece := await reader.read(65_536):
                await asyncio.sleep(find_delay())
                await self._flows.wait()
                writer.write(piece)
                await writer.drain()
        await self._flows.wait()
        writer.close()

    def _reset_all(self) -> None:
        self._resetting = True
        for writer in self._writers:
            _reset(writer)

    def _mend(self) -> None:
        self._resetting = False
        self._flows.set()


def _reset(writer: asyncio.StreamWriter) -> None:
    # With no time to linger, closing sends a reset.
    linger = struct.pack("ii", 1, 0)
    if not writer.is_closing():
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()
