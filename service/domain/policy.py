"""What a caller allows: how far and where an upgrade may go."""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from service.domain.version import Branch, KairosVersion, KubernetesVersion


class MaxStep(StrEnum):
    """How far the Kairos version may move from the running one, the narrowest first."""

    __hash__ = str.__hash__  # see Variant

    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"

    @property
    def kept_numbers(self) -> int:
        """How many of a version's numbers it leaves as they are."""
        return _KEPT_NUMBERS[self]


_KEPT_NUMBERS = {MaxStep.PATCH: 2, MaxStep.MINOR: 1, MaxStep.MAJOR: 0}


class KubernetesPreference(StrEnum):
    """Which Kubernetes minor to take, the narrowest first; none ever goes down or skips one."""

    KEEP = "keep"
    MINIMAL = "minimal"
    NEXT = "next"
    LATEST = "latest"


class FlavorReleasePolicy(StrEnum):
    """Whether a higher release of the same flavor may be taken."""

    SAME = "same"
    FOLLOW = "follow"


@dataclass(frozen=True, slots=True, order=True)
class VersionCeiling:
    """A release, or the whole of a branch, that no target passes.

    Attributes:
        limit: The order of the highest version that is allowed.
    """

    limit: tuple[float, ...]

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read ``v4.1.2``, ``4.1.2``, ``v4.1`` or ``4.1``; None for anything else."""
        if branch := Branch.parse(text):
            return cls((branch.major, branch.minor, math.inf))
        release = KairosVersion.parse_release(text)
        return cls(release.order) if release else None

    def allows(self, version: KairosVersion) -> bool:
        """Whether a version stands at or below the ceiling."""
        return version.order <= self.limit


@dataclass(frozen=True, slots=True)
class Policy:
    """What the caller asked for; the defaults are those of the contract.

    Attributes:
        max_step: Measured on ``major.minor.patch`` from the running version, at every hop.
        kubernetes: None where the caller leaves it to the operator.
        max_kubernetes: The highest Kubernetes minor of any target.
        exclude: Releases that are never offered, in any hop.
        frozen: Whether the operator offers nothing at all.
        cluster_limit: The order of the highest Kubernetes version that the node's cluster lets it
            have; None where nothing holds it.
    """

    max_step: MaxStep = MaxStep.MAJOR
    max_version: VersionCeiling | None = None
    kubernetes: KubernetesPreference | None = None
    max_kubernetes: Branch | None = None
    flavor_release: FlavorReleasePolicy = FlavorReleasePolicy.SAME
    prerelease: bool = False
    exclude: frozenset[KairosVersion] = frozenset()
    frozen: bool = False
    cluster_limit: tuple[float, ...] | None = None

    @property
    def kubernetes_preference(self) -> KubernetesPreference:
        """Which Kubernetes minor to take, the default filled in."""
        return self.kubernetes or KubernetesPreference.MINIMAL

    @property
    def bounds_kubernetes(self) -> bool:
        """Whether there is a Kubernetes that no target passes."""
        return self.max_kubernetes is not None or self.cluster_limit is not None

    def allows_kubernetes(self, version: KubernetesVersion) -> bool:
        """Whether a Kubernetes passes neither the ceiling nor the cluster's limit."""
        below = self.max_kubernetes is None or version.minor <= self.max_kubernetes
        return below and (self.cluster_limit is None or version.order <= self.cluster_limit)

    def find_ceiling(self, running: KairosVersion) -> tuple[float, ...] | None:
        """Give the order of the highest Kairos version that it allows; None without a limit.

        Args:
            running: What ``max_step`` is measured from.
        """
        ceiling = self.max_version.limit if self.max_version else None
        if self.max_step is MaxStep.MAJOR:
            return ceiling
        highest = (*running.order[: self.max_step.kept_numbers], math.inf)
        return highest if ceiling is None else min(highest, ceiling)
