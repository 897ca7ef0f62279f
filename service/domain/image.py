"""An OS image: a reference whose tag was understood."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import NoReturn, Self, TypeVar

from service.domain.reference import Reference, Repository, quote
from service.domain.tag import (
    ImageTag,
    is_artefact,
    is_foreign_version,
    legacy_flavor,
    parse_tag,
    raw_disk_base,
    signed_digest,
)
from service.errors import NotAnOsImageError, UnversionedTagError

_T = TypeVar("_T")

_KEPT_IMAGES = 1024

_EXAMPLE = "24.04-standard-amd64-generic-v3.2.3-k3sv1.31.2-k3s1"

# What Kairos publishes beside its OS images (kairos-io workflows).
_OTHER_REPOSITORIES = {
    "auroraboot": "a tool",
    "cache": "a build cache",
    "ci-temp-images": "a store of temporary builds",
    "community-bundles": "a store of bundles",
    "framework": "the framework that OS images are built from",
    "framework-generic": "the framework that OS images are built from",
    "golang-testing": "a tool",
    "kairos-init": "a tool",
    "kairos-operator": "a tool",
    "osbuilder-tools": "a tool",
    "packages": "a package repository",
    "packages-arm64": "a package repository",
}


@dataclass(frozen=True, slots=True)
class Image:
    """An OS image as it is named to callers.

    Attributes:
        digest: The digest that the reference carried, if any.
    """

    repository: Repository
    tag: ImageTag
    digest: str | None = None

    @classmethod
    def identify(cls, reference: Reference) -> Self:
        """Understand the tag of a reference.

        Raises:
            UnversionedTagError: No tag, or one that carries no Kairos version.
            NotAnOsImageError: A tag or repository that no node runs; names the image, where there
                is one, that it belongs to.
        """
        repository = reference.repository
        if reference.tag is None:
            raise UnversionedTagError(
                f"{quote(str(reference))} names no tag, so no version: ask with the tag, such as"
                f" {repository}:{_EXAMPLE}",
            )
        tag = None if is_artefact(reference.tag) else parse_tag(reference.tag, repository.flavor)
        if tag is None:
            _refuse_tag(repository, reference.tag)
        return cls(repository, tag, reference.digest)

    @property
    def flavor(self) -> str:
        """The flavor; a legacy repository has it within its name."""
        return legacy_flavor(self.repository.flavor) or self.repository.flavor

    @property
    def reference(self) -> Reference:
        """The reference that names this image."""
        return Reference(self.repository, str(self.tag), self.digest)

    def sibling(self, tag: ImageTag) -> Self:
        """Give another image of the same repository."""
        return type(self)(self.repository, tag)


def kept_by_image(make: Callable[[Image], _T]) -> Callable[[Image], _T]:
    """Keep what a pure function makes of an image: answers name the newest ones again and again.

    Nobody may change it. Images are equal whose versions are only spelt otherwise, but are not told
    alike, so it is kept by the spelling as well.
    """

    @lru_cache(maxsize=_KEPT_IMAGES)
    def keep(image: Image, _: str) -> _T:
        return make(image)

    @wraps(make)
    def find(image: Image) -> _T:
        return keep(image, image.tag.version.text)

    return find


def _refuse_tag(repository: Repository, tag: str) -> NoReturn:
    if is_artefact(tag):
        raise NotAnOsImageError(_describe_artefact(repository, tag))
    if kind := _OTHER_REPOSITORIES.get(repository.flavor):
        raise NotAnOsImageError(f"{repository} is {kind}, not an OS image")
    of_disks = repository.flavor.removesuffix("-img")
    if of_disks != repository.flavor and legacy_flavor(of_disks):
        raise NotAnOsImageError(
            f"{repository} holds raw disks; the OS image is"
            f" {repository.organisation}/{of_disks}:{tag}",
        )
    if is_foreign_version(tag):
        raise NotAnOsImageError(
            f"{quote(tag)} names no variant, architecture and model, as an OS image's tag does:"
            f" {_EXAMPLE}",
        )
    raise UnversionedTagError(
        f"{quote(tag)} carries no Kairos version, so nothing newer can be told from it: ask with"
        f" the full tag, such as {_EXAMPLE}",
    )


def _describe_artefact(repository: Repository, tag: str) -> str:
    if digest := signed_digest(tag):
        return f"{quote(tag)} holds a signature or an SBOM; it belongs to {repository}@{digest}"
    base = raw_disk_base(tag)
    if base and parse_tag(base, repository.flavor):
        return f"{quote(tag)} is a raw disk; its OS image is {repository}:{base}"
    return f"{quote(tag)} is a signature, an SBOM or a raw disk, not an OS image"
