"""A tag source whose listings are counted and timed, by registry."""

from time import monotonic

from service.domain.catalogue import TagListing, TagSource
from service.domain.reference import Repository
from service.errors import RegistryError, RegistryUnavailableError, RepositoryNotFoundError
from service.metrics import LISTING_SECONDS, LISTING_TAGS, LISTINGS


class ObservedTagSource:
    """Counts what a source is asked for; only what is allowed is ever asked for.

    Args:
        source: Lists, under the name of the registry that it asks.
    """

    def __init__(self, source: TagSource) -> None:
        self._source = source

    def list_tags(self, repository: Repository) -> TagListing:
        """See TagSource."""
        begun, result = monotonic(), "listed"
        try:
            listing = self._source.list_tags(repository)
            LISTING_TAGS[repository.registry,].observe(len(listing.tags))
        except RepositoryNotFoundError:
            result = "not_found"
            raise
        except RegistryUnavailableError:
            result = "unavailable"
            raise
        except RegistryError:
            result = "unusable"
            raise
        finally:
            LISTINGS[repository.registry, result].inc()
            LISTING_SECONDS[repository.registry,].observe(monotonic() - begun)
        return listing
