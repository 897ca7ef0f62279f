"""The one way out: HTTP GET under guards of address, scheme, time and size."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urlsplit

import requests
import urllib3

from service.adapters.address import is_listed
from service.adapters.connection import GuardedAdapter
from service.errors import RegistryError, RegistryUnavailableError

_HTTP_PORT = 80
_POOL_SIZE = 32
_PIECE_BYTES = 64 * 1024
_HEADERS = {
    "User-Agent": "kairos-upgrade-advisor",
    "Accept": "application/json",
    # Nothing is decoded, so that the limit on bytes is a limit on memory.
    "Accept-Encoding": "identity",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a host answered: whatever the status, with the whole body.

    Attributes:
        headers: Looked up without regard to case.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpClient:
    """Connections to hosts that strangers name, kept alive and shared by all threads.

    Neither proxies nor credentials are taken from the environment, cookies are not kept, and
    redirects are not followed.

    Args:
        insecure: ``host[:port]`` of those that are spoken to over plain HTTP.
        private: ``host[:port]`` of those that may have an address that is not public.
    """

    def __init__(self, *, insecure: frozenset[str], private: frozenset[str]) -> None:
        self._insecure = insecure
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers = requests.structures.CaseInsensitiveDict(_HEADERS)
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = GuardedAdapter(private=private, pool_size=_POOL_SIZE)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def base_url(self, host: str) -> str:
        """Give the URL of a ``host[:port]``, with the scheme that it is spoken to by."""
        plain = f"http://{host}"
        return plain if self._is_insecure(plain) else f"https://{host}"

    def get(self, url: str, *, within: timedelta, max_bytes: int) -> Answer:
        """Fetch a URL.

        Args:
            url: Absolute; the scheme must be the one that ``base_url`` gives its host.
            within: From connecting to the last byte. Only the system's resolver is not bound by
                it; it has limits of its own.
            max_bytes: The largest body that is read.

        Raises:
            RegistryUnavailableError: No connection, or no whole answer in time.
            RegistryError: A host that may not be connected to, no TLS, or too large a body.
        """
        host = urlsplit(url).netloc
        if not (url.startswith("https://") or self._is_insecure(url)):
            raise RegistryError(f"{host} is not listed in ADVISOR_INSECURE_REGISTRIES")
        try:
            return self._exchange(url, within.total_seconds(), max_bytes)
        except (requests.exceptions.SSLError, urllib3.exceptions.SSLError) as error:
            raise RegistryError(f"{host} does not speak TLS that can be trusted") from error
        except (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError) as error:
            raise RegistryUnavailableError(f"{host} gave no whole answer in time") from error
        # requests' own errors are OSError and ValueError; those of urllib3 leak through it.
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise RegistryUnavailableError(f"the connection to {host} failed") from error

    def _exchange(self, url: str, seconds: float, max_bytes: int) -> Answer:
        limit = urllib3.Timeout(total=seconds, connect=seconds, read=seconds)
        with self._session.get(
            url,
            stream=True,
            allow_redirects=False,
            timeout=limit,  # type: ignore[arg-type] # requests takes it, but does not say so
        ) as response:
            body = bytearray()
            # One large read would not tell a body that was cut short from a whole one.
            for piece in response.raw.stream(_PIECE_BYTES, decode_content=False):
                body += piece
                if len(body) > max_bytes:
                    raise RegistryError(f"{urlsplit(url).netloc} answered over {max_bytes:,} bytes")
            return Answer(response.status_code, response.headers, bytes(body))

    def _is_insecure(self, url: str) -> bool:
        parts = urlsplit(url)
        return is_listed(parts.hostname or "", parts.port or _HTTP_PORT, self._insecure)
