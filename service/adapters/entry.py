"""What a worker knows of a repository: its record, and the catalogue that was made of it."""

from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from service.adapters.listing_record import Record
from service.domain.catalogue import Catalogue
from service.errors import RepositoryNotFoundError

# How far the clocks of a deployment may be apart.
MAX_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Entry:
    """A record, read.

    Attributes:
        catalogue: Made of the record's listing, and marked stale where the record tells of a
            failure; None without a listing.
    """

    record: Record
    catalogue: Catalogue | None

    @classmethod
    def read(cls, record: Record, known: Self | None, now: datetime) -> Self:
        """Read a record that came from outside.

        Args:
            record: What was found.
            known: What was known before; its catalogue is taken where the listing is the same.
            now: The current time.

        Raises:
            ValueError: A listing that is none, or a record of the future.
        """
        if max(record.made_at, record.fetched_at or now) > now + MAX_SKEW:
            raise ValueError("is of the future")
        if known and (catalogue := known.reuse_catalogue(record)):
            return cls.make(record, catalogue)
        listing = record.unpack_listing()
        return cls.make(record, Catalogue.from_listing(listing) if listing else None)

    @classmethod
    def make(cls, record: Record, catalogue: Catalogue | None) -> Self:
        """Put a record and its catalogue together."""
        stale = record.failure is not None
        if catalogue is not None and catalogue.stale is not stale:
            catalogue = catalogue.as_stale(stale=stale)
        return cls(record, catalogue)

    def reuse_catalogue(self, record: Record) -> Catalogue | None:
        """Give the catalogue as of a later record of the same listing; None where it is another.

        Most listings are the last one again. Their catalogue stays, with all that was arranged for
        those who asked.
        """
        if self.catalogue is None or self.record.listing != record.listing:
            return None
        return replace(self.catalogue, fetched_at=record.fetched_at or self.catalogue.fetched_at)

    def give(self) -> Catalogue:
        """Give the catalogue.

        Raises:
            ServiceError: The failure that is remembered in its place.
        """
        if self.catalogue is not None:
            return self.catalogue
        if self.record.failure is None:
            raise AssertionError("a record tells of a listing or of a failure")
        # A copy, because each raise adds to the traceback of what it raises.
        raise copy(self.record.failure)

    def answers(self, now: datetime) -> bool:
        """Whether a caller may be answered from it."""
        return now < max(self.record.due_at, self.record.until)

    def is_due(self, now: datetime) -> bool:
        """Whether the source should be asked again."""
        return now >= self.record.due_at

    def supersedes(self, other: Self) -> bool:
        """Whether it may take the place of another, so that no answer goes back in time.

        A listing gives way to one as new, and to the news that its repository is gone; never to
        the failure of a source, for then it is what is left to answer from.
        """
        if other.record.fetched_at is None:
            return True
        if self.record.fetched_at is not None:
            return self.record.fetched_at >= other.record.fetched_at
        gone = isinstance(self.record.failure, RepositoryNotFoundError)
        return gone and self.record.made_at >= other.record.fetched_at
