"""What a node runs, from its image, from its release file, or from both."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NoReturn

from service.domain.image import Image
from service.domain.reference import Reference, Repository
from service.domain.release_file import ReleaseFile
from service.domain.tag import (
    Arch,
    ImageTag,
    Stream,
    Variant,
    legacy_flavor,
    parse_tag,
    print_tag,
    resolve_flavor_release,
)
from service.errors import (
    FieldError,
    IdentityMismatchError,
    InvalidRequestError,
    RepositoryUnknownError,
    UnversionedTagError,
)

# The only model that amd64 images have; before v2.5.0 the file did not tell it.
_AMD64_MODEL = "generic"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a caller says of a node; an image, a release file, or both.

    Attributes:
        arch: What the node says it is beside these, if it does.
        place: Where the image comes from, for a node that says nothing of it: a repository, or what
            the one with the flavor's name begins with.
    """

    reference: Reference | None
    release_file: ReleaseFile | None
    arch: Arch | None
    place: str | None = None


def find_repository(claim: Claim, default_organisation: str | None) -> Repository:
    """Find where the images of a node come from.

    Args:
        claim: What is said of the node.
        default_organisation: For release files that name none, such as those since v3.5.

    Raises:
        RepositoryUnknownError: Neither the claim nor the default names one.
        InvalidRequestError: The claim holds nothing, or the file names no reference.
    """
    if claim.reference:
        return claim.reference.repository
    if claim.release_file is None:
        raise InvalidRequestError([FieldError("image", "Give an image, a release file, or both.")])
    if named := claim.release_file.name_repository(default_organisation):
        return named.repository
    raise RepositoryUnknownError(
        "the release file names no repository, as none does since v3.5: give the image too, with"
        " many nodes name repository in the query, or have the operator set"
        " ADVISOR_DEFAULT_ORGANISATION",
    )


def identify(claim: Claim, repository: Repository, *, official: bool) -> Image:
    """Say what a node runs.

    Args:
        claim: What is said of the node.
        repository: Where its images come from.
        official: Whether flavor names are Kairos' own there, so that they compare.

    Raises:
        UnversionedTagError: Nothing tells a version.
        NotAnOsImageError: A tag or repository that no node runs.
        IdentityMismatchError: Two sources contradict each other.
        InvalidRequestError: The file does not tell enough.
    """
    image = _read_image(claim, repository)
    file = claim.release_file
    if file is not None:
        _refuse_contradictions(image, file, official=official)
        image = replace(image, tag=_complete(image.tag, file))
    if claim.arch not in (None, image.tag.arch):
        raise IdentityMismatchError(
            f"the node says that it is {claim.arch}, its image {image.tag} is {image.tag.arch}",
        )
    return image


def _read_image(claim: Claim, repository: Repository) -> Image:
    """Understand the image where one is named with a version, else put one together."""
    file = claim.release_file
    reference = claim.reference or (file.name_repository(None) if file else None)
    try:
        return Image.identify(reference or Reference(repository))
    except UnversionedTagError:
        if file is None:
            raise
        digest = claim.reference.digest if claim.reference else None
        return Image(repository, _build_tag(claim, file, repository), digest)


def _build_tag(claim: Claim, file: ReleaseFile, repository: Repository) -> ImageTag:
    """Put the tag together from the parts in a file."""
    text = file.legacy_tag if legacy_flavor(repository.flavor) else file.artifact
    known = parse_tag(text, repository.flavor)
    tag = known or parse_tag(_print_tag(claim, file), repository.flavor)
    if tag is None:
        raise InvalidRequestError(
            [FieldError("release_file", "Its values are not those of a tag.")]
        )
    return tag


def _print_tag(claim: Claim, file: ReleaseFile) -> str:
    arch = file.arch or claim.arch
    model = file.model or (_AMD64_MODEL if arch is Arch.AMD64 else None)
    if not (file.flavor_release and file.variant and arch and model and file.version):
        _refuse_incomplete(file, arch, model)
    kubernetes = file.kubernetes if file.variant is Variant.STANDARD else None
    distribution = kubernetes.distribution if kubernetes else None
    trusted_boot = file.is_trusted_boot or False
    stream = Stream(file.flavor_release, file.variant, arch, model, distribution, trusted_boot)
    return print_tag(stream, file.version, kubernetes)


def _refuse_incomplete(file: ReleaseFile, arch: Arch | None, model: str | None) -> NoReturn:
    parts = {
        "FLAVOR_RELEASE": file.flavor_release,
        "VARIANT": file.variant,
        "TARGETARCH": arch,
        "MODEL": model,
        "RELEASE": file.version,
    }
    missing = ", ".join(f"KAIROS_{key}" for key, value in parts.items() if not value)
    message = f"It does not tell {missing} legibly: give the image too."
    raise InvalidRequestError([FieldError("release_file", message)])


def _refuse_contradictions(image: Image, file: ReleaseFile, *, official: bool) -> None:
    for name, of_image, of_file in _compare(image, file, official=official):
        if of_image is not None and of_file is not None and of_image != of_file:
            raise IdentityMismatchError(
                f"{name}: the image {image.tag} says {of_image}, the release file {of_file!s:.128}",
            )


def _compare(
    image: Image,
    file: ReleaseFile,
    *,
    official: bool,
) -> Iterator[tuple[str, object, object]]:
    """Give what both tell: name, value of the image, value of the file; None where one does not."""
    tag = image.tag
    legacy = legacy_flavor(image.repository.flavor) is not None
    yield "version", tag.version, file.version
    yield "arch", tag.arch, file.arch
    yield "Kubernetes", tag.kubernetes, tag.kubernetes and file.kubernetes
    if file.is_trusted_boot is False and tag.trusted_boot:
        yield "trusted boot", "yes", "no"
    if legacy:
        return  # The files of that time are wrong about variant (kairos#598) and flavor (#1611).
    yield "model", tag.model, file.model
    yield "variant", tag.variant, file.variant
    for stated in filter(None, (parse_tag(text, image.repository.flavor) for text in file.tags)):
        yield "tag", tag, tag if _agree(tag, stated) else stated
    if official:
        named = file.name_repository(None)
        yield "repository", image.repository.flavor, named and named.repository.flavor
        yield "flavor", image.flavor, file.flavor
        yield "flavor release", tag.base, _base_of(image, file)


def _agree(tag: ImageTag, stated: ImageTag) -> bool:
    """Whether a tag in the file is the image's, as far as it tells.

    A label of v3.4 lacks the Kubernetes part, and none has the suffix of trusted boot images, which
    are made of what holds the file.
    """
    completed = replace(
        stated,
        kubernetes=stated.kubernetes or tag.kubernetes,
        trusted_boot=stated.trusted_boot or tag.trusted_boot,
    )
    known = replace(tag, kubernetes=tag.kubernetes or stated.kubernetes)
    return completed.stream_and_version == known.stream_and_version


def _base_of(image: Image, file: ReleaseFile) -> str | None:
    """Give the file's flavor release as streams have it; None where there is nothing to compare."""
    if not file.flavor_release or not image.tag.base:
        return None
    return resolve_flavor_release(image.flavor, file.flavor_release)


def _complete(tag: ImageTag, file: ReleaseFile) -> ImageTag:
    """Add what only the file tells."""
    kubernetes = file.kubernetes if tag.has_unknown_kubernetes else tag.kubernetes
    return replace(
        tag,
        kubernetes=kubernetes,
        trusted_boot=tag.trusted_boot or file.is_trusted_boot or False,
    )
