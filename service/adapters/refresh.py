"""Asking a source again, and deciding what its answer is worth."""

import hashlib
import secrets
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import SystemRandom

import structlog

from service.adapters.entry import Entry
from service.adapters.event_log import EventLog
from service.adapters.listing_record import Doubt, Failure, Record, pack_listing
from service.domain.catalogue import Catalogue, TagListing, TagSource
from service.domain.reference import Repository
from service.errors import RegistryError, RepositoryNotFoundError

# How long a source is left alone after it failed, so that not every caller waits for a timeout.
_FAILURE_LIFE = timedelta(seconds=10)

# How long a repository is known to be missing; short, for it may just be about to be pushed.
_MISSING_LIFE = timedelta(seconds=30)

# How long small listings are doubted that differ from each other.
_LONGEST_DOUBT = timedelta(hours=1)

# Every life is shorter by up to this share, so that what was made together does not end together.
_JITTER = 0.1
_random = SystemRandom()

_log = structlog.get_logger()


def shorten(life: timedelta) -> timedelta:
    """Make a life a little shorter, by chance."""
    return life * _random.uniform(1 - _JITTER, 1)


@dataclass(frozen=True, slots=True)
class Lives:
    """How long answers may be used.

    Attributes:
        fresh: How long a listing is served without asking again. A snapshot never expires; for it
            this is how soon a changed file is seen.
        stale: How old a listing may be to be served when its source fails.
        jitter: What is made of each life.
    """

    fresh: timedelta
    stale: timedelta
    jitter: Callable[[timedelta], timedelta] = shorten


class Refresher:
    """Asks a tag source, and makes the next entry of a repository of what it says.

    - A listing is the new entry, unless it holds less than half of the images of the one before:
      then the old one stays, marked stale, until the same tags are listed once more. Where they
      are others each time, they are believed after an hour: a registry that is being mended has
      settled by then, and one that is pushed to all the time must not be held off for good.
    - That a repository does not exist is no failure but an answer: nothing in its old listing can
      be pulled any more.
    - A failure leaves the old listing standing, marked stale, as long as it may be.
    """

    def __init__(
        self,
        source: TagSource,
        *,
        clock: Callable[[], datetime],
        lives: Lives,
        events: EventLog,
    ) -> None:
        self._source = source
        self._clock = clock
        self._lives = lives
        self._events = events

    def refresh(self, repository: Repository, known: Entry | None) -> Entry:
        """Ask the source for a repository; its failures are part of what is returned."""
        try:
            listing = self._source.list_tags(repository)
        except RepositoryNotFoundError as error:
            return self._fail(repository, error, _MISSING_LIFE)
        except RegistryError as error:
            return self._fall_back(repository, known, error)
        record = self._record(listing)
        catalogue = known.reuse_catalogue(record) if known else None
        if catalogue is None:
            catalogue = Catalogue.from_listing(listing)
        if known is not None and (doubt := self._doubt(known, catalogue, listing)):
            small = RegistryError(f"{repository.registry} lists less than half of {repository}")
            entry = self._fall_back(repository, known, small)
            return replace(entry, record=replace(entry.record, doubt=doubt))
        _log_listed(catalogue)
        return Entry.make(record, catalogue)

    def take_over(self, record: Record, known: Entry | None) -> Entry | None:
        """Read a record that came from outside; None where it is not to be trusted."""
        try:
            return Entry.read(self._limit(record), known, self._clock())
        except ValueError as error:
            self._events.note("record_refused", key=str(record.repository), error=str(error))
            return None

    def _limit(self, record: Record) -> Record:
        """Give a record no longer a life than it would have here, whatever it says."""
        due_at = _add(record.made_at, max(self._lives.fresh, _MISSING_LIFE))
        until = _add(record.fetched_at, self._lives.stale) if record.fetched_at else due_at
        return replace(record, due_at=min(record.due_at, due_at), until=min(record.until, until))

    def _doubt(self, known: Entry, catalogue: Catalogue, listing: TagListing) -> Doubt | None:
        """Say what must be seen once more before it replaces what is known; None where nothing."""
        before, now = known.catalogue.image_count if known.catalogue else 0, self._clock()
        if now >= known.record.until or 2 * catalogue.image_count >= before:
            return None
        digest = hashlib.sha256("\n".join(sorted(listing.tags)).encode()).hexdigest()
        last = known.record.doubt
        believed = last is not None and (
            digest == last.digest or now >= last.since + _LONGEST_DOUBT
        )
        self._events.note(
            "listing_shrank",
            repository=str(catalogue.repository),
            images=catalogue.image_count,
            before=before,
            believed=believed,
        )
        return None if believed else Doubt(digest, last.since if last else now)

    def _record(self, listing: TagListing) -> Record:
        now = self._clock()
        return Record(
            generation=_make_generation(),
            repository=listing.repository,
            made_at=now,
            due_at=now + self._lives.jitter(self._lives.fresh),
            until=_add(listing.fetched_at, self._lives.stale),
            fetched_at=listing.fetched_at,
            listing=pack_listing(listing),
        )

    def _fall_back(
        self, repository: Repository, known: Entry | None, error: RegistryError
    ) -> Entry:
        now = self._clock()
        self._events.note("registry_failed", repository=str(repository), error=str(error))
        if known is None or known.catalogue is None or now >= known.record.until:
            return self._fail(repository, error, _FAILURE_LIFE)
        record = replace(
            known.record,
            generation=_make_generation(),
            made_at=now,
            due_at=now + self._lives.jitter(_FAILURE_LIFE),
            failure=copy(error),
        )
        return Entry.make(record, known.catalogue)

    def _fail(self, repository: Repository, error: Failure, life: timedelta) -> Entry:
        now = self._clock()
        due_at = now + self._lives.jitter(life)
        record = Record(
            generation=_make_generation(),
            repository=repository,
            made_at=now,
            due_at=due_at,
            until=due_at,
            # A copy, because the original holds the frames of the whole exchange.
            failure=copy(error),
        )
        return Entry.make(record, None)


def _log_listed(catalogue: Catalogue) -> None:
    _log.info(
        "listed",
        repository=str(catalogue.repository),
        tags=catalogue.tag_count,
        images=catalogue.image_count,
        **{f"{reason}s": count for reason, count in catalogue.noise.items()},
    )


def _make_generation() -> str:
    return secrets.token_hex(16)


def _add(time: datetime, life: timedelta) -> datetime:
    """Add a life that may have no end."""
    try:
        return time + life
    except OverflowError:
        return datetime.max.replace(tzinfo=time.tzinfo)
