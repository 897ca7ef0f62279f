"""What a repository offers: its listing, and the index by stream that is made of it once."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from operator import itemgetter
from typing import Protocol, Self

from service.domain.lineup import Lineup
from service.domain.reference import Repository
from service.domain.tag import (
    ImageTag,
    Stream,
    Variant,
    is_artefact,
    is_lower_base,
    parse_tag,
)
from service.domain.version import Branch, Distribution, KairosVersion
from service.errors import StreamNotFoundError


class Noise(StrEnum):
    """Why a listed tag is no candidate."""

    ARTEFACT = "artefact"
    UNVERSIONED = "unversioned_tag"
    DEVELOPMENT = "development_build"


@dataclass(frozen=True, slots=True)
class TagListing:
    """All tags of a repository, as its source gave them at one time.

    Attributes:
        fetched_at: Aware, UTC.
    """

    repository: Repository
    tags: tuple[str, ...]
    fetched_at: datetime


class TagSource(Protocol):
    """Where tag lists come from: a registry, a mirror, a snapshot directory."""

    def list_tags(self, repository: Repository) -> TagListing:
        """List every tag of a repository.

        Returns:
            All tags in the source's order, which is not by version.

        Raises:
            RepositoryNotFoundError: The source knows no such repository.
            RegistryUnavailableError: No answer now; asking again later may help.
            RegistryError: An answer that cannot be used; a truncated list is one.
        """


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Catalogue:
    """The images of one repository, by stream.

    Attributes:
        tag_count: How many tags were listed, noise included.
        noise: How many of them are no candidates, by reason.
        stale: Whether its source failed when it was last asked.
        streams: The images of each stream, by Kairos and then Kubernetes version, lowest first.
        bases: The flavor releases of streams that are equal but for it.
        latest_branch: The branch of the newest stable release, whatever its stream.
        lineups: What was asked for of these streams; kept as long as they are.
    """

    repository: Repository
    fetched_at: datetime
    tag_count: int
    noise: Mapping[Noise, int]
    streams: Mapping[Stream, Sequence[ImageTag]]
    bases: Mapping[Stream, Sequence[str]]
    latest_branch: Branch | None
    stale: bool = False
    lineups: dict[tuple[Stream, bool], Lineup] = field(
        default_factory=dict, compare=False, repr=False
    )

    @classmethod
    def from_listing(cls, listing: TagListing) -> Self:
        """Index a listing; the only place that reads every tag of it."""
        # Two tags of three are artefacts, and told by their ends: nothing else is done for them.
        texts = [text for text in listing.tags if not is_artefact(text)]
        noise = Counter({Noise.ARTEFACT: len(listing.tags) - len(texts)})
        found: defaultdict[Stream, list[tuple[_Order, ImageTag]]] = defaultdict(list)
        flavor = listing.repository.flavor
        for text in texts:
            image = _read(text, flavor)
            if isinstance(image, Noise):
                noise[image] += 1
            else:
                # With its order, for printing the tag again would take as long as reading it.
                found[image.stream].append((_order(image, text), image))
        streams = {
            stream: [image for _, image in sorted(images, key=itemgetter(0))]
            for stream, images in found.items()
        }
        latest = max(filter(None, map(find_newest_stable, streams.values())), default=None)
        return cls(
            repository=listing.repository,
            fetched_at=listing.fetched_at,
            tag_count=len(listing.tags),
            noise=+noise,
            streams=streams,
            bases=_group_bases(streams),
            latest_branch=latest.branch if latest else None,
        )

    def as_stale(self, *, stale: bool = True) -> Self:
        """Give the same catalogue, marked as older than its source would have it, or not."""
        return replace(self, stale=stale)

    @property
    def image_count(self) -> int:
        """How many images there are, over all streams."""
        return sum(map(len, self.streams.values()))

    def list_images(self, stream: Stream) -> Lineup:
        """List the images of a stream, lowest Kairos and then Kubernetes version first.

        An image with an unknown Kubernetes matches every distribution, in both directions.

        Source: domain rule 1.
        """
        return self._line_up(stream, following=False)

    def find_stream(self, stream: Stream, tag: ImageTag) -> Lineup:
        """List the images of a stream that a caller's tag belongs to.

        Raises:
            StreamNotFoundError: There are none.
        """
        images = self.list_images(stream)
        if not images:
            raise StreamNotFoundError(f"{self.repository} has no image of the stream of {tag}")
        return images

    def list_following(self, stream: Stream) -> Lineup:
        """List the images of a stream and of those with a higher flavor release of one prefix.

        Returns:
            What ``list_images`` gives, where there is none.
        """
        return self._line_up(stream, following=True)

    def _line_up(self, stream: Stream, *, following: bool) -> Lineup:
        lineup = self.lineups.get((stream, following))
        if lineup is None:
            higher = self._list_higher(stream) if following else ()
            if following and not higher:
                lineup = self.list_images(stream)
            else:
                streams = [replace(stream, base=base) for base in (stream.base, *higher)]
                images = [image for each in streams for image in self._collect(each)]
                lineup = Lineup(sorted(images, key=listing_order))
            # There is no end of streams that could be asked for, but of those that are listed.
            if any(self._collect(stream)):
                self.lineups[stream, following] = lineup
        return lineup

    def _collect(self, stream: Stream) -> Iterator[ImageTag]:
        for distribution in _matching_distributions(stream):
            yield from self.streams.get(replace(stream, distribution=distribution), ())

    def _list_higher(self, stream: Stream) -> frozenset[str]:
        return frozenset(
            base
            for distribution in _matching_distributions(stream)
            for base in self.bases.get(_family(stream, distribution), ())
            if is_lower_base(stream.base, base)
        )


class CatalogueSource(Protocol):
    """Where the advisor gets its catalogues from."""

    def fetch_catalogue(self, repository: Repository) -> Catalogue:
        """Give the catalogue of a repository; ``stale`` where its source failed meanwhile.

        Raises:
            RepositoryNotFoundError: The source knows no such repository.
            RegistryUnavailableError: No answer, and nothing cached.
            RegistryError: An answer that cannot be used, and nothing cached.
        """

    def fetch_soon(self, repository: Repository) -> Catalogue:
        """Give the catalogue of a repository that an answer can do without.

        Waits a short time where nothing is known; what it does not wait for is there for later
        callers.

        Raises:
            RepositoryNotFoundError: The source knows no such repository.
            RegistryError: No answer yet, or none that can be used, and nothing cached.
        """

    def fetch_many_soon(self, repositories: Iterable[Repository]) -> Mapping[Repository, Catalogue]:
        """Give the catalogues of those repositories that have one.

        Waits for all together as long as ``fetch_soon`` waits for one; what is missing then may be
        there for later callers.
        """


def find_newest_stable(images: Sequence[ImageTag]) -> KairosVersion | None:
    """Find the highest version among ordered images that is no pre-release."""
    stable = (image.version for image in reversed(images) if not image.version.is_prerelease)
    return next(stable, None)


def listing_order(image: ImageTag) -> "_Order":
    """Give the key that sorts images by Kairos and then Kubernetes version, unknown ones lowest.

    The text comes last, so that the order never depends on the registry's.
    """
    return _order(image, str(image))


_Order = tuple[tuple[int, ...], tuple[int, ...], str]


def _order(image: ImageTag, text: str) -> _Order:
    return image.version.order, image.kubernetes.order if image.kubernetes else (), text


def _read(text: str, flavor: str) -> ImageTag | Noise:
    image = parse_tag(text, flavor)
    if image is None:
        return Noise.UNVERSIONED
    return Noise.DEVELOPMENT if image.version.is_development else image


def _matching_distributions(stream: Stream) -> tuple[Distribution | None, ...]:
    if stream.variant is Variant.CORE:
        return (None,)
    if stream.distribution is None:
        return (None, *Distribution)
    return (None, stream.distribution)


def _family(stream: Stream, distribution: Distribution | None) -> Stream:
    return replace(stream, base="", distribution=distribution)


def _group_bases(streams: Mapping[Stream, object]) -> Mapping[Stream, Sequence[str]]:
    families: defaultdict[Stream, list[str]] = defaultdict(list)
    for stream in streams:
        families[_family(stream, stream.distribution)].append(stream.base)
    return dict(families)
