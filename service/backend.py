"""What is behind the advisor: registry or snapshot, cache, sharing, verification; and the clock."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from service.adapters.background import Background
from service.adapters.cache import CachedCatalogueSource
from service.adapters.credentials import ANONYMOUS, Credentials
from service.adapters.delivery_record import DeliveryRecords
from service.adapters.event_log import EventLog
from service.adapters.flight import Seats
from service.adapters.http import Network
from service.adapters.mirror import MirroredTagSource, MirroredVerifier
from service.adapters.observed import ObservedTagSource
from service.adapters.readiness import ReadinessProbe
from service.adapters.redis_sharing import RedisSharing
from service.adapters.redis_store import RedisStore
from service.adapters.refresh import Lives, Refresher
from service.adapters.registry import RegistryTagSource
from service.adapters.registry_client import RegistryClient
from service.adapters.request_count import MemoryCounter, RedisCounter
from service.adapters.sharing import NothingShared, Sharing
from service.adapters.snapshot import SnapshotTagSource
from service.adapters.store import MemoryStore, Store
from service.adapters.tracker import Tracker
from service.adapters.verifier import RegistryVerifier
from service.domain.catalogue import TagSource
from service.domain.rate_limit import RateLimit, RequestCounter
from service.domain.reference import Repository
from service.domain.transcript import LeasingSource, StartLeasing
from service.settings import Settings

if TYPE_CHECKING:
    from service.adapters.redis_link import RedisLink

# A snapshot never expires; this is how soon a changed file is seen.
_SNAPSHOT_LIVES = Lives(timedelta(seconds=5), timedelta.max)

# Pauses, and some records for each target; each has some hundred bytes.
_MAX_SHARED_KEYS = 10_000


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where tag lists come from, and what verifies targets there.

    Attributes:
        build_verifier: Builds what verifies, for workers that share; None where nothing does.
        describe: Tells where and with which credentials a repository is listed; empty for the
            plain case.
        snapshot: Where tag lists come from, if they are files.
    """

    source: TagSource
    lives: Lives
    build_verifier: Callable[[Sharing], StartLeasing] | None
    describe: Callable[[Repository], str]
    snapshot: SnapshotTagSource | None = None


@dataclass(frozen=True, slots=True)
class Backend:
    """All that is behind the advisor, and what counts who asks it.

    Attributes:
        list_tracked: Gives the tracked repositories; all of a snapshot where none are set.
        clock: Tells how old a listing is.
        count_request: None where nothing is limited.
    """

    source: LeasingSource
    start_verifying: StartLeasing | None
    readiness: ReadinessProbe
    tracker: Tracker
    list_tracked: Callable[[], Sequence[Repository]]
    clock: Callable[[], datetime]
    count_request: RequestCounter | None


def build_backend(settings: Settings) -> Backend:
    """Put together what the settings ask for; nothing connects yet."""
    events = EventLog()
    redis = _build_link(settings.redis_url, events) if settings.redis_url else None
    link = None if settings.snapshot_dir else redis
    seats = Seats(settings.worker_threads // 2)
    origin = _build_origin(settings, link, seats)
    sharing: Sharing = NothingShared()
    if link:
        sharing = RedisSharing(link, clock=_now, events=events, origin=origin.describe)
    cache = CachedCatalogueSource(
        Refresher(origin.source, clock=_now, lives=origin.lives, events=events),
        clock=_now,
        sharing=sharing,
        start=Background().start,
        seats=seats,
    )
    tracked = () if settings.snapshot_dir else settings.tracked_repositories
    readiness = ReadinessProbe(
        cache,
        tracked,
        clock=_now,
        check_redis=link.check if link else None,
        has_source=origin.snapshot.has_list if origin.snapshot else None,
    )
    tracker = Tracker(cache, tracked, sharing)
    start_verifying = origin.build_verifier(sharing) if origin.build_verifier else None
    return Backend(
        cache,
        start_verifying,
        readiness,
        tracker,
        partial(_list_tracked, settings, origin.snapshot),
        clock=_now,
        count_request=_build_counter(settings.rate_limit, redis) if settings.rate_limit else None,
    )


def _build_link(url: str, events: EventLog) -> "RedisLink":
    # Loading a client takes a tenth of the start and of the memory of those who have no Redis.
    from service.adapters.redis_link import RedisLink  # noqa: PLC0415

    return RedisLink(url, events)


def _list_tracked(settings: Settings, snapshot: SnapshotTagSource | None) -> Sequence[Repository]:
    if settings.tracked_repositories or snapshot is None:
        return settings.tracked_repositories
    return tuple(snapshot.list_repositories())


def _build_counter(limit: RateLimit, redis: "RedisLink | None") -> RequestCounter:
    own = MemoryCounter(limit.window, clock=_now)
    return RedisCounter(redis, limit.window, own) if redis else own


def build_tag_source(settings: Settings) -> TagSource:
    """Build what lists tags where they come from: without a cache, a snapshot or Redis."""
    alone = replace(settings, snapshot_dir=None)
    return _build_origin(alone, None, Seats(settings.worker_threads // 2)).source


def _build_origin(settings: Settings, link: "RedisLink | None", seats: Seats) -> _Origin:
    if settings.snapshot_dir:
        snapshot = SnapshotTagSource(settings.snapshot_dir)
        return _Origin(snapshot, _SNAPSHOT_LIVES, None, lambda _: "", snapshot)
    own = MemoryStore(clock=_now, max_keys=_MAX_SHARED_KEYS)
    store = RedisStore(link, own) if link else own
    client = _build_client(settings, store)
    mirrors = settings.mirrors
    return _Origin(
        MirroredTagSource(ObservedTagSource(RegistryTagSource(client, clock=_now)), mirrors),
        Lives(settings.fresh, settings.stale),
        partial(_build_verifier, settings, client, store, seats)
        if settings.verify_targets
        else None,
        lambda repository: _describe_origin(repository, mirrors.place(repository), client),
    )


def _describe_origin(repository: Repository, place: Repository, client: RegistryClient) -> str:
    fingerprint = client.fingerprint(place)
    if place == repository and fingerprint == ANONYMOUS:
        return ""
    return f"{place}#{fingerprint}"


def _build_verifier(
    settings: Settings, client: RegistryClient, store: Store, seats: Seats, sharing: Sharing
) -> StartLeasing:
    records = DeliveryRecords(
        store,
        fingerprint=client.fingerprint,
        clock=_now,
        fresh=settings.fresh,
        stale=settings.stale,
    )
    verifier = RegistryVerifier(client, records, sharing, seats=seats, start=Background().start)
    return lambda: MirroredVerifier(verifier.start(), settings.mirrors)


def _build_client(settings: Settings, store: Store) -> RegistryClient:
    auth_file = settings.registry_auth_file
    return RegistryClient(
        Network(
            insecure=settings.insecure_registries,
            private=settings.private_registries,
            ca_file=settings.registry_ca_file,
            proxy=settings.registry_proxy,
        ),
        timeout=settings.registry_timeout,
        credentials=Credentials.load(auth_file) if auth_file else Credentials(),
        store=store,
        clock=_now,
    )


def _now() -> datetime:
    return datetime.now(UTC)
