"""The one way out: single HTTP exchanges under guards of address, scheme, time and size."""

from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

import requests
import urllib3

from service.adapters.address import is_listed, refuse_literal
from service.adapters.call import DEFAULT_PORTS, Answer, Call
from service.adapters.connection import GuardedAdapter
from service.adapters.deadline import Deadline
from service.errors import RegistryError, RegistryUnavailableError

_POOL_SIZE = 32
_PIECE_BYTES = 64 * 1024
_HEADERS = {
    "User-Agent": "kairos-upgrade-advisor",
    "Accept": "application/json",
    # Nothing is decoded, so that the limit on bytes is a limit on memory.
    "Accept-Encoding": "identity",
}


@dataclass(frozen=True, slots=True)
class Network:
    """What an operator says of the network.

    Attributes:
        insecure: ``host[:port]`` of those that are spoken to over plain HTTP.
        private: ``host[:port]`` of those that may have an address that is not public; no other
            registry leads there.
        ca_file: Certificates to trust beside the usual ones.
        proxy: The URL of an HTTP proxy, which then resolves all names; may hold a password.
    """

    insecure: frozenset[str] = frozenset()
    private: frozenset[str] = frozenset()
    ca_file: Path | None = None
    proxy: str | None = field(default=None, repr=False)


class HttpClient:
    """Connections to hosts that strangers name, kept alive and shared by all threads.

    What requests sends without a session has no cookies, takes neither proxies nor credentials from
    the environment, and follows no redirect; and a page costs a quarter less.

    Args:
        network: Exceptions from the guards, and the way out.
        timeout: For one exchange, from connecting to the last byte. Only the system's resolver is
            not bound by it; it has limits of its own.
    """

    def __init__(self, network: Network, *, timeout: timedelta) -> None:
        self._network = network
        self._timeout = timeout
        proxy = network.proxy
        self._proxies = {"http": proxy, "https": proxy} if proxy else None

    @cached_property
    def _adapter(self) -> GuardedAdapter:
        # With the first call: it reads the certificates, which takes 17 ms of the start.
        return GuardedAdapter(
            private=self._network.private, ca_file=self._network.ca_file, pool_size=_POOL_SIZE
        )

    def base_url(self, host: str) -> str:
        """Give the URL of a ``host[:port]``, with the scheme that it is spoken to by."""
        plain = f"http://{host}"
        return plain if self._is_insecure(plain) else f"https://{host}"

    def send(self, call: Call, deadline: Deadline) -> Answer:
        """Send a request, once more where the connection broke off within the answer.

        Raises:
            RegistryUnavailableError: No connection, or no whole answer in time.
            RegistryError: A host that may not be connected to, no TLS, or too large a body.
        """
        host = self._check(call)
        try:
            try:
                return self._exchange(call, deadline.left(host))
            except (urllib3.exceptions.ProtocolError, requests.ConnectionError) as error:
                if call.form is not None or not _broke_off(error):
                    raise
                return self._exchange(call, deadline.left(host))
        except (requests.exceptions.SSLError, urllib3.exceptions.SSLError) as error:
            raise RegistryError(f"{host} does not speak TLS that can be trusted") from error
        except (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError) as error:
            raise RegistryUnavailableError(f"{host} gave no whole answer in time") from error
        # requests' own errors are OSError and ValueError; those of urllib3 leak through it.
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise RegistryUnavailableError(f"the connection to {host} failed") from error

    def _check(self, call: Call) -> str:
        """Give the host of a call that may be spoken to."""
        parts, private = urlsplit(call.url), self._network.private
        if not (parts.scheme == "https" or self._is_insecure(call.url)):
            raise RegistryError(f"{parts.netloc} is not listed in ADVISOR_INSECURE_REGISTRIES")
        if call.led_by and _names(private, call.url) and not _names(private, call.led_by):
            raise RegistryError(
                f"{urlsplit(call.led_by).netloc} leads to {parts.netloc}, and may not: only the"
                " registries listed in ADVISOR_PRIVATE_REGISTRIES lead to one another",
            )
        if self._network.proxy:
            # The proxy resolves names; an address is none.
            port = parts.port or DEFAULT_PORTS[parts.scheme]
            refuse_literal(parts.hostname or "", port, private=private)
        return parts.netloc

    def _exchange(self, call: Call, left: timedelta) -> Answer:
        seconds = min(left, self._timeout).total_seconds()
        limit = urllib3.Timeout(total=seconds, connect=seconds, read=seconds)
        request = requests.PreparedRequest()
        request.prepare(call.method, call.url, {**_HEADERS, **call.headers}, data=call.form)
        with self._adapter.send(
            request,
            stream=True,
            timeout=limit,  # type: ignore[arg-type] # requests takes it, but does not say so
            proxies=self._proxies,
        ) as response:
            body = _read(response, call.max_bytes)
            if body is None:
                host = urlsplit(call.url).netloc
                raise RegistryError(f"{host} answered over {call.max_bytes:,} bytes")
            return Answer(call.url, response.status_code, response.headers, body)

    def _is_insecure(self, url: str) -> bool:
        return _names(self._network.insecure, url)


def _names(hosts: frozenset[str], url: str) -> bool:
    """Whether hosts that an operator lists name the one of a URL."""
    parts = urlsplit(url)
    return is_listed(parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme], hosts)


def _read(response: requests.Response, max_bytes: int) -> bytes | None:
    """Read a body; None, and nothing of it left in memory, where it is too large."""
    stated = response.headers.get("Content-Length", "")
    if stated.isdecimal() and int(stated[:20]) > max_bytes:
        return None
    # As one block: a large one goes back to the system at once; see ``allocator``.
    body = bytearray()
    # One large read would not tell a body that was cut short from a whole one.
    for piece in response.raw.stream(_PIECE_BYTES, decode_content=False):
        body += piece
        if len(body) > max_bytes:
            return None
    return bytes(body)


def _broke_off(error: Exception) -> bool:
    """Whether a connection was there and then broke, be it before or within the body."""
    cause = error.args[0] if isinstance(error, requests.ConnectionError) and error.args else error
    return isinstance(cause, urllib3.exceptions.ProtocolError)
