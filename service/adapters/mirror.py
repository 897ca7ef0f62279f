"""Repositories that are listed and verified at another place than their name says."""

from dataclasses import replace

from service.domain.catalogue import TagListing, TagSource
from service.domain.delivery import Delivery, Signatures
from service.domain.image import Image
from service.domain.lease import Lease
from service.domain.mirror import Mirrors
from service.domain.reference import Repository
from service.domain.transcript import LeasingVerifier
from service.errors import RepositoryNotFoundError


class MirroredTagSource:
    """A source that lists mirrored repositories at their mirror, and nowhere else.

    Args:
        source: Lists the mirrors, and every repository that has none.
        mirrors: Which repositories are where.
    """

    def __init__(self, source: TagSource, mirrors: Mirrors) -> None:
        self._source = source
        self._mirrors = mirrors

    def list_tags(self, repository: Repository) -> TagListing:
        """See TagSource; the listing names the repository that was asked for."""
        mirror = self._mirrors.find(repository)
        if mirror is None:
            return self._source.list_tags(repository)
        try:
            return replace(self._source.list_tags(mirror), repository=repository)
        except RepositoryNotFoundError as error:
            raise RepositoryNotFoundError(f"{repository} is not at its mirror, {mirror}") from error


class MirroredVerifier:
    """A verifier that asks for mirrored images at their mirror, and nowhere else."""

    def __init__(self, verifier: LeasingVerifier, mirrors: Mirrors) -> None:
        self._verifier = verifier
        self._mirrors = mirrors

    def verify(self, image: Image) -> Delivery:
        """See TargetVerifier."""
        return self._verifier.verify(self._move(image))

    def find_signatures(self, image: Image, digest: str) -> Signatures:
        """See TargetVerifier."""
        return self._verifier.find_signatures(self._move(image), digest)

    def lease(self, image: Image, digest: str | None = None) -> Lease:
        """See LeasingVerifier."""
        return self._verifier.lease(self._move(image), digest)

    def _move(self, image: Image) -> Image:
        mirror = self._mirrors.find(image.repository)
        return replace(image, repository=mirror) if mirror else image
