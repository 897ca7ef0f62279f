"""What registries said of manifests: by digest for good, by tag for a while."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from math import inf
from threading import Lock
from time import monotonic
from typing import Any, TypeVar

from cachetools import LRUCache

from service.adapters.entry import MAX_SKEW
from service.adapters.event_log import EventLog
from service.adapters.refresh import shorten
from service.adapters.store import Store
from service.adapters.stored_answer import (
    DeliveryRecord,
    parse_delivery,
    parse_having,
    parse_platforms,
    parse_signatures,
)
from service.domain.delivery import Delivery, Signatures
from service.domain.lease import Changes, Lease
from service.domain.reference import Repository

# What a digest names never changes; a store that is full forgets what nobody asks for.
_FOR_GOOD = timedelta(days=365)

# How long a tag that cannot be pulled, or could not be asked for, is not asked for again.
_FAILURE_LIFE = timedelta(seconds=10)
_SIGNATURES_LIFE = timedelta(hours=1)

# The longest that a tag is believed to be what it was, where it cannot be asked for again.
_MAX_STALE = timedelta(days=1)

# How long what was read is trusted without a look at the store, so that a warm answer costs none:
# as long as what was seen of a listing, but for what a digest alone tells.
_TRUST_SECONDS = 1.0
_NEVER_CHANGES = frozenset({"manifest", "image"})
_MAX_NEAR = 2_000

Answer = TypeVar("Answer")

# A kind, a repository, and a tag or digest there.
_Name = tuple[str, Repository, str]


class DeliveryRecords:
    """Keeps answers of registries apart by the credentials that they were given to.

    Args:
        store: Where they are kept for all.
        fingerprint: Tells with which credentials a repository is asked for.
        clock: The current time, aware and UTC.
        fresh: How long it is not asked again whether a tag can be pulled.
        stale: How long it is taken as known that it can, where it cannot be asked for again.
        jitter: What is made of each life after which a registry is asked again, so that what was
            asked for together is not due together.
    """

    def __init__(  # noqa: PLR0913 - a record has these lives
        self,
        store: Store,
        *,
        fingerprint: Callable[[Repository], str],
        clock: Callable[[], datetime],
        fresh: timedelta,
        stale: timedelta,
        jitter: Callable[[timedelta], timedelta] = shorten,
    ) -> None:
        self._store = store
        self._fingerprint = fingerprint
        self._clock = clock
        self._fresh = fresh
        self._jitter = jitter
        self._life = max(fresh, min(stale, _MAX_STALE))
        self._events = EventLog()
        self._lock = Lock()
        self._changes = Changes()
        self._near: LRUCache[_Name, tuple[Any, float]] = LRUCache(_MAX_NEAR)

    def find_delivery(self, repository: Repository, tag: str) -> DeliveryRecord | None:
        """Give what was said of pulling a tag for its architecture, while it stands."""
        record = self._get("tag", repository, tag, parse_delivery)
        if record is None:
            return None
        left = record.until - self._clock()
        # Nothing of ours stands longer, whatever the store says.
        longest = max(self._life, _FAILURE_LIFE) + MAX_SKEW
        return record if timedelta() < left <= longest else None

    def reread_delivery(self, repository: Repository, tag: str) -> DeliveryRecord | None:
        """Give the same, as another worker may just have changed it."""
        self._forget(("tag", repository, tag))
        return self.find_delivery(repository, tag)

    def is_due(self, record: DeliveryRecord) -> bool:
        """Whether a tag shall be asked for again."""
        return self._clock() >= record.due_at

    def keep_delivery(self, repository: Repository, tag: str, said: Delivery) -> None:
        """Keep what was said; shortly where the tag may just be about to be pushed, or mended.

        What takes the place of something stays there when it stands no longer. A worker that finds
        nothing goes by what it remembers itself, and that may be what was replaced.
        """
        now = self._clock()
        if said.is_verified:
            record = DeliveryRecord(said, now + self._jitter(self._fresh), now + self._life)
        else:
            until = now + self._jitter(_FAILURE_LIFE)
            record = DeliveryRecord(said, until, until)
        self._forget(("tag", repository, tag))
        before = self._get("tag", repository, tag, parse_delivery)
        self._put_delivery(repository, tag, record, self._life if before else record.until - now)

    def postpone(self, repository: Repository, tag: str, record: DeliveryRecord) -> None:
        """Leave a tag alone that could not be asked for again; what was said of it stands."""
        now = self._clock()
        record = replace(record, due_at=now + self._jitter(_FAILURE_LIFE))
        self._put_delivery(repository, tag, record, record.until - now)

    def _put_delivery(
        self, repository: Repository, tag: str, record: DeliveryRecord, life: timedelta
    ) -> None:
        said = record.said
        value = [
            said.digest,
            sorted(said.platform_digests),
            said.refusal,
            said.trouble,
            record.due_at.timestamp(),
            record.until.timestamp(),
        ]
        self._put("tag", repository, tag, value, life)

    def lease_delivery(self, repository: Repository, tag: str) -> Lease:
        """Promise for how long the same is said of pulling a tag, and it is not due."""
        lease, record = self._lease("tag", repository, tag)
        if record is None:
            return lease
        left = min(record.due_at, record.until) - self._clock()
        return replace(lease, until=min(lease.until, monotonic() + left.total_seconds()))

    def lease_signatures(self, repository: Repository, digest: str) -> Lease:
        """Promise for how long the same is said of what is beside a digest."""
        lease, _ = self._lease("signatures", repository, digest)
        return lease

    def _lease(self, kind: str, repository: Repository, name: str) -> tuple[Lease, Any]:
        lease = Lease.take(self._changes)
        with self._lock:
            known, until = self._near.get((kind, repository, name), (None, -inf))
        return replace(lease, until=until), known

    def find_platforms(
        self, repository: Repository, digest: str
    ) -> Mapping[str, str | None] | None:
        """Give the platforms of a manifest."""
        return self._get("manifest", repository, digest, parse_platforms)

    def keep_platforms(
        self, repository: Repository, digest: str, platforms: Mapping[str, str | None]
    ) -> None:
        """Keep the platforms of a manifest."""
        self._put("manifest", repository, digest, platforms, _FOR_GOOD)

    def has(self, repository: Repository, digest: str) -> bool:
        """Whether an image was seen to be there."""
        return self._get("image", repository, digest, parse_having) is True

    def keep_having(self, repository: Repository, digest: str) -> None:
        """Keep that an image is there."""
        self._put("image", repository, digest, value=True, life=_FOR_GOOD)

    def find_signatures(self, repository: Repository, digest: str) -> Signatures | None:
        """Give what was seen beside a digest."""
        return self._get("signatures", repository, digest, parse_signatures)

    def keep_signatures(self, repository: Repository, digest: str, seen: Signatures) -> None:
        """Keep what was seen beside a digest; shortly where not all could be."""
        known = seen.signed is not None and seen.attested is not None
        life = _SIGNATURES_LIFE if known else _FAILURE_LIFE
        value = [seen.signed, seen.attested]
        self._put("signatures", repository, digest, value, self._jitter(life))

    def _get(
        self, kind: str, repository: Repository, name: str, parse: Callable[[bytes], Answer]
    ) -> Answer | None:
        near = (kind, repository, name)
        known: Answer
        now = monotonic()
        with self._lock:
            known, until = self._near.get(near, (None, -inf))
        if now < until:
            return known
        kept = self._store.get(self._key(kind, repository, name))
        try:
            found = parse(kept) if kept else None
        except ValueError:
            self._events.note("stored_record_refused", kind=kind)
            return None
        if found is not None:
            until = inf if kind in _NEVER_CHANGES else now + _TRUST_SECONDS
            with self._lock:
                self._near[near] = found, until
        return found

    def _put(
        self, kind: str, repository: Repository, name: str, value: object, life: timedelta
    ) -> None:
        if life > timedelta():
            self._store.put(self._key(kind, repository, name), json.dumps(value).encode(), life)
            self._forget((kind, repository, name))

    def _forget(self, near: _Name) -> None:
        with self._lock:
            self._near.pop(near, None)
            self._changes.note()

    def _key(self, kind: str, repository: Repository, name: str) -> str:
        return f"{kind}:{self._fingerprint(repository)}:{repository}:{name}"
