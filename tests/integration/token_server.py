"""A source of tokens for a docker-registry, and for faults: answers at ``/token``.

Source: distribution v2.8, docs/spec/auth/jwt.md.
"""

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from tests.integration.certificates import Authority, sign
from tests.integration.registry_server import Handler, RegistryServer

ISSUER, SERVICE = "tests", "registry"


@dataclass(slots=True)
class TokenSource:
    """Gives everybody tokens for what is public, and ``users`` for all.

    Attributes:
        given: The scopes of the tokens given so far.
    """

    authority: Authority
    users: Mapping[str, str]
    public: str
    given: list[str] = field(default_factory=list)

    def serve(self, server: RegistryServer) -> None:
        server.routes["/token"] = self._answer

    def _answer(self, handler: Handler) -> None:
        query = parse_qs(urlsplit(handler.path).query)
        if handler.command == "POST":
            query = parse_qs(handler.server.forms[-1])
        user = _find_user(handler, query)
        if user is not None and user not in self.users.items():
            handler.reply(401, b'{"errors": [{"code": "UNAUTHORIZED"}]}')
            return
        scope = query["scope"][0]
        self.given.append(scope)
        kind, name, action = scope.split(":")
        allowed = user is not None or name == self.public
        access = [{"type": kind, "name": name, "actions": [action] if allowed else []}]
        token = self._sign(access)
        handler.reply(200, json.dumps({"token": token, "expires_in": 300}).encode())

    def _sign(self, access: object) -> str:
        lines = self.authority.certificate.read_text().splitlines()
        header = {"typ": "JWT", "alg": "RS256", "x5c": ["".join(lines[1:-1])]}
        now = int(_now())
        claims = {
            "iss": ISSUER,
            "sub": "",
            "aud": SERVICE,
            "exp": now + 300,
            "nbf": now - 10,
            "iat": now,
            "jti": "1",
            "access": access,
        }
        message = b".".join(_encode(json.dumps(part).encode()) for part in (header, claims))
        return b".".join((message, _encode(sign(self.authority.key, message)))).decode()


def _find_user(handler: Handler, query: Mapping[str, list[str]]) -> tuple[str, str] | None:
    if "refresh_token" in query:
        return "token", query["refresh_token"][0]
    header = handler.headers["Authorization"]
    if header is None:
        return None
    name, _, password = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
    return name, password


def _encode(part: bytes) -> bytes:
    return base64.urlsafe_b64encode(part).rstrip(b"=")


def _now() -> float:
    return time.time()  # noqa: TID251 - the registry has the system's clock
