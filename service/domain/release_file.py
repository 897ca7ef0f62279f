"""``/etc/kairos-release``, and ``/etc/os-release`` before v3.2.0: what a node says of itself.

The file is shell assignments. It is read, never evaluated: ``$(…)`` is text like any other.

Source: kairos-sdk ``utils.OSRelease``; os-release(5); kairos-init ``steps_init.go``.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from service.domain.reference import Reference, quote
from service.domain.tag import ARCH_NAMES, Arch, Variant
from service.domain.version import (
    KAIROS_VERSION,
    KUBERNETES_VERSION,
    Distribution,
    KairosVersion,
    KubernetesVersion,
)
from service.errors import FieldError, InvalidReferenceError, InvalidRequestError

MAX_RELEASE_FILE_LENGTH = 64 * 1024
_MAX_LINES = 1_000

_PREFIX = "KAIROS_"
_EMPTY = re.compile(r"\s*(?:#.*)?")
# A shell's word: pieces in double quotes, in single ones, escaped or bare. What a shell would
# evaluate in them is text here.
_PIECE = r"\"(?:[^\"\\]|\\.)*\"|'[^']*'|\\.|[^\s\"'\\]"
# Bare words with spaces between them: a shell would run them, Kairos' own tools take one value.
_BARE = r"[^\s\"'\\]+(?: +[^\s\"'\\#][^\s\"'\\]*)+"
_ASSIGNMENT = re.compile(
    r"\s*(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)="
    rf"(?P<word>(?:{_PIECE})*|{_BARE})\s*(?:(?<=\s)#.*)?",
)
_PIECES = re.compile(_PIECE)
_ESCAPED = re.compile(r"\\([\"$`\\])")

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
        lines = text.removeprefix("\ufeff").removesuffix("\n").split("\n")
        if len(lines) > _MAX_LINES:
            raise _bad(f"It has more than {_MAX_LINES} lines.")
        values = dict(filter(None, (_parse_line(at, line) for at, line in enumerate(lines, 1))))
        return cls.of(values)

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Self:
        """Take the values of a release file that was read elsewhere.

        Raises:
            InvalidRequestError: Too long, or binary.
        """
        if sum(len(key) + len(value) for key, value in values.items()) > MAX_RELEASE_FILE_LENGTH:
            raise _bad(f"It has more than {MAX_RELEASE_FILE_LENGTH} characters.")
        for key, value in values.items():
            if not value.isprintable():
                raise _bad(f"The value of {quote(key)} is not text.")
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
        text = self.get("VARIANT")
        if text is not None and text not in tuple(Variant):
            raise _bad(f"VARIANT is {quote(text)}, none of {', '.join(Variant)}.")
        return Variant(text) if text else None

    @property
    def arch(self) -> Arch | None:
        """The architecture."""
        return self._arch("TARGETARCH") or self._arch("ARCH")

    @property
    def model(self) -> str | None:
        """The model of the board."""
        return self.get("MODEL")

    @property
    def version(self) -> KairosVersion | None:
        """The Kairos version, or the owner's own; None where it is not legible."""
        if release := self.get("RELEASE"):
            return KairosVersion.parse(f"v{release.removeprefix('v')}")
        return self._version_before_kubernetes

    @property
    def kubernetes(self) -> KubernetesVersion | None:
        """The Kubernetes version; None where the file tells none.

        On core images there may be a prefix without a version.
        """
        return self._software or self._kubernetes_in_version

    @property
    def _version_before_kubernetes(self) -> KairosVersion | None:
        return KairosVersion.parse(self._version["kairos"]) if self._version else None

    @property
    def _software(self) -> KubernetesVersion | None:
        software, prefix = self.get("SOFTWARE_VERSION"), self.get("SOFTWARE_VERSION_PREFIX") or ""
        if software is None:
            return None
        version = KubernetesVersion.parse(_as_tag(f"{prefix}{software}"))
        if version is None and prefix in tuple(Distribution):
            raise _bad(f"{quote(prefix + software)} is not a Kubernetes version of k3s or k0s.")
        return version

    @property
    def _kubernetes_in_version(self) -> KubernetesVersion | None:
        # Custom builds put a version of their own there, of which the rest is not to be trusted.
        told = self._version if self._version_before_kubernetes == self.version else None
        text = told["kubernetes"] if told else None
        return KubernetesVersion.parse(text) if text else None

    @property
    def _version(self) -> re.Match[str] | None:
        return _VERSION.fullmatch(_as_tag(self.get("VERSION") or ""))

    @property
    def tags(self) -> Iterator[str]:
        """The tags that the file may hold: of the image, its label, and the name of the build."""
        image = (self.get("IMAGE_REPO") or "").partition("@")[0]
        named = image.rpartition("/")[2].partition(":")[2]
        label = _as_tag(self.get("IMAGE_LABEL") or "")
        return filter(None, (named, label, self.artifact))

    @property
    def artifact(self) -> str:
        """The tag within the name of the build, which told architecture and model first."""
        return _as_tag((self.get("ARTIFACT") or "").removeprefix(f"kairos-{self.flavor}-"))

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

    def _arch(self, key: str) -> Arch | None:
        text = self.get(key)
        if text is None:
            return None
        if (arch := Arch.parse(text)) is None:
            raise _bad(f"{key} is {quote(text)}, none of {', '.join(ARCH_NAMES)}.")
        return arch

    def _flag(self, key: str) -> bool | None:
        value = self.get(key)
        if value is None:
            return None
        if value not in ("true", "false"):
            raise _bad(f"{key} is {quote(value)}, neither true nor false.")
        return value == "true"


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
