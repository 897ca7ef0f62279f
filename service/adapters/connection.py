"""Connections that reach only permitted addresses, and whose answers end in time.

urllib3 resolves a name again each time it connects, and its read timeout starts anew with each
byte. Both are put right here, where the socket is made and where it is read.
"""

import io
import socket
import ssl
from http.client import HTTPResponse
from pathlib import Path
from time import monotonic
from typing import Any

from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError
from urllib3.util.connection import create_connection
from urllib3.util.ssl_ import create_urllib3_context

from service.adapters.address import resolve


class GuardedAdapter(HTTPAdapter):
    """What sends the requests of ``requests``, over guarded connections alone.

    Args:
        private: ``host[:port]`` of those that may have an address that is not public.
        ca_file: Certificates to trust beside those that requests brings.
        pool_size: How many connections are kept.
    """

    def __init__(self, *, private: frozenset[str], ca_file: Path | None, pool_size: int) -> None:
        self._private = private
        self._trusted = _trust(ca_file)
        super().__init__(pool_connections=pool_size, pool_maxsize=pool_size)

    def init_poolmanager(
        self,
        connections: int,
        maxsize: int,
        block: bool = False,  # noqa: FBT001, FBT002 - as requests has it
        **pool_kwargs: Any,  # noqa: ANN401 - as requests has it
    ) -> None:
        """See HTTPAdapter."""
        self.poolmanager = _GuardedPools(
            self._private,
            num_pools=connections,
            maxsize=maxsize,
            block=block,
            ssl_context=self._trusted,
            **pool_kwargs,
        )

    def proxy_manager_for(
        self,
        proxy: str,
        **proxy_kwargs: Any,  # noqa: ANN401 - as requests has it
    ) -> ProxyManager:
        """See HTTPAdapter; the proxy is the operator's own, so its address is not checked."""
        manager: ProxyManager = super().proxy_manager_for(
            proxy, ssl_context=self._trusted, proxy_ssl_context=self._trusted, **proxy_kwargs
        )
        manager.pool_classes_by_scheme = _TIMED_POOLS
        return manager

    def cert_verify(self, conn: HTTPConnectionPool, *_: object) -> None:
        """See HTTPAdapter, which would have each connection read the certificates anew: 17 ms."""
        conn.cert_reqs = "CERT_REQUIRED"  # type: ignore[attr-defined]


class _TimedReader(io.RawIOBase):
    """Reads a socket up to a moment that no drip of bytes can put off."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock
        self._deadline = monotonic() + (sock.gettimeout() or 0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int | None:  # type: ignore[override]
        left = self._deadline - monotonic()
        if left <= 0:
            raise TimeoutError("the answer did not end in time")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(HTTPResponse):
    """An answer whose head and body share the read timeout of the socket."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_TimedReader(self.fp.detach(), sock))


class _TimedConnection(HTTPConnection):
    """Gives answers that end in time."""

    response_class = _TimedResponse


class _TimedTlsConnection(_TimedConnection, HTTPSConnection):
    """The same under TLS."""


class _TimedPool(HTTPConnectionPool):
    ConnectionCls = _TimedConnection


class _TimedTlsPool(HTTPSConnectionPool):
    ConnectionCls = _TimedTlsConnection


_TIMED_POOLS = {"http": _TimedPool, "https": _TimedTlsPool}


class _GuardedConnection(_TimedConnection):
    """Connects to the very address that was checked; the name is resolved once."""

    def __init__(self, *args: Any, private: frozenset[str], **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self._private = private

    def _new_conn(self) -> socket.socket:
        try:
            return self._reach()
        except OSError as error:
            # As urllib3 tells a connection that was never there from one that broke off.
            raise NewConnectionError(self, "no connection") from error

    def _reach(self) -> socket.socket:
        addresses = resolve(self.host, self.port, private=self._private)
        # All addresses of a host share the connect timeout, so that no number of them exceeds it.
        share = (self.timeout or 0) / len(addresses)
        for address in addresses[:-1]:
            try:
                return self._connect(address, share)
            except OSError:
                continue
        return self._connect(addresses[-1], share)

    def _connect(self, address: str, timeout: float) -> socket.socket:
        # An IP address "resolves" to itself, without a question to anyone.
        return create_connection((address, self.port), timeout, socket_options=self.socket_options)


class _GuardedTlsConnection(_GuardedConnection, HTTPSConnection):
    """The same under TLS, which still names and verifies the host, not the address."""


class _GuardedPools(PoolManager):
    """Pools of guarded connections."""

    def __init__(self, private: frozenset[str], **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(**kwargs)
        self._private = private

    def _new_pool(
        self,
        scheme: str,
        host: str,
        port: int,
        request_context: dict[str, Any] | None = None,
    ) -> HTTPConnectionPool:
        pool = super()._new_pool(scheme, host, port, request_context)
        pool.ConnectionCls = _GuardedTlsConnection if scheme == "https" else _GuardedConnection
        pool.conn_kw["private"] = self._private
        return pool


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    """Make what all connections trust."""
    context = create_urllib3_context()
    context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    if ca_file:
        context.load_verify_locations(ca_file)
    return context
