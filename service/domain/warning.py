"""What a caller should know before acting on a recommendation."""

from dataclasses import dataclass
from enum import StrEnum

_POLICY_URL = "https://kairos.io/docs/reference/image_matrix/"
SKEW_URL = "https://kubernetes.io/releases/version-skew-policy/"


class Severity(StrEnum):
    """How much a warning weighs; acting forms stop at a critical one that was not accepted."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class WarningCode(StrEnum):
    """The warnings that follow from the images alone."""

    MAJOR_JUMP = "major_jump"
    KUBERNETES_VERSION_UNKNOWN = "kubernetes_version_unknown"
    RUNNING_BRANCH_UNSUPPORTED = "running_branch_unsupported"
    STREAM_END_OF_LINE = "stream_end_of_line"
    KUBERNETES_MINOR_CHANGE = "kubernetes_minor_change"
    CLUSTER_HELD = "cluster_held"
    MULTIPLE_HOPS = "multiple_hops"
    RUNNING_PRERELEASE = "running_prerelease"
    RUNNING_NOT_PUBLISHED = "running_not_published"
    DEVELOPMENT_BUILD = "development_build"
    REPOSITORY_RENAMED = "repository_renamed"
    BOOTED_PASSIVE = "booted_passive"
    BOOTED_RECOVERY = "booted_recovery"
    LATEST_BRANCH_UNKNOWN = "latest_branch_unknown"
    STALE_CATALOGUE = "stale_catalogue"
    TARGET_NOT_VERIFIED = "target_not_verified"
    RUNNING_DIGEST_CHANGED = "running_digest_changed"


_SEVERITIES = {
    WarningCode.MAJOR_JUMP: Severity.CRITICAL,
    WarningCode.KUBERNETES_VERSION_UNKNOWN: Severity.CRITICAL,
    WarningCode.MULTIPLE_HOPS: Severity.INFO,
    WarningCode.RUNNING_PRERELEASE: Severity.INFO,
}

_URLS = {
    WarningCode.MAJOR_JUMP: _POLICY_URL,
    WarningCode.RUNNING_BRANCH_UNSUPPORTED: _POLICY_URL,
    WarningCode.STREAM_END_OF_LINE: _POLICY_URL,
    WarningCode.KUBERNETES_MINOR_CHANGE: SKEW_URL,
    WarningCode.CLUSTER_HELD: SKEW_URL,
}


@dataclass(frozen=True, slots=True)
class UpgradeWarning:
    """One warning.

    Attributes:
        code: Stable; what ``accept`` names.
        url: Where to read more, if anywhere.
    """

    code: str
    severity: Severity
    message: str
    url: str | None

    @classmethod
    def of(cls, code: WarningCode, message: str, *, url: str | None = None) -> "UpgradeWarning":
        """Make a warning with the severity of its code and, without a better one, its link."""
        severity = _SEVERITIES.get(code, Severity.WARNING)
        return cls(code, severity, message, url or _URLS.get(code))
