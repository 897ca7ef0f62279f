"""Requests and answers over HTTP, as values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self
from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}

# Strict, so that no two readers of a URL take different hosts from it; and no longer than a name
# can be, for it is told in errors. Source: RFC 1035, section 2.3.4.
_AUTHORITY = re.compile(r"(?:[A-Za-z0-9._-]{1,255}|\[[A-Fa-f0-9:.]{2,45}\])(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Origin:
    """Whom a URL speaks to.

    Attributes:
        host: ``host:port`` in lower case, always with the port.
    """

    scheme: str
    host: str

    @classmethod
    def of(cls, url: str) -> Self:
        """Read the origin of a URL.

        Raises:
            ValueError: Not an absolute HTTP URL, or one that holds a user name or password.
        """
        parts = urlsplit(url)
        plain = _AUTHORITY.fullmatch(parts.netloc) and url.isascii() and "\\" not in url
        if parts.scheme not in DEFAULT_PORTS or not parts.hostname or not plain:
            raise ValueError("not an address over HTTP without credentials")
        name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        return cls(parts.scheme, f"{name}:{parts.port or DEFAULT_PORTS[parts.scheme]}")


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    Attributes:
        url: Absolute.
        max_bytes: The largest body that is read of its answer.
        form: Sent as the body.
        led_by: The URL first asked, where its answer led to this one; None where nothing did.
    """

    url: str
    max_bytes: int
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    led_by: str | None = None

    def authorized(self, authorization: str | None) -> Self:
        """Give the same call with an Authorization header, or without any."""
        headers = {name: value for name, value in self.headers.items() if name != "Authorization"}
        if authorization:
            headers["Authorization"] = authorization
        return replace(self, headers=headers)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a host answered: whatever the status, with the whole body.

    Attributes:
        url: Where the answer came from.
        headers: Looked up without regard to case.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
