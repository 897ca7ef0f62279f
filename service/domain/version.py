"""Kairos and Kubernetes versions, and the order among them.

python-semver reads the numbers and refuses what is no version. The order is our own, because tags
break semver's in three ways: pre-release numbers stand without a dot (``rc10`` is below ``rc2`` as
semver text), their case varies (``RC1``), and the Kubernetes revision is build metadata, which
semver compares as equal.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Self

import semver

_NUMBERS = r"[0-9]+\.[0-9]+\.[0-9]+"
_KAIROS_PARTS = (
    rf"v(?P<numbers>{_NUMBERS})(?:-(?P<stage>(?i:alpha|beta|rc))\.?(?P<number>[0-9]+))?"
    r"(?:-(?P<commits>[0-9]+)-g[0-9a-f]+)?"  # git describe
)
# As tags write it. A bare number at the end is the build number of a package, never a revision.
_KUBERNETES_PARTS = (
    rf"(?:(?P<prefix>k3s|k0s)-?)?v?(?P<numbers>{_NUMBERS})(?:-rc(?P<rc>[0-9]+))?"
    r"(?:-(?:(?P<k3s>k3s(?P<k3s_revision>[0-9]+))|(?P<k0s>k0s\.(?P<k0s_revision>[0-9]+))|[0-9]+))?"
)
_KAIROS = re.compile(_KAIROS_PARTS)
_KUBERNETES = re.compile(_KUBERNETES_PARTS)

# The same without names, to stand within the grammar of a tag.
KAIROS_VERSION = re.sub(r"\?P<\w+>", "?:", _KAIROS_PARTS)
KUBERNETES_VERSION = re.sub(r"\?P<\w+>", "?:", _KUBERNETES_PARTS)

_BRANCH = re.compile(r"v?(?P<branch>[0-9]+\.[0-9]+)")

_STAGES = {"alpha": 0, "beta": 1, "rc": 2}
_FINAL = 3
_CACHED_VERSIONS = 4096
# No tag is longer, and so no version in one.
_MAX_LENGTH = 128


class Distribution(StrEnum):
    """The Kubernetes distributions that Kairos ships."""

    K3S = "k3s"
    K0S = "k0s"

    __hash__ = str.__hash__  # see Variant


# k3s counts its revisions from 1, k0s from 0; a tag without one means the first.
_FIRST_REVISIONS = {Distribution.K3S: "1", Distribution.K0S: "0"}


@dataclass(frozen=True, slots=True, order=True)
class Branch:
    """The ``major.minor`` of a version."""

    major: int
    minor: int

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read ``1.33`` or ``v1.33``; None for anything else."""
        match = _BRANCH.fullmatch(text) if len(text) <= _MAX_LENGTH else None
        numbers = match and _parse_numbers(f"{match['branch']}.0")
        return cls(*numbers[:2]) if numbers else None

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


@dataclass(frozen=True, slots=True, order=True)
class KairosVersion:
    """A Kairos release, pre-release or development build.

    Attributes:
        order: Major, minor, patch, stage, number of the stage, commits since: what compares.
        text: As the tag spells it, such as ``v4.0.0-RC1``; does not compare.

    Source: the release tags of kairos-io/kairos; semver.org 2.0.0, section 11.
    """

    order: tuple[int, int, int, int, int, int]
    text: str = field(compare=False)

    @classmethod
    def parse(cls, text: str) -> "KairosVersion | None":
        """Read ``v3.2.3``, ``v4.0.0-RC1``, ``v3.5.1-beta.1`` or ``v3.1.1-25-g2a7090f``."""
        return _parse_kairos(text)

    @classmethod
    def parse_release(cls, text: str) -> "KairosVersion | None":
        """Read a release or pre-release, with or without its ``v``; None for anything else."""
        version = _parse_kairos(f"v{text.removeprefix('v')}")
        return None if version is None or version.is_development else version

    @classmethod
    def of(cls, text: str) -> "KairosVersion":
        """Read a version that is known to be one.

        Raises:
            ValueError: It is not.
        """
        version = _parse_kairos(text)
        if version is None:
            raise ValueError(f"{text} is not a Kairos version")
        return version

    @property
    def branch(self) -> Branch:
        """Major and minor."""
        return Branch(self.order[0], self.order[1])

    @property
    def is_prerelease(self) -> bool:
        """Whether it carries a stage such as ``rc1``."""
        return self.order[3] != _FINAL

    @property
    def is_development(self) -> bool:
        """Whether ``git describe`` named it: a build of some commit after a release."""
        return "-g" in self.text

    def __hash__(self) -> int:
        return hash(self.order)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, order=True)
class KubernetesVersion:
    """A Kubernetes version of a distribution; only versions of one distribution compare.

    Attributes:
        order: Major, minor, patch, release candidate or final, its number, revision.
        distribution: Never compared on purpose: a stream holds one distribution.
    """

    order: tuple[int, int, int, int, int, int]
    distribution: Distribution

    @classmethod
    def parse(cls, text: str) -> "KubernetesVersion | None":
        """Read any spelling of a tag's Kubernetes part; None where no distribution is named.

        Args:
            text: Such as ``k3sv1.31.2-k3s1``, ``k3s1.30.8-1``, ``1.32.2-k3s1`` or
                ``k0s-v1.33.3-k0s.0``.
        """
        return _parse_kubernetes(text)

    @property
    def minor(self) -> Branch:
        """What the one-step rule counts: major and minor."""
        return Branch(self.order[0], self.order[1])

    def __str__(self) -> str:
        major, minor, patch, stage, candidate, revision = self.order
        rc = "" if stage == _FINAL else f"-rc{candidate}"
        dot = "." if self.distribution is Distribution.K0S else ""
        return f"v{major}.{minor}.{patch}{rc}+{self.distribution}{dot}{revision}"


# The same few hundred versions recur in every listing.
@lru_cache(maxsize=_CACHED_VERSIONS)
def _parse_kairos(text: str) -> KairosVersion | None:
    match = _KAIROS.fullmatch(text) if len(text) <= _MAX_LENGTH else None
    numbers = match and _parse_numbers(match["numbers"])
    if not match or not numbers:
        return None
    stage = _STAGES[match["stage"].lower()] if match["stage"] else _FINAL
    return KairosVersion(
        (*numbers, stage, int(match["number"] or 0), int(match["commits"] or 0)), text
    )


@lru_cache(maxsize=_CACHED_VERSIONS)
def _parse_kubernetes(text: str) -> KubernetesVersion | None:
    match = _KUBERNETES.fullmatch(text) if len(text) <= _MAX_LENGTH else None
    numbers = match and _parse_numbers(match["numbers"])
    if not match or not numbers:
        return None
    suffix = (match["k3s"] or match["k0s"] or "")[:3]
    named = {match["prefix"], suffix} - {None, ""}
    if len(named) != 1:
        return None
    distribution = Distribution(named.pop())
    revision = match["k3s_revision"] or match["k0s_revision"] or _FIRST_REVISIONS[distribution]
    stage = _FINAL if match["rc"] is None else _STAGES["rc"]
    return KubernetesVersion((*numbers, stage, int(match["rc"] or 0), int(revision)), distribution)


def _parse_numbers(text: str) -> tuple[int, int, int] | None:
    try:
        version = semver.Version.parse(text)
    except ValueError:
        return None
    return version.major, version.minor, version.patch
