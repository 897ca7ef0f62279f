"""The one way out: single HTTP exchanges under guards of address, scheme, time and size."""

from dataclasses import dataclass, field
from datetime import timedelta
from http.cookiejar import DefaultCookiePolicy
from mmap import mmap
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


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """See requests.Session; it reads all of a redirect's body, also to not follow it."""


class HttpClient:
    """Connections to hosts that strangers name, kept alive and shared by all threads.

    Neither proxies nor credentials are taken from the environment, cookies are not kept, and
    redirects are not followed.

    Args:
        network: Exceptions from the guards, and the way out.
        timeout: For one exchange, from connecting to the last byte. Only the system's resolver is
            not bound by it; it has limits of its own.
    """

    def __init__(self, network: Network, *, timeout: timedelta) -> None:
        self._network = network
        self._timeout = timeout
        self._session = _Session()
        self._session.trust_env = False
        self._session.headers = requests.structures.CaseInsensitiveDict(_HEADERS)
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        if network.proxy:
            self._session.proxies = {"http": network.proxy, "https": network.proxy}
        adapter = GuardedAdapter(
            private=network.private, ca_file=network.ca_file, pool_size=_POOL_SIZE
        )
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

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
        with self._session.request(
            call.method,
            call.url,
            headers=call.headers,
            data=call.form,
            stream=True,
            allow_redirects=False,
            timeout=limit,  # type: ignore[arg-type] # requests takes it, but does not say so
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
    # Pages of its own, which go back to the system at once; each thread's heap would keep them.
    with mmap(-1, max_bytes + _PIECE_BYTES) as body:
        # One large read would not tell a body that was cut short from a whole one.
        for piece in response.raw.stream(_PIECE_BYTES, decode_content=False):
            body.write(piece)
            if body.tell() > max_bytes:
                return None
        return body[: body.tell()]


def _broke_off(error: Exception) -> bool:
    """Whether a connection was there and then broke, be it before or within the body."""
    cause = error.args[0] if isinstance(error, requests.ConnectionError) and error.args else error
    return isinstance(cause, urllib3.exceptions.ProtocolError)
