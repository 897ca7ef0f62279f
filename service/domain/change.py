"""What an upgrade changes."""

from dataclasses import dataclass
from enum import StrEnum

from service.domain.tag import ImageTag
from service.domain.version import KairosVersion, KubernetesVersion


class VersionChange(StrEnum):
    """The highest part of a version that differs."""

    NONE = "none"
    PRERELEASE = "prerelease"
    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"


@dataclass(frozen=True, slots=True)
class Change:
    """The difference between two images of one repository.

    Attributes:
        kubernetes: A new revision counts as a patch; none where a version is unknown.
        flavor_release: Aliases and floating flavor releases never count.
    """

    kairos: VersionChange
    kubernetes: VersionChange
    flavor_release: bool

    @classmethod
    def between(cls, running: ImageTag, target: ImageTag) -> "Change":
        """Compare the parts of two tags."""
        return cls(
            kairos=_compare_kairos(running.version, target.version),
            kubernetes=_compare_kubernetes(running.kubernetes, target.kubernetes),
            flavor_release=running.base != target.base,
        )


def raises_kubernetes_minor(origin: ImageTag, target: ImageTag) -> bool:
    """Whether a hop moves to another Kubernetes minor; false where one of them is unknown."""
    if origin.kubernetes is None or target.kubernetes is None:
        return False
    return target.kubernetes.order[:2] != origin.kubernetes.order[:2]


def _compare_kairos(running: KairosVersion, target: KairosVersion) -> VersionChange:
    if running.order[0] != target.order[0]:
        return VersionChange.MAJOR
    if running.order[1] != target.order[1]:
        return VersionChange.MINOR
    if running.order[2] != target.order[2]:
        return VersionChange.PATCH
    return VersionChange.NONE if running == target else VersionChange.PRERELEASE


def _compare_kubernetes(
    running: KubernetesVersion | None,
    target: KubernetesVersion | None,
) -> VersionChange:
    if running is None or target is None or running == target:
        return VersionChange.NONE
    same_minor = running.order[:2] == target.order[:2]
    return VersionChange.PATCH if same_minor else VersionChange.MINOR
