"""What opens private registries: the ``auths`` of a Docker ``config.json``."""

import binascii
import hashlib
import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

_MAX_BYTES = 1024 * 1024

# What `docker login` calls the registry that references call docker.io.
_DOCKER_HUB = {"index.docker.io": "docker.io", "registry-1.docker.io": "docker.io"}

# The work that a guess at a password costs whoever reads a key. Source: RFC 7914, section 2.
_SCRYPT = {"n": 2**12, "r": 8, "p": 1, "dklen": 8}


class CredentialsError(ValueError):
    """A file of credentials cannot be used; the message holds nothing secret."""

    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(f"ADVISOR_REGISTRY_AUTH_FILE: {file}: {reason}")


# Stands for no credentials where they are told apart.
ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Credential:
    """What one registry is opened with: a name and password, or an identity token.

    Attributes:
        fingerprint: Tells credentials apart without telling what they are.
    """

    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    fingerprint: str = ANONYMOUS


class Credentials:
    """Credentials by the registry that they are for, named as references name it."""

    def __init__(self, by_host: Mapping[str, Credential] | None = None) -> None:
        self._by_host = dict(by_host or {})

    @classmethod
    def load(cls, file: Path) -> Self:
        """Read a Docker ``config.json``; once, so a change needs a restart.

        Raises:
            CredentialsError: Not one, or one that leaves its secrets to a credential helper.
        """
        try:
            with file.open("rb") as stream:
                document = json.loads(stream.read(_MAX_BYTES))
        except OSError as error:
            raise CredentialsError(file, f"cannot be read: {error.strerror}") from error
        except (ValueError, RecursionError):
            # Without its cause, whose text may quote the file.
            raise CredentialsError(file, "is not JSON") from None
        try:
            return cls(_read_document(document))
        except ValueError as error:
            raise CredentialsError(file, str(error)) from None

    def find(self, registry: str) -> Credential | None:
        """Give what is for this very ``host[:port]``."""
        return self._by_host.get(registry)

    def fingerprint(self, registry: str) -> str:
        """Tell with which credentials it is asked, so that what it shows to them never mixes."""
        credential = self._by_host.get(registry)
        return credential.fingerprint if credential else ANONYMOUS


def _read_document(document: object) -> dict[str, Credential]:
    if not isinstance(document, dict):
        raise ValueError("is not an object")  # noqa: TRY004 - malformed, not misused
    if document.get("credsStore") or document.get("credHelpers"):
        raise ValueError(
            "names a credential helper (credsStore or credHelpers); none is run here: write the"
            " credentials into auths",
        )
    auths = document.get("auths", {})
    if not isinstance(auths, dict):
        raise ValueError("has auths that are no object")  # noqa: TRY004 - as above
    return {_read_host(key): _read_entry(_read_host(key), entry) for key, entry in auths.items()}


def _read_host(key: str) -> str:
    host, _, path = key.removeprefix("https://").removeprefix("http://").partition("/")
    if path.strip("/") not in {"", "v1", "v2"}:
        raise ValueError(f"has credentials for {host}/…; they can be for whole registries only")
    host = host.lower()
    return _DOCKER_HUB.get(host, host)


def _read_entry(host: str, entry: object) -> Credential:
    if not isinstance(entry, dict) or not all(isinstance(v, str) for v in entry.values()):
        raise ValueError(f"has something else than texts for {host}")
    username, password = entry.get("username", ""), entry.get("password", "")
    if entry.get("auth"):
        username, password = _decode(host, entry["auth"])
    token = entry.get("identitytoken", "")
    if not token and not (username and password):
        raise ValueError(f"has no auth, username with password or identitytoken for {host}")
    secret = f"{username}\0{password}\0{token}".encode()
    salt = f"kairos-upgrade-advisor {host}".encode()
    fingerprint = hashlib.scrypt(secret, salt=salt, **_SCRYPT).hex()
    return Credential(username, password, token, fingerprint)


def _decode(host: str, auth: str) -> tuple[str, str]:
    try:
        username, colon, password = b64decode(auth, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError(f"has an auth that is not base64 for {host}") from None
    if not colon:
        raise ValueError(f"has an auth without a colon for {host}")
    # Some writers of the file pad the password with zero bytes.
    return username, password.strip("\0")
