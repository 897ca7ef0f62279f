"""Where a list goes on: the ``Link`` header."""

import re
from urllib.parse import urljoin

from service.adapters.call import Origin
from service.errors import RegistryError

# One link: its target, which is opaque, and its parameters. Source: RFC 8288, section 3.
_LINK = re.compile(
    r'[\s,]*+<([^<>]*+)>((?:\s*+;\s*+[^\s=;,"]++(?:\s*+=\s*+(?:"[^"]*+"|[^\s;,"]*+))?+)*+)'
)
_RELATION = re.compile(r';\s*+rel\s*+=\s*+(?:"([^"]*+)"|([^\s;,"]++))', re.IGNORECASE)


def find_next(url: str, header: str) -> str | None:
    """Give the URL of the next page, which must be on the host that was asked; None on the last.

    Args:
        url: Of the page that has the header.
        header: ``Link``, relative or absolute, among links of other relations or alone.

    Raises:
        RegistryError: The next page has no URL, or is on another host.
    """
    asked = Origin.of(url)
    following: str
    try:
        target = _find_target(header)
        if target is None:
            return None
        following = urljoin(url, target)
        origin = Origin.of(following)
    except ValueError as error:
        raise RegistryError(f"{asked.host} names a next page that is no URL") from error
    if origin != asked:
        raise RegistryError(f"{asked.host} names a next page on another host")
    return following


def _find_target(header: str) -> str | None:
    position = 0
    while link := _LINK.match(header, position):
        position = link.end()
        relation = _RELATION.search(link[2])
        if relation and "next" in (relation[1] or relation[2] or "").lower().split():
            return str(link[1])
    if header[position:].strip(" \t,"):
        # A page that is overlooked would make a list that only seems whole.
        raise ValueError("not a list of links")
    return None
