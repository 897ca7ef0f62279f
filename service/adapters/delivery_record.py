"""What registries said of manifests: by digest for good, by tag for a while."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from service.adapters.store import Store
from service.domain.delivery import Signatures
from service.domain.reference import Repository

# What a digest names never changes; a store that is full forgets what nobody asks for.
_FOR_GOOD = timedelta(days=365)

# How long a tag that names nothing, or could not be asked for, is not asked for again.
_FAILURE_LIFE = timedelta(seconds=10)
_SIGNATURES_LIFE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Held:
    """What a tag names.

    Attributes:
        digest: None where it names nothing, or where that is not known.
        platforms: Such as ``linux/amd64``, with the digest of its image in an index.
        trouble: Why it is not known.
    """

    digest: str | None
    platforms: Mapping[str, str | None] = field(default_factory=dict)
    trouble: str = ""


class DeliveryRecords:
    """Keeps answers of registries apart by the credentials that they were given to.

    Args:
        store: Where they are kept for all.
        fingerprint: Tells with which credentials a repository is asked for.
        fresh: How long it is taken as known what a tag names.
    """

    def __init__(
        self, store: Store, *, fingerprint: Callable[[Repository], str], fresh: timedelta
    ) -> None:
        self._store = store
        self._fingerprint = fingerprint
        self._fresh = fresh

    def find_held(self, repository: Repository, tag: str) -> Held | None:
        """Give what a tag names."""
        kept = self._get("tag", repository, tag)
        if not isinstance(kept, dict):
            return None
        return Held(kept.get("digest"), kept.get("platforms", {}), kept.get("trouble", ""))

    def keep_held(self, repository: Repository, tag: str, held: Held) -> None:
        """Keep what a tag names."""
        value = {"digest": held.digest, "platforms": held.platforms, "trouble": held.trouble}
        life = self._fresh if held.digest else min(self._fresh, _FAILURE_LIFE)
        self._put("tag", repository, tag, value, life)

    def find_platforms(
        self, repository: Repository, digest: str
    ) -> Mapping[str, str | None] | None:
        """Give the platforms of a manifest."""
        kept = self._get("manifest", repository, digest)
        return kept if isinstance(kept, dict) else None

    def keep_platforms(
        self, repository: Repository, digest: str, platforms: Mapping[str, str | None]
    ) -> None:
        """Keep the platforms of a manifest."""
        self._put("manifest", repository, digest, platforms, _FOR_GOOD)

    def has(self, repository: Repository, digest: str) -> bool:
        """Whether an image was seen to be there."""
        return self._get("image", repository, digest) is True

    def keep_having(self, repository: Repository, digest: str) -> None:
        """Keep that an image is there."""
        self._put("image", repository, digest, value=True, life=_FOR_GOOD)

    def find_signatures(self, repository: Repository, digest: str) -> Signatures | None:
        """Give what was seen beside a digest."""
        kept = self._get("signatures", repository, digest)
        return Signatures(*kept) if isinstance(kept, list) else None

    def keep_signatures(self, repository: Repository, digest: str, seen: Signatures) -> None:
        """Keep what was seen beside a digest; shortly where not all could be."""
        known = seen.signed is not None and seen.attested is not None
        life = _SIGNATURES_LIFE if known else _FAILURE_LIFE
        self._put("signatures", repository, digest, [seen.signed, seen.attested], life)

    def _get(self, kind: str, repository: Repository, name: str) -> object:
        kept = self._store.get(self._key(kind, repository, name))
        try:
            return json.loads(kept) if kept else None
        except ValueError:
            return None

    def _put(
        self, kind: str, repository: Repository, name: str, value: object, life: timedelta
    ) -> None:
        if life > timedelta():
            self._store.put(self._key(kind, repository, name), json.dumps(value).encode(), life)

    def _key(self, kind: str, repository: Repository, name: str) -> str:
        return f"{kind}:{self._fingerprint(repository)}:{repository}:{name}"
