"""Everything that can keep the service from answering, without a word of HTTP.

The tree; ``web/problems.py`` maps each leaf to a status::

    ServiceError
    ├─ InvalidRequestError           a parameter or body that cannot be read
    ├─ InvalidReferenceError         not an image reference
    ├─ RepositoryNotAllowedError     outside the allowed repositories
    ├─ RepositoryNotFoundError       the registry knows no such repository
    ├─ StreamNotFoundError           the repository holds no image of this stream
    ├─ UnversionedTagError           an image whose tag carries no version
    ├─ NotAnOsImageError             a signature, raw disk, framework, bundle or tool
    ├─ IdentityMismatchError         what the node says contradicts its image
    ├─ RepositoryUnknownError        a release file that names no repository
    ├─ KubernetesVersionUnknownError no safe Kubernetes step can be computed
    ├─ UnauthorizedError             no token, or none that is known
    ├─ RateLimitedError              this client asks too often
    ├─ NeedsAcceptanceError          acting forms: a critical warning was not accepted
    ├─ UpgradeBlockedError           acting forms: the status is ``blocked``
    ├─ ManualUpgradeError            acting forms: the status is ``manual``
    ├─ TargetNotVerifiedError        acting forms: nobody knows if the target can be pulled
    └─ RegistryError                 the registry answered, but not usably
       └─ RegistryUnavailableError   the registry gave no answer
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar


class ServiceError(Exception):
    """The base of all errors that a caller can see; ``str()`` of it is the detail.

    Attributes:
        slug: The stable name of the problem, as in its ``type`` and ``code``.
        title: One fixed sentence for the kind of problem.
        retry_after_seconds: When asking again may help; None where it will not.
    """

    slug: ClassVar[str]
    title: ClassVar[str]
    retry_after_seconds: int | None = None


@contextmanager
def naming(parameter: str) -> Iterator[None]:
    """Let the detail of an error within say which of several parameters it is about."""
    try:
        yield
    except ServiceError as error:
        error.args = (f"{parameter}: {error}",)
        raise


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one parameter or member of a body."""

    field: str
    message: str


class InvalidRequestError(ServiceError):
    """A parameter is missing, unknown, repeated or out of range, or a body does not parse."""

    slug = "invalid-request"
    title = "The request cannot be read"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in errors))
        self.errors = tuple(errors)


class InvalidReferenceError(ServiceError):
    """The text is not an image reference."""

    slug = "invalid-reference"
    title = "Not an image reference"


class RepositoryNotAllowedError(ServiceError):
    """The repository is outside those that this service may ask for."""

    slug = "repository-not-allowed"
    title = "Repository not allowed"


class RepositoryNotFoundError(ServiceError):
    """The registry says that it has no such repository."""

    slug = "repository-not-found"
    title = "Repository not found"


class StreamNotFoundError(ServiceError):
    """The repository has no image of the running image's stream."""

    slug = "stream-not-found"
    title = "No image of this stream"


class UnversionedTagError(ServiceError):
    """The reference is understood, but carries no version to upgrade from."""

    slug = "unversioned-tag"
    title = "The tag carries no version"


class NotAnOsImageError(ServiceError):
    """The reference names something that no node runs."""

    slug = "not-an-os-image"
    title = "Not an OS image"


class IdentityMismatchError(ServiceError):
    """What the caller says of the node contradicts the image."""

    slug = "identity-mismatch"
    title = "The node contradicts its image"


class RepositoryUnknownError(ServiceError):
    """A release file names no repository, and there is no default."""

    slug = "repository-unknown"
    title = "The repository is unknown"


class KubernetesVersionUnknownError(ServiceError):
    """Newer images carry a Kubernetes version, the running one does not."""

    slug = "kubernetes-version-unknown"
    title = "The running Kubernetes version is unknown"


class UnauthorizedError(ServiceError):
    """The caller shows no token, or none that is known.

    Attributes:
        is_wrong: Whether it shows one.
    """

    slug = "unauthorized"
    title = "A token is required"

    def __init__(self, detail: str, *, is_wrong: bool = False) -> None:
        super().__init__(detail)
        self.is_wrong = is_wrong


class RateLimitedError(ServiceError):
    """This client asks too often."""

    slug = "rate-limited"
    title = "Too many requests"

    def __init__(self, detail: str, *, retry_after_seconds: int) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class NeedsAcceptanceError(ServiceError):
    """A critical warning stands that the caller of an acting form did not accept."""

    slug = "needs-acceptance"
    title = "A critical warning needs acceptance"


class UpgradeBlockedError(ServiceError):
    """Only safety rules stand between the node and a newer image."""

    slug = "blocked"
    title = "The upgrade is blocked"


class ManualUpgradeError(ServiceError):
    """Something newer exists, but not by pulling an official image."""

    slug = "manual"
    title = "The upgrade is manual"


class TargetNotVerifiedError(ServiceError):
    """The registry could not say whether the target can be pulled."""

    slug = "target-not-verified"
    title = "The target is not verified"

    def __init__(self, detail: str, *, retry_after_seconds: int = 30) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class RegistryError(ServiceError):
    """The registry answered, but not usably: denied, not JSON, too large, truncated."""

    slug = "registry-error"
    title = "The registry's answer is not usable"


class RegistryUnavailableError(RegistryError):
    """The registry gave no answer, or said that it cannot answer now."""

    slug = "registry-unavailable"
    title = "The registry is unavailable"

    def __init__(self, detail: str, *, retry_after_seconds: int = 30) -> None:
        super().__init__(detail)
        self.retry_after_seconds: int = retry_after_seconds
