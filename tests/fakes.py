"""Stand-ins for the ports: a clock that is set, and tag lists that are told."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from math import inf

from service.adapters.cache import CachedCatalogueSource
from service.adapters.event_log import EventLog
from service.adapters.flight import Seats
from service.adapters.refresh import Lives, Refresher
from service.adapters.sharing import NothingShared, Sharing
from service.domain.catalogue import Catalogue, TagListing
from service.domain.delivery import Delivery, Signatures
from service.domain.image import Image
from service.domain.lease import Changes, Lease
from service.domain.reference import Repository
from service.errors import RegistryError, RepositoryNotFoundError, ServiceError

# What FakeVerifier finds at every tag.
DIGEST = f"sha256:{'a' * 64}"

# Ends before it begins.
NO_LEASE = Lease(-inf, Changes(), None)


class FakeClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = datetime(2026, 11, 22, 19, 7, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, duration: timedelta) -> None:
        self.now += duration


class FakeTagSource:
    """A TagSource that answers as told, and remembers what it was asked.

    ``answers`` holds the tags of each repository, or the error to raise; a repository that is not
    in it is not found.
    """

    def __init__(self, clock: FakeClock | None = None) -> None:
        self.clock = clock or FakeClock()
        self.answers: dict[Repository, Sequence[str] | ServiceError] = {}
        self.asked: list[Repository] = []

    def list_tags(self, repository: Repository) -> TagListing:
        self.asked.append(repository)
        answer = self.answers.get(repository)
        if answer is None:
            raise RepositoryNotFoundError(f"{repository} is not in the fake")
        if isinstance(answer, ServiceError):
            raise answer
        return TagListing(repository, tuple(answer), self.clock())


class ImmediateSource(ABC):
    """A CatalogueSource that never waits, so that all its ways to a catalogue are one."""

    @abstractmethod
    def fetch_catalogue(self, repository: Repository) -> Catalogue:
        """See CatalogueSource."""

    def fetch_soon(self, repository: Repository) -> Catalogue:
        return self.fetch_catalogue(repository)

    def lease(self, _: Repository) -> Lease:
        return NO_LEASE

    def fetch_many_soon(self, repositories: Iterable[Repository]) -> Mapping[Repository, Catalogue]:
        found = {}
        for repository in repositories:
            with suppress(RegistryError, RepositoryNotFoundError):
                found[repository] = self.fetch_catalogue(repository)
        return found


class FakeVerifier:
    """A TargetVerifier that answers as told, by tag, and remembers what it was asked.

    What it was not told of can be pulled. It is its own beginning, so that it stands for
    ``start_verifying`` as well.
    """

    def __init__(self) -> None:
        self.answers: dict[str, Delivery] = {}
        self.signatures = Signatures()
        self.asked: list[str] = []

    def __call__(self) -> "FakeVerifier":
        return self

    def verify(self, image: Image) -> Delivery:
        self.asked.append(str(image.reference))
        return self.answers.get(str(image.tag), Delivery(DIGEST))

    def find_signatures(self, image: Image, digest: str) -> Signatures:
        self.asked.append(f"{image.repository}@{digest}")
        return self.signatures

    def lease(self, _: Image, __: str | None = None) -> Lease:
        return NO_LEASE


class FakeBackground:
    """Work that waits until it is told to be done."""

    def __init__(self) -> None:
        self.waiting: dict[Hashable, Callable[[], object]] = {}

    def start(self, key: Hashable, work: Callable[[], object]) -> None:
        self.waiting[key] = work

    def finish(self) -> None:
        for key in list(self.waiting):
            self.waiting.pop(key)()


def build_cache(
    source: FakeTagSource,
    *,
    lives: Lives | None = None,
    sharing: Sharing | None = None,
    background: FakeBackground | None = None,
    events: EventLog | None = None,
) -> CachedCatalogueSource:
    """Build the catalogues of a source, on its clock and without jitter."""
    lives = lives or Lives(timedelta(hours=1), timedelta(hours=1), jitter=lambda life: life)
    return CachedCatalogueSource(
        Refresher(source, clock=source.clock, lives=lives, events=events or EventLog()),
        clock=source.clock,
        sharing=sharing or NothingShared(),
        start=(background or FakeBackground()).start,
        seats=Seats(8),
    )
