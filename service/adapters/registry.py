"""Tag lists from a registry, by the OCI distribution API."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from http import HTTPStatus
from threading import BoundedSemaphore

from service.adapters.call import Answer, Call
from service.adapters.deadline import Deadline
from service.adapters.next_page import find_next
from service.adapters.registry_client import RegistryClient, refuse_status
from service.adapters.tag_list import MAX_TAGS, parse_tag_list
from service.domain.catalogue import TagListing
from service.domain.reference import Repository, quote
from service.errors import RegistryError, RegistryUnavailableError

# Quay gives 50 or 100 tags a page, however many are asked for, so this is MAX_TAGS at its pace.
_MAX_PAGES = 1_000
_MAX_PAGE_BYTES = 2 * 1024 * 1024
# Of all pages together. Kairos' largest list has 10,000 tags in 0.7 MB; MAX_TAGS of its kind fit.
_MAX_LIST_BYTES = 4 * 1024 * 1024
# A list over this is large, and few of those are held at once.
_LARGE_BYTES = 1024 * 1024
_LARGE_AT_ONCE = 2
_PAGE_SIZE = 1_000
_TIMEOUTS_PER_LISTING = 3


class RegistryTagSource:
    """Lists tags at the registry that a repository names.

    Args:
        client: Its timeout is for one page; a listing has three times that.
        clock: The current time, aware and UTC.
    """

    def __init__(self, client: RegistryClient, *, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._clock = clock
        self._large = BoundedSemaphore(_LARGE_AT_ONCE)

    def list_tags(self, repository: Repository) -> TagListing:
        """List every tag of a repository.

        Follows pages until the registry names no further one; a list that cannot be followed to
        its end is an error.

        Raises:
            RepositoryNotFoundError: HTTP 404.
            RegistryUnavailableError: No answer in time, HTTP 429 or 5xx, or a registry that asked
                to be left alone.
            RegistryError: Any other status, a body that is no tag list of this repository, or too
                many pages, tags or bytes.

        Source: OCI distribution-spec v1.1.1, "Listing Tags".
        """
        tags: dict[str, None] = {}
        with ExitStack() as turn:
            for page in self._fetch_pages(repository, turn):
                tags.update(dict.fromkeys(page))
                if len(tags) > MAX_TAGS:
                    raise RegistryError(f"{repository} has more than {MAX_TAGS:,} tags")
        return TagListing(repository, tuple(tags), self._clock())

    def _fetch_pages(self, repository: Repository, turn: ExitStack) -> Iterator[tuple[str, ...]]:
        deadline = Deadline(self._client.timeout * _TIMEOUTS_PER_LISTING)
        whole = f"{self._client.base_url(repository)}/tags/list"
        url = f"{whole}?n={_PAGE_SIZE}"
        page = self._fetch(repository, url, deadline)
        if page.status == HTTPStatus.BAD_REQUEST:
            # Some registries refuse a page size above their own, and some refuse any.
            url = whole
            page = self._fetch(repository, url, deadline)
        seen, size, large = {url}, 0, False
        while True:
            refuse_status(page, repository)
            size += len(page.body)
            if size > _MAX_LIST_BYTES:
                raise RegistryError(f"{repository} has a list over {_MAX_LIST_BYTES:,} bytes")
            if size > _LARGE_BYTES and not large:
                turn.enter_context(self._take_turn(repository, deadline))
                large = True
            yield self._read_tags(page, repository, deadline)
            following = find_next(url, page.headers.get("Link", ""))
            del page  # its body would be held while the next one is read
            if following is None:
                return
            if following in seen or len(seen) == _MAX_PAGES:
                raise RegistryError(f"{repository.registry} lists {repository} without end")
            url = following
            seen.add(url)
            page = self._fetch(repository, url, deadline)

    @contextmanager
    def _take_turn(self, repository: Repository, deadline: Deadline) -> Iterator[None]:
        left = deadline.left(repository.registry).total_seconds()
        if not self._large.acquire(timeout=left):
            raise RegistryUnavailableError("too many large lists at once")
        try:
            yield
        finally:
            self._large.release()

    def _fetch(self, repository: Repository, url: str, deadline: Deadline) -> Answer:
        return self._client.send(repository, Call(url, _MAX_PAGE_BYTES), deadline)

    def _read_tags(
        self, page: Answer, repository: Repository, deadline: Deadline
    ) -> tuple[str, ...]:
        host = repository.registry
        try:
            tag_list = self._client.read(repository, parse_tag_list, page.body, deadline)
        except ValueError as error:
            raise RegistryError(f"{host}: the list of {repository} {error}") from error
        if tag_list.name is not None and tag_list.name != repository.name:
            name = quote(str(tag_list.name))
            raise RegistryError(f"{host} answered for {name}, not {repository.name}")
        return tag_list.tags
