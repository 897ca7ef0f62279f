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

NUMBERS = r"[0-9]+\.[0-9]+\.[0-9]+"
KAIROS_VERSION = (
    rf"v{NUMBERS}(?:-(?i:alpha|beta|rc)\.?[0-9]+)?"
    r"(?:-[0-9]+-g[0-9a-f]+)?"  # git describe
)
KUBERNETES_VERSION = (  # as tags write it
    rf"(?:(?:k3s|k0s)-?)?v?{NUMBERS}(?:-rc[0-9]+)?"
    r"(?:-k3s[0-9]+|-k0s\.[0-9]+|-[0-9]+)?"
)

_KAIROS = re.compile(
    rf"v(?P<numbers>{NUMBERS})(?:-(?P<stage>(?i:alpha|beta|rc))\.?(?P<number>[0-9]+))?"
    r"(?:-(?P<commits>[0-9]+)-g[0-9a-f]+)?",
)
# A bare number at the end is the build number of a package, never a revision.
_KUBERNETES = re.compile(
    rf"(?:(?P<prefix>k3s|k0s)-?)?v?(?P<numbers>{NUMBERS})(?:-rc(?P<rc>[0-9]+))?"
    r"(?:-(?P<suffix>k3s|k0s)\.?(?P<revision>[0-9]+)|-[0-9]+)?",
)
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
    named = {match["prefix"], match["suffix"]} - {None}
    if len(named) != 1:
        return None
    distribution = Distribution(named.pop())
    # k3s counts its revisions from 1, k0s from 0; a tag without one means the first.
    revision = match["revision"] or ("1" if distribution is Distribution.K3S else "0")
    stage = _FINAL if match["rc"] is None else _STAGES["rc"]
    return KubernetesVersion((*numbers, stage, int(match["rc"] or 0), int(revision)), distribution)


def _parse_numbers(text: str) -> tuple[int, int, int] | None:
    try:
        version = semver.Version.parse(text)
    except ValueError:
        return None
    return version.major, version.minor, version.patch
