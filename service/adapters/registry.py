"""Tag lists from a registry, by the OCI distribution API."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http import HTTPStatus
from time import monotonic
from urllib.parse import urljoin, urlsplit

from service.adapters.http import Answer, HttpClient
from service.adapters.tag_list import MAX_TAGS, parse_tag_list
from service.domain.catalogue import TagListing
from service.domain.reference import Repository
from service.errors import RegistryError, RegistryUnavailableError, RepositoryNotFoundError

# Quay gives 50 or 100 tags a page, however many are asked for, so this is MAX_TAGS at its pace.
_MAX_PAGES = 1_000
_MAX_PAGE_BYTES = 8 * 1024 * 1024
_PAGE_SIZE = 1_000
_TIMEOUTS_PER_LISTING = 3
_MAX_RETRY_AFTER_SECONDS = 600

# Docker Hub answers the API on another host than the one in references.
_API_HOSTS = {"docker.io": "registry-1.docker.io"}

_DEFAULT_PORTS = {"http": 80, "https": 443}

# Source: RFC 8288, section 3; the target is opaque.
_NEXT_LINK = re.compile(r'<([^<>]*)>[^<]*;\s*rel\s*=\s*"?next"?\s*(?:[;,]|$)', re.IGNORECASE)
_SECONDS = re.compile(r"[0-9]{1,9}")


class RegistryTagSource:
    """Lists tags at the registry that a repository names.

    Args:
        timeout: For one page, from connecting to its last byte; a listing has three times that.
        insecure: ``host[:port]`` of registries that are spoken to over plain HTTP.
        private: ``host[:port]`` of registries that may have an address that is not public.
        clock: The current time, aware and UTC.
    """

    def __init__(
        self,
        *,
        timeout: timedelta,
        insecure: frozenset[str],
        private: frozenset[str],
        clock: Callable[[], datetime],
    ) -> None:
        self._http = HttpClient(insecure=insecure, private=private)
        self._timeout = timeout
        self._clock = clock

    def list_tags(self, repository: Repository) -> TagListing:
        """List every tag of a repository.

        Follows pages until the registry names no further one; a list that cannot be followed to
        its end is an error.

        Raises:
            RepositoryNotFoundError: HTTP 404.
            RegistryUnavailableError: No answer in time, HTTP 429 or 5xx.
            RegistryError: Any other status, a body that is no tag list, or too many pages or tags.

        Source: OCI distribution-spec v1.1.1, "Listing Tags".
        """
        tags: dict[str, None] = {}
        for page in self._fetch_pages(repository):
            tags.update(dict.fromkeys(_read_tags(page, repository)))
            if len(tags) > MAX_TAGS:
                raise RegistryError(f"{repository} has more than {MAX_TAGS:,} tags")
        return TagListing(repository, tuple(tags), self._clock())

    def _fetch_pages(self, repository: Repository) -> Iterator[Answer]:
        deadline = monotonic() + (self._timeout * _TIMEOUTS_PER_LISTING).total_seconds()
        host = _API_HOSTS.get(repository.registry, repository.registry)
        whole = f"{self._http.base_url(host)}/v2/{repository.name}/tags/list"
        url = f"{whole}?n={_PAGE_SIZE}"
        page = self._fetch(url, deadline)
        if page.status == HTTPStatus.BAD_REQUEST:
            # Some registries refuse a page size above their own, and some refuse any.
            url = whole
            page = self._fetch(url, deadline)
        seen = {url}
        while True:
            _refuse_status(page, repository)
            yield page
            following = _find_next(url, page)
            if following is None:
                return
            if following in seen or len(seen) == _MAX_PAGES:
                raise RegistryError(f"{host} lists {repository} without end")
            url = following
            seen.add(url)
            page = self._fetch(url, deadline)

    def _fetch(self, url: str, deadline: float) -> Answer:
        left = timedelta(seconds=deadline - monotonic())
        if left <= timedelta():
            raise RegistryUnavailableError(f"{urlsplit(url).netloc} did not end its list in time")
        return self._http.get(url, within=min(left, self._timeout), max_bytes=_MAX_PAGE_BYTES)


def _refuse_status(page: Answer, repository: Repository) -> None:
    status = page.status
    if status == HTTPStatus.OK:
        return
    said = f"{repository.registry} answered HTTP {status} for {repository}"
    if status == HTTPStatus.NOT_FOUND:
        raise RepositoryNotFoundError(f"{repository.registry} has no repository {repository.name}")
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise _unavailable(said, page.headers.get("Retry-After", ""))
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise RegistryError(f"{said}: it is private, or does not exist")
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        raise RegistryError(f"{said}: a redirect, which is not followed")
    raise RegistryError(said)


def _unavailable(said: str, retry_after: str) -> RegistryUnavailableError:
    if not _SECONDS.fullmatch(retry_after):
        return RegistryUnavailableError(said)
    seconds = min(int(retry_after), _MAX_RETRY_AFTER_SECONDS)
    return RegistryUnavailableError(said, retry_after_seconds=seconds)


def _read_tags(page: Answer, repository: Repository) -> tuple[str, ...]:
    try:
        return parse_tag_list(page.body).tags
    except ValueError as error:
        raise RegistryError(f"{repository.registry}: the list of {repository} {error}") from error


def _find_next(url: str, page: Answer) -> str | None:
    """Give the URL of the next page, which must be on the host first asked."""
    link = _NEXT_LINK.search(page.headers.get("Link", ""))
    if link is None:
        return None
    host = urlsplit(url).netloc
    try:
        following: str = urljoin(url, link[1])
        same = _find_origin(following) == _find_origin(url)
    except ValueError as error:
        raise RegistryError(f"{host} names a next page that is no URL") from error
    if not same:
        raise RegistryError(f"{host} names a next page on another host")
    return following


def _find_origin(url: str) -> tuple[str, str | None, int | None, bool]:
    """Give scheme, host and port, and whether the URL carries credentials."""
    parts = urlsplit(url)
    return (
        parts.scheme,
        parts.hostname,
        parts.port or _DEFAULT_PORTS.get(parts.scheme),
        "@" in parts.netloc,
    )
