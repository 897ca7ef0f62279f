"""Whether images can be pulled: the port that asks, and what it finds."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol, Self

from service.domain.image import Image
from service.domain.legality import Refusal
from service.domain.tag import ImageTag


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a registry says of pulling one image; that it cannot say is one thing it may say.

    Attributes:
        digest: What the tag names now; None where that is not known.
        platform_digests: What an index at the tag holds for single platforms.
        refusal: Why it cannot be pulled for its architecture; None where it can, or nobody knows.
        trouble: Why it is not known whether it can be pulled; empty where it is.
        retry_after_seconds: When asking again may help, where there is trouble.
    """

    digest: str | None = None
    platform_digests: frozenset[str] = frozenset()
    refusal: Refusal | None = None
    trouble: str = ""
    retry_after_seconds: int = 30

    @property
    def is_verified(self) -> bool:
        """Whether the image can be pulled."""
        return self.digest is not None and self.refusal is None and not self.trouble

    def contradicts(self, digest: str | None) -> bool:
        """Whether a digest once stood for the tag and no longer does.

        A digest by another algorithm contradicts nothing, for it cannot be compared.
        """
        if digest is None or self.digest is None:
            return False
        same_algorithm = digest.partition(":")[0] == self.digest.partition(":")[0]
        return same_algorithm and digest not in {self.digest, *self.platform_digests}


@dataclass(frozen=True, slots=True)
class Signatures:
    """What cosign left beside an image; seen, not verified. None where nobody knows."""

    signed: bool | None = None
    attested: bool | None = None


class TargetVerifier(Protocol):
    """Asks registries for images, for one question and within its time."""

    def verify(self, image: Image) -> Delivery:
        """Ask whether an image can be pulled; whatever fails is told as its trouble."""

    def find_signatures(self, image: Image, digest: str) -> Signatures:
        """Ask what stands beside the digest that an image has."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found for one question.

    Attributes:
        refused: Tags that cannot be pulled, as they are spelled, and why.
        target: What is known of the target; None where nothing was asked.
        signatures: Those of the target.
        running: What is known of the running image; None where nothing was asked.
    """

    refused: Mapping[str, Refusal] = field(default_factory=dict)
    target: Delivery | None = None
    signatures: Signatures = Signatures()
    running: Delivery | None = None

    def refusing(self, image: ImageTag, refusal: Refusal) -> Self:
        """Give the same with one more image that cannot be pulled."""
        return replace(self, refused={**self.refused, str(image): refusal})
