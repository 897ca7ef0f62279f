"""What a caller allows: how far and where an upgrade may go."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from service.domain.version import Branch, KairosVersion


class MaxStep(StrEnum):
    """How far the Kairos version may move from the running one."""

    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"


class KubernetesPreference(StrEnum):
    """Which Kubernetes minor to take; none ever goes down or skips one."""

    MINIMAL = "minimal"
    KEEP = "keep"
    NEXT = "next"
    LATEST = "latest"


class FlavorReleasePolicy(StrEnum):
    """Whether a higher release of the same flavor may be taken."""

    SAME = "same"
    FOLLOW = "follow"


@dataclass(frozen=True, slots=True)
class VersionCeiling:
    """A release, or the whole of a branch, that no target passes."""

    limit: KairosVersion | Branch

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read ``v4.1.2``, ``4.1.2``, ``v4.1`` or ``4.1``; None for anything else."""
        limit = Branch.parse(text) or KairosVersion.parse(f"v{text.removeprefix('v')}")
        return cls(limit) if limit else None

    def allows(self, version: KairosVersion) -> bool:
        """Whether a version stands at or below the ceiling."""
        if isinstance(self.limit, Branch):
            return version.branch <= self.limit
        return version <= self.limit


@dataclass(frozen=True, slots=True)
class Policy:
    """What the caller asked for; the defaults are those of the contract.

    Attributes:
        max_step: Measured on ``major.minor.patch`` from the running version, at every hop.
        max_kubernetes: The highest Kubernetes minor of any target.
        exclude: Releases that are never offered, in any hop.
    """

    max_step: MaxStep = MaxStep.MAJOR
    max_version: VersionCeiling | None = None
    kubernetes: KubernetesPreference = KubernetesPreference.MINIMAL
    max_kubernetes: Branch | None = None
    flavor_release: FlavorReleasePolicy = FlavorReleasePolicy.SAME
    prerelease: bool = False
    exclude: frozenset[KairosVersion] = frozenset()
