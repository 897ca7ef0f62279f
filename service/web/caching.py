"""What caches are told of an answer: for how long it is good, and whether it is still the same.

The first half is plain functions over bytes and times, for whoever keeps rendered answers.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from flask import Response, current_app, request

# Before a time in JSON, and never within a string there, where quotes are escaped.
_TIME = b'"fetched_at":'

# Our own answers do not outlive a target's verification either.
_MAX_STALE_IF_ERROR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Basis:
    """What an answer stands on.

    Attributes:
        fetched_at: When the listing was read; the oldest of several.
        lasting: Whether all was known that belongs to it; what failed for now may soon be mended.
    """

    fetched_at: datetime
    lasting: bool


class CacheRules:
    """For how long answers are good elsewhere.

    Args:
        fresh: How old a listing may be that an answer is made of.
        stale: For how long answers are made of it when the registry fails.
        clock: Tells how old a listing is.
        private: Whether only who asked may keep an answer, because not everyone may ask.
    """

    def __init__(
        self,
        fresh: timedelta,
        stale: timedelta,
        *,
        clock: Callable[[], datetime],
        private: bool,
    ) -> None:
        outage = int(min(stale, _MAX_STALE_IF_ERROR).total_seconds())
        owner = ", private" if private else ""
        rest = f", stale-if-error={outage}{owner}"
        self._lasting = f"max-age={int(fresh.total_seconds())}{rest}"
        self._passing = f"max-age=0{rest}"
        self._revalidated = f"no-cache{owner}"
        self._clock = clock

    def describe(self, basis: Basis) -> dict[str, str]:
        """Give the headers of an answer that tell its age, and when to ask again.

        Source: RFC 9111, sections 5.1 and 5.2.2; RFC 5861, section 4.
        """
        age = (self._clock() - basis.fetched_at).total_seconds()
        return {
            "Cache-Control": self._lasting if basis.lasting else self._passing,
            "Age": str(max(0, int(age))),
        }

    def describe_page(self) -> dict[str, str]:
        """Give the headers of a page that may be kept, and has to be asked about each time."""
        return {"Cache-Control": self._revalidated}


def tag_of(body: bytes, *beside: str) -> str:
    """Give the weak entity tag of an answer: the same as long as only its times change.

    Args:
        body: The answer in one of its forms.
        beside: What else the answer says, in its headers; the form among it.

    Source: RFC 9110, section 8.8.3.
    """
    digest = hashlib.sha256("\0".join((*beside, "")).encode())
    first, *others = body.split(_TIME)
    digest.update(first)
    for part in others:
        space, _, time = part.partition(b'"')
        # What is no text there is none, and counts.
        digest.update(part if space.strip() else time[time.find(b'"') :])
    return f'W/"{digest.hexdigest()[:24]}"'


def is_known(tag: str, if_none_match: str | None) -> bool:
    """Tell whether a caller already has what an entity tag of ours stands for.

    Compares weakly: without ``W/``. Between its quotes a tag of ours has hexadecimal digits alone,
    and so it stands in a list of tags nowhere but as one of them.

    Source: RFC 9110, sections 8.8.3.2 and 13.1.2.
    """
    if not if_none_match:
        return False
    return tag.removeprefix("W/") in if_none_match or if_none_match.strip() == "*"


def make_cacheable(response: Response, basis: Basis, tag: str | None = None) -> Response:
    """Tell caches of a view's good answer; the answer to a POST stays as it is.

    Args:
        response: The answer.
        basis: What it stands on.
        tag: Its entity tag; made of its body where that is all of it.

    Returns:
        The answer; without its body, as a 304, where the caller has it.
    """
    rules: CacheRules = current_app.extensions["cache_rules"]
    return _make_conditional(response, rules.describe(basis), tag)


def make_revalidated(response: Response) -> Response:
    """Let caches keep a page that may change with the next release, and ask each time."""
    rules: CacheRules = current_app.extensions["cache_rules"]
    return _make_conditional(response, rules.describe_page())


def _make_conditional(
    response: Response, headers: Mapping[str, str], tag: str | None = None
) -> Response:
    if request.method not in ("GET", "HEAD"):
        return response
    tag = tag or tag_of(response.get_data(), response.mimetype or "")
    response.headers.extend({"ETag": tag, **headers})
    if is_known(tag, request.headers.get("If-None-Match")):
        response.status_code = HTTPStatus.NOT_MODIFIED
        response.set_data(b"")
    return response
