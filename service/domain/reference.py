"""Image references, as the distribution project defines them."""

import re
from dataclasses import dataclass
from typing import NamedTuple, Self

from service.errors import InvalidReferenceError

# The longest reference that means something is a 255 character name on a long host with a 128
# character tag and a sha512 digest. Everything beyond is refused before any expression runs.
MAX_REFERENCE_LENGTH = 1024
_MAX_NAME_LENGTH = 255
_MAX_PORT = 65535
_QUOTED_LENGTH = 120

# Grammar: github.com/distribution/reference v0.6.0, regexp.go. The parts are disjoint where they
# repeat, so matching is linear.
_DOMAIN_COMPONENT = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_HOST = rf"(?:{_DOMAIN_COMPONENT}(?:\.{_DOMAIN_COMPONENT})*|\[[a-fA-F0-9:]+\])"
_DOMAIN = rf"{_HOST}(?::[0-9]+)?"
_PATH_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_PATH = rf"{_PATH_COMPONENT}(?:/{_PATH_COMPONENT})*"
_TAG = r"[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_REFERENCE = re.compile(
    rf"(?:(?P<domain>{_DOMAIN})/)?(?P<path>{_PATH})(?::(?P<tag>{_TAG}))?"
    rf"(?:@(?P<digest>{_DIGEST}))?",
)
_IMAGE_ID = re.compile(r"[a-f0-9]{64}")

# Hex digits of the digest algorithms that the OCI image-spec v1.1 registers.
_DIGEST_HEX = {
    "sha256": re.compile(r"[a-f0-9]{64}"),
    "sha384": re.compile(r"[a-f0-9]{96}"),
    "sha512": re.compile(r"[a-f0-9]{128}"),
}

_DEFAULT_REGISTRY = "docker.io"
_LEGACY_DEFAULT_REGISTRY = "index.docker.io"
_OFFICIAL_NAMESPACE = "library/"

_TRANSPORTS = ("oci:", "docker://", "https://", "http://")


class Repository(NamedTuple):
    """A registry host, with its port where it has one, and a name on it.

    A tuple, for all caches are asked by it, a dozen times for an answer: a dataclass would compute
    its hash and compare itself in Python.
    """

    registry: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a repository written without tag and digest.

        Raises:
            InvalidReferenceError: Not a repository, or one with a tag or digest.
        """
        reference = Reference.parse(text)
        if reference.tag or reference.digest:
            raise InvalidReferenceError(
                f"{quote(text)} names an image; leave out its tag and digest"
            )
        return cls(reference.repository.registry, reference.repository.name)

    @property
    def flavor(self) -> str:
        """The last part of the name, which Kairos uses for the flavor."""
        return self.name.rpartition("/")[2]

    @property
    def organisation(self) -> str:
        """All before the flavor, such as ``quay.io/kairos``; the registry alone at its root."""
        return str(self).rpartition("/")[0]

    def __str__(self) -> str:
        return f"{self.registry}/{self.name}"


@dataclass(frozen=True, slots=True)
class Reference:
    """A repository with a tag, a digest, both, or neither."""

    repository: Repository
    tag: str | None = None
    digest: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a reference, with Docker's short forms filled in.

        Args:
            text: Such as ``quay.io/kairos/ubuntu:24.04-core-amd64-generic-v3.2.3``; ``ubuntu`` is
                read as ``docker.io/library/ubuntu``.

        Raises:
            InvalidReferenceError: Not a reference; the message says what would be one.

        Source: github.com/distribution/reference v0.6.0, ``ParseNormalizedNamed``.
        """
        _refuse_foreign_forms(text)
        match = _REFERENCE.fullmatch(text)
        if match is None or _IMAGE_ID.fullmatch(text):
            raise InvalidReferenceError(
                f"{quote(text)} is not [registry[:port]/]repository[:tag][@digest]"
                f"{_case_hint(text)}",
            )
        repository = _normalise(match["domain"], match["path"])
        _check_digest(match["digest"])
        return cls(repository, match["tag"], match["digest"])

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.repository}{tag}{digest}"


def parse_prefix(text: str) -> str:
    """Read what repositories begin with: a registry, or one with a path such as ``quay.io/kairos``.

    Raises:
        InvalidReferenceError: Nothing that a repository could begin with.
    """
    # Two parts more, for Docker Hub puts one of its own before a single one.
    try:
        return str(Repository.parse(f"{text}/x/x")).removesuffix("/x/x")
    except InvalidReferenceError as error:
        raise InvalidReferenceError(
            f"{quote(text)} is not registry[:port][/path], such as quay.io/kairos"
        ) from error


def quote(text: str) -> str:
    """Show an outside text within a message: quoted, without control characters, and short."""
    shown = text if len(text) <= _QUOTED_LENGTH else f"{text[:_QUOTED_LENGTH]}…"
    return f"'{shown}'" if shown.isprintable() else ascii(shown)


def _refuse_foreign_forms(text: str) -> None:
    if not text:
        raise InvalidReferenceError("the image reference is empty")
    if len(text) > MAX_REFERENCE_LENGTH:
        raise InvalidReferenceError(
            f"an image reference has at most {MAX_REFERENCE_LENGTH} characters, not {len(text)}",
        )
    for transport in _TRANSPORTS:
        if text.startswith(transport):
            raise InvalidReferenceError(f"leave out the leading '{transport}' of {quote(text)}")
    if " " in text:
        raise InvalidReferenceError(
            f"{quote(text)} holds a space: in a query a '+' is read as a space, and a tag never"
            " holds a '+'; the image's tag has '-' in its place",
        )
    if not (text.isascii() and text.isprintable()):
        raise InvalidReferenceError(f"{quote(text)} holds a character that no reference may hold")


def _case_hint(text: str) -> str:
    name = text.partition("@")[0]
    return "; repository names are lower case" if name != name.lower() else ""


def _normalise(domain: str | None, path: str) -> Repository:
    """Fill in Docker Hub, by the rule that tells a host from the first part of a name."""
    if domain is not None and not _is_registry(domain):
        domain, path = None, f"{domain}/{path}"
    first, slash, _ = path.partition("/")
    if domain is None and slash and "." in first:
        raise InvalidReferenceError(f"{quote(first)} is not the name of a registry")
    registry = (domain or _DEFAULT_REGISTRY).lower()
    if registry == _LEGACY_DEFAULT_REGISTRY:
        registry = _DEFAULT_REGISTRY
    if registry == _DEFAULT_REGISTRY and "/" not in path:
        path = _OFFICIAL_NAMESPACE + path
    _check_repository(registry, path)
    return Repository(registry, path)


def _is_registry(domain: str) -> bool:
    return "." in domain or ":" in domain or domain == "localhost" or domain != domain.lower()


def _check_repository(registry: str, path: str) -> None:
    if len(path) > _MAX_NAME_LENGTH:
        raise InvalidReferenceError(
            f"a repository name has at most {_MAX_NAME_LENGTH} characters, not {len(path)}",
        )
    port = registry.rpartition("]")[2].partition(":")[2]
    if port and not 0 < int(port) <= _MAX_PORT:
        raise InvalidReferenceError(f"{quote(registry)} has a port outside 1 to {_MAX_PORT}")


def _check_digest(digest: str | None) -> None:
    if digest is None:
        return
    algorithm, _, encoded = digest.partition(":")
    expression = _DIGEST_HEX.get(algorithm)
    if expression is None or not expression.fullmatch(encoded):
        raise InvalidReferenceError(
            f"{quote(digest)} is not a digest: sha256 with 64, sha384 with 96 or sha512 with 128"
            " lower-case hexadecimal digits",
        )
