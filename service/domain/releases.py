"""What a stream offers, without a choice among it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from typing import Self

from service.domain.catalogue import Catalogue
from service.domain.image import Image
from service.domain.legality import is_newer
from service.domain.reference import Repository

# Kairos' longest streams have some hundred images.
MAX_RELEASES = 1_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which images of a stream are listed.

    Attributes:
        newer: Only those newer than the image that was asked for.
        prerelease: Pre-releases too.
    """

    newer: bool = True
    prerelease: bool = False


@dataclass(frozen=True, slots=True)
class Releases:
    """The images of a stream.

    Attributes:
        image: The one that was asked for.
        images: Those that are listed, newest first; ``MAX_RELEASES`` at most.
    """

    image: Image
    images: tuple[Image, ...]
    catalogue: Catalogue

    def relocate(self, place: Callable[[Repository], Repository]) -> Self:
        """Give the same releases, named at another place."""
        return replace(
            self,
            images=tuple(
                replace(image, repository=place(image.repository)) for image in self.images
            ),
        )


def list_releases(image: Image, standing: Image, catalogue: Catalogue, wanted: Wanted) -> Releases:
    """List the images of a stream.

    Args:
        image: The one that was asked for.
        standing: Its likeness where its stream goes on.
        catalogue: Of the repository there.
        wanted: Which of its images are listed.

    Raises:
        StreamNotFoundError: The catalogue has no image of the stream.
    """
    stream = catalogue.find_stream(standing.tag.stream, image.tag)
    tags = (
        tag
        for tag in reversed(stream)
        if (wanted.prerelease or not tag.version.is_prerelease)
        and (not wanted.newer or is_newer(tag, standing.tag))
    )
    images = tuple(map(standing.sibling, islice(tags, MAX_RELEASES)))
    return Releases(image, images, catalogue)
