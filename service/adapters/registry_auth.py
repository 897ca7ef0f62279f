"""The way into a registry: bearer tokens, anonymous or not, and names with passwords."""

import json
import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from threading import Lock
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from cachetools import TLRUCache

from service.adapters.call import Answer, Call, Origin
from service.adapters.challenge import Challenge, parse_challenges
from service.adapters.courtesy import CourteousClient
from service.adapters.credentials import Credential, Credentials
from service.adapters.deadline import Deadline
from service.domain.reference import Repository
from service.errors import RegistryError

_CLIENT_ID = "kairos-upgrade-advisor"
_MAX_BYTES = 64 * 1024

# What may stand in a header. Source: RFC 6750, section 2.1.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{1,16384}=*")

# A token that says nothing lives this long. Source: distribution v2.8, docs/spec/auth/token.md.
_USUAL_SECONDS = 60
_LONGEST = timedelta(hours=1)
# It is not used in its last moments, for it has a way to go.
_USED_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class _Key:
    value: str
    life: timedelta


class Authenticator:
    """Answers challenges, and remembers what opened a repository until it expires.

    Nothing of it leaves this process. A credential is shown to its own registry, and to the HTTPS
    address that this registry names as the source of its tokens.

    Args:
        client: Fetches tokens.
        credentials: Those of the operator.
        clock: The current time, aware and UTC.
    """

    def __init__(
        self,
        client: CourteousClient,
        credentials: Credentials,
        clock: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._credentials = credentials
        self._lock = Lock()
        self._keys: TLRUCache[Repository, _Key, datetime] = TLRUCache(
            1_000, ttu=lambda _, key, now: now + key.life, timer=clock
        )

    def recall(self, repository: Repository) -> str | None:
        """Give the Authorization header that last opened a repository, while it holds."""
        with self._lock:
            key = self._keys.get(repository)
        return key.value if key else None

    def answer(self, repository: Repository, refused: Answer, deadline: Deadline) -> str:
        """Give the Authorization header that a refusal of the registry asks for.

        Raises:
            RegistryUnavailableError: The source of tokens gives no answer.
            RegistryError: There is no way in.
        """
        key = self._find_key(repository, refused, deadline)
        with self._lock:
            self._keys[repository] = key
        return key.value

    def _find_key(self, repository: Repository, refused: Answer, deadline: Deadline) -> _Key:
        credential = self._credentials.find(repository.registry)
        challenges = parse_challenges(refused.headers.get("WWW-Authenticate", ""))
        if bearer := challenges.get("bearer"):
            call = _ask_token(repository, credential, bearer, Origin.of(refused.url))
            call = replace(call, led_by=refused.url)
            return _read_token(repository, self._client.send(call, deadline))
        if "basic" in challenges and credential and credential.password:
            return _Key(_basic(credential), _LONGEST)
        raise _private(repository)


def _ask_token(
    repository: Repository,
    credential: Credential | None,
    bearer: Challenge,
    asked: Origin,
) -> Call:
    """Ask for a token that reads this repository and no more, whatever the challenge names."""
    realm, service = bearer.parameters.get("realm", ""), bearer.parameters.get("service", "")
    wanted = {"service": service, "scope": f"repository:{repository.name}:pull"}
    try:
        to = Origin.of(realm)
    except ValueError as error:
        raise RegistryError(f"{asked.host} names a source of tokens that is no address") from error
    if credential is None:
        return Call(_add_query(realm, wanted), _MAX_BYTES)
    if to.scheme != "https" and to != asked:
        raise RegistryError(f"{asked.host} wants its credentials sent to {to.host} without TLS")
    if credential.identity_token:
        form = {"grant_type": "refresh_token", "client_id": _CLIENT_ID}
        return Call(
            realm,
            _MAX_BYTES,
            method="POST",
            form={**form, **wanted, "refresh_token": credential.identity_token},
        )
    wanted["account"] = credential.username
    return Call(_add_query(realm, wanted), _MAX_BYTES).authorized(_basic(credential))


def _add_query(url: str, more: dict[str, str]) -> str:
    parts = urlsplit(url)
    query = [*parse_qsl(parts.query, keep_blank_values=True), *more.items()]
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(query), ""))


def _basic(credential: Credential) -> str:
    pair = f"{credential.username}:{credential.password}".encode()
    return f"Basic {b64encode(pair).decode()}"


def _read_token(repository: Repository, answer: Answer) -> _Key:
    if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise _private(repository)
    token, seconds = _parse_token(answer.body) if answer.status == HTTPStatus.OK else (None, 0)
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise RegistryError(f"{repository.registry} names a source of tokens that gives none")
    if not isinstance(seconds, int) or seconds <= 0:
        seconds = _USUAL_SECONDS
    life = min(seconds, _LONGEST.total_seconds()) * _USED_SHARE
    return _Key(f"Bearer {token}", timedelta(seconds=life))


def _parse_token(body: bytes) -> tuple[object, object]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None, 0
    if not isinstance(document, dict):
        return None, 0
    return document.get("token") or document.get("access_token"), document.get("expires_in")


def _private(repository: Repository) -> RegistryError:
    return RegistryError(
        f"{repository.registry} lets nobody in to {repository} with what this service has: it is"
        " private, or does not exist",
    )
