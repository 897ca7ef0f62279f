"""The support matrix: the newest stable image of each stream, and whether it is supported."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from service.domain.catalogue import Catalogue, listing_order
from service.domain.image import Image
from service.domain.reference import Repository
from service.domain.support import Verdict, assess_support
from service.domain.tag import ImageTag, Stream, Variant
from service.domain.version import Branch, Distribution

_NUMBER = re.compile("([0-9]+)")


@dataclass(frozen=True, slots=True)
class MatrixStream:
    """One stream.

    Attributes:
        stream: What its images share.
        newest: Its newest stable image.
        verdict: How the branch of that image stands to the latest one.
        fetched_at: When its repository was listed.
        stale: Whether the registry failed since.
    """

    stream: Stream
    newest: Image
    verdict: Verdict
    fetched_at: datetime
    stale: bool

    @property
    def flavor_release(self) -> str | None:
        """The flavor release under its last name; None where the tags carry none."""
        return self.stream.base or self.newest.tag.flavor_release or None


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known of one repository.

    Attributes:
        catalogue: None where no list is known.
        reference: The catalogue of its reference repository; None where there is none, or no list.
    """

    repository: Repository
    catalogue: Catalogue | None
    reference: Catalogue | None

    @property
    def latest_branch(self) -> Branch | None:
        """The latest release branch; None where it is not known."""
        return self.reference.latest_branch if self.reference else None

    def list_streams(self) -> Iterator[MatrixStream]:
        """List the streams that have a stable image."""
        if self.catalogue is not None:
            yield from _list_streams(self.catalogue, self.latest_branch)


# Only the very same matrix is equal: one is made for each change of the lists.
@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """The streams of all tracked repositories.

    Attributes:
        latest_branch: The latest release branch, of the first repository that has one; None where
            none is known.
        streams: By flavor, flavor release, variant, architecture, model and Kubernetes.
        missing: The repositories of which no list is known, or not yet.
    """

    latest_branch: Branch | None
    streams: tuple[MatrixStream, ...]
    missing: tuple[Repository, ...] = ()

    @classmethod
    def of(cls, surveys: Sequence[Survey]) -> Self:
        """Put the matrix of some repositories together; numbers in names count as numbers."""
        branches = (survey.latest_branch for survey in surveys)
        rows = (row for survey in surveys for row in survey.list_streams())
        return cls(
            latest_branch=next(filter(None, branches), None),
            streams=tuple(sorted(rows, key=_matrix_order)),
            missing=tuple(each.repository for each in surveys if each.catalogue is None),
        )

    def relocate(self, place: Callable[[Repository], Repository]) -> Self:
        """Give the same matrix, with its images named at another place."""
        return replace(
            self,
            streams=tuple(
                replace(
                    row,
                    newest=replace(row.newest, repository=place(row.newest.repository)),
                )
                for row in self.streams
            ),
        )


def _list_streams(catalogue: Catalogue, latest_branch: Branch | None) -> Iterator[MatrixStream]:
    for stream in catalogue.streams:
        if _is_part_of_others(stream, catalogue):
            continue
        images = catalogue.list_images(stream)
        newest = _find_newest_stable(images)
        if newest is not None:
            yield MatrixStream(
                stream=stream,
                newest=Image(catalogue.repository, newest),
                verdict=assess_support(newest, images, latest_branch).verdict,
                fetched_at=catalogue.fetched_at,
                stale=catalogue.stale,
            )


def _find_newest_stable(images: Sequence[ImageTag]) -> ImageTag | None:
    """Find the highest of ordered images; of several spellings, the shortest."""
    stable = [image for image in images if not image.version.is_prerelease]
    equal = (image for image in stable if listing_order(image)[:2] == listing_order(stable[-1])[:2])
    return min(equal, key=lambda image: len(str(image)), default=None)


def _is_part_of_others(stream: Stream, catalogue: Catalogue) -> bool:
    """Whether it holds the images that name no Kubernetes of streams that name one.

    Source: domain rule 1.
    """
    if stream.variant is Variant.CORE or stream.distribution is not None:
        return False
    return any(
        replace(stream, distribution=distribution) in catalogue.streams
        for distribution in Distribution
    )


def _matrix_order(row: MatrixStream) -> tuple[object, ...]:
    stream = row.stream
    return (
        row.newest.flavor,
        natural_order(row.flavor_release or ""),
        stream.variant,
        stream.arch,
        stream.model,
        stream.distribution or "",
        stream.trusted_boot,
        str(row.newest.reference),
    )


def natural_order(text: str) -> tuple[tuple[bool, int, str], ...]:
    """Give the key that sorts names with the numbers in them as numbers."""
    return tuple(
        (part.isdecimal(), int(part) if part.isdecimal() else 0, part)
        for part in _NUMBER.split(text)
        if part
    )
