"""``/etc/kairos-release``, and ``/etc/os-release`` before v3.2.0: what a node says of itself.

The file is shell assignments. It is read, never evaluated: ``$(…)`` is text like any other.

Source: kairos-sdk ``utils.OSRelease``; os-release(5); kairos-init ``steps_init.go``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self, TypeVar

from service.domain.reference import Reference, quote
from service.domain.tag import Arch, Variant
from service.domain.version import (
    KAIROS_VERSION,
    KUBERNETES_VERSION,
    KairosVersion,
    KubernetesVersion,
)
from service.errors import FieldError, InvalidReferenceError, InvalidRequestError

_E = TypeVar("_E", bound=StrEnum)

MAX_RELEASE_FILE_LENGTH = 64 * 1024
_MAX_LINES = 1_000

_PREFIX = "KAIROS_"
_EMPTY = re.compile(r"\s*(?:#.*)?")
# A shell's word: pieces in double quotes, in single ones, escaped or bare. What a shell would
# evaluate in them is text here.
_PIECE = r"\"(?:[^\"\\]|\\.)*\"|'[^']*'|\\.|[^\s\"'\\]"
_ASSIGNMENT = re.compile(
    rf"\s*(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)=(?P<word>(?:{_PIECE})*)\s*(?:(?<=\s)#.*)?",
)
_PIECES = re.compile(_PIECE)
_ESCAPED = re.compile(r"\\([\"$`\\])")
_UNAME_ARCHES = {"x86_64": Arch.AMD64, "aarch64": Arch.ARM64}

# VERSION has held v2.4.2-k3sv1.27.6+k3s1, then v3.2.4-v1.31.3-k3s1, and only v3.6.0 since v3.4.
_VERSION = re.compile(rf"(?P<kairos>{KAIROS_VERSION})(?:-(?P<kubernetes>{KUBERNETES_VERSION}))?")
# Tumbleweed says the date of its snapshot where the tag says "latest".
_TUMBLEWEED = re.compile(r"tumbleweed(?:-\S*)?")


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    """The values of a release file, by key without ``KAIROS_``."""

    values: Mapping[str, str]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a release file of any era.

        Where a key stands twice, the last one counts, as in a shell. Where there are keys with
        ``KAIROS_``, the distribution's own of the same name do not count.

        Raises:
            InvalidRequestError: Too long, binary, or a line that is no assignment.
        """
        if len(text) > MAX_RELEASE_FILE_LENGTH:
            raise _bad(f"It has more than {MAX_RELEASE_FILE_LENGTH} characters.")
        lines = text.removeprefix("\ufeff").splitlines()
        if len(lines) > _MAX_LINES:
            raise _bad(f"It has more than {_MAX_LINES} lines.")
        values = dict(filter(None, (_parse_line(at, line) for at, line in enumerate(lines, 1))))
        if any(key.startswith(_PREFIX) for key in values):
            values = {
                key.removeprefix(_PREFIX): value
                for key, value in values.items()
                if key.startswith(_PREFIX)
            }
        return cls(values)

    def get(self, key: str) -> str | None:
        """Give the value of a key; None where it is missing or empty."""
        return self.values.get(key) or None

    @property
    def flavor(self) -> str | None:
        """The flavor, which was wrong on Debian in v2.3.0."""
        return self.get("FLAVOR")

    @property
    def flavor_release(self) -> str | None:
        """The flavor release as tags have it, as far as the file can tell."""
        release = self.get("FLAVOR_RELEASE") or self._flavor_release_of_name()
        if release is None:
            return None
        if self.flavor == "rockylinux":
            return release.partition(".")[0]
        if _TUMBLEWEED.fullmatch(release):
            return "tumbleweed-latest"
        if self.flavor == "hadron":
            return f"v{release.removeprefix('v')}"
        return release

    @property
    def variant(self) -> Variant | None:
        """The variant."""
        return self._choice(Variant, "VARIANT")

    @property
    def arch(self) -> Arch | None:
        """The architecture."""
        key = "TARGETARCH" if self.get("TARGETARCH") else "ARCH"
        return _UNAME_ARCHES.get(self.get(key) or "") or self._choice(Arch, key)

    @property
    def model(self) -> str | None:
        """The model of the board."""
        return self.get("MODEL")

    @property
    def version(self) -> KairosVersion | None:
        """The Kairos version, or the owner's own."""
        text = self.get("RELEASE") or (self._version["kairos"] if self._version else "")
        return KairosVersion.parse(f"v{text.removeprefix('v')}")

    @property
    def kubernetes(self) -> KubernetesVersion | None:
        """The Kubernetes version; None where the file tells none.

        On core images there may be a prefix without a version.
        """
        if software := self.get("SOFTWARE_VERSION"):
            prefix = self.get("SOFTWARE_VERSION_PREFIX") or ""
            return KubernetesVersion.parse(_as_tag(f"{prefix}{software}"))
        text = self._version["kubernetes"] if self._version else None
        return KubernetesVersion.parse(text) if text else None

    @property
    def _version(self) -> re.Match[str] | None:
        return _VERSION.fullmatch(_as_tag(self.get("VERSION") or ""))

    @property
    def artifact(self) -> str | None:
        """The tag within the name of the build, which told architecture and model first."""
        name = self.get("ARTIFACT")
        return _as_tag(name.removeprefix(f"kairos-{self.flavor}-")) if name else None

    def name_repository(self, default_organisation: str | None) -> Reference | None:
        """Give the image that the file names, or its repository alone; None since v3.5.

        Args:
            default_organisation: Where the flavor is looked for when the file names nothing.

        Raises:
            InvalidRequestError: What it names is no reference.
        """
        organisation = self.get("REGISTRY_AND_ORG") or default_organisation
        of_flavor = f"{organisation}/{self.flavor}" if organisation and self.flavor else None
        named = self.get("IMAGE_REPO") or of_flavor
        try:
            return Reference.parse(named) if named else None
        except InvalidReferenceError as error:
            raise _bad(f"The repository: {error}.") from error

    @property
    def legacy_tag(self) -> str:
        """The tag of before v2.4.2, which is the version."""
        return _as_tag(self.get("VERSION") or "")

    @property
    def is_trusted_boot(self) -> bool | None:
        """Whether the node boots signed artefacts only; None before v3.5."""
        return self._flag("TRUSTED_BOOT")

    @property
    def is_fips(self) -> bool:
        """Whether the image was built with FIPS cryptography."""
        return self._flag("FIPS") or False

    def _flavor_release_of_name(self) -> str | None:
        """Read it off the name, ``kairos-<variant>-<flavor>-<flavor release>``."""
        name = self.get("NAME") or ""
        release = name.removeprefix(f"kairos-{self.get('VARIANT')}-{self.flavor}-")
        return release if release != name else None

    def _flag(self, key: str) -> bool | None:
        value = self.get(key)
        if value is None:
            return None
        if value not in ("true", "false"):
            raise _bad(f"{key} is {quote(value)}, neither true nor false.")
        return value == "true"

    def _choice(self, kind: type[_E], key: str) -> _E | None:
        value = self.get(key)
        if value is None:
            return None
        if value not in tuple(kind):
            raise _bad(f"{key} is {quote(value)}, none of {', '.join(kind)}.")
        return kind(value)


def _parse_line(number: int, line: str) -> tuple[str, str] | None:
    """Read one assignment; None for a blank line or a comment."""
    if _EMPTY.fullmatch(line):
        return None
    match = _ASSIGNMENT.fullmatch(line)
    if match is None:
        raise _bad(f"Line {number} is not KEY=value, or its quotes do not close: {quote(line)}.")
    value = _PIECES.sub(_unquote, match["word"])
    if not value.isprintable():
        raise _bad(f"Line {number}: the value of {match['name']:.64} is not text.")
    return match["name"], value


def _unquote(piece: re.Match[str]) -> str:
    text = piece[0]
    if text[0] == '"':
        return _ESCAPED.sub(r"\1", text[1:-1])
    if text[0] == "'":
        return text[1:-1]
    return text.removeprefix("\\")


def _as_tag(text: str) -> str:
    return text.replace("+", "-")


def _bad(message: str) -> InvalidRequestError:
    return InvalidRequestError([FieldError("release_file", message)])
