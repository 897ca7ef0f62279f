"""How the text of one variable is read; a mistake in it is a ``ValidationError``."""

import math
import re
from datetime import timedelta
from urllib.parse import urlsplit

from marshmallow import ValidationError

from service.domain import reference
from service.domain.mirror import Mirrors
from service.domain.rate_limit import RateLimit
from service.domain.reference import Repository
from service.domain.scope import RepositoryPattern
from service.errors import InvalidReferenceError

_MAX_SECONDS = 10 * 365 * 24 * 3600
_MAX_TIMEOUT = timedelta(minutes=5)

_RATE_LIMIT = re.compile(r"([1-9][0-9]{0,8})/(second|minute|hour|day)")

# The adapter knows what follows; here it is about the kind, and never about a password.
_REDIS_URL = re.compile(
    r"rediss?://[^/\s]+(?:/[0-9]*)?(?:\?\S*)?"
    r"|unix://(?:[^/\s]*@)?/\S+"
    r"|redis\+sentinel://[^/\s]+/[^/\s?]+(?:/[0-9]+)?(?:\?\S*)?"
    r"|redis\+cluster://[^/\s]+/?(?:\?\S*)?",
)


def _split(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def _parse_pairs(text: str) -> list[tuple[str, str]]:
    pairs = [item.partition("=") for item in _split(text)]
    if not all(key and target for key, _, target in pairs):
        raise ValidationError("Write NAME=NAME, separated by commas.")
    return [(key.strip(), target.strip()) for key, _, target in pairs]


def parse_patterns(text: str) -> tuple[RepositoryPattern, ...]:
    """Read ``PATTERN,…``: one at least."""
    try:
        patterns = tuple(map(RepositoryPattern.parse, _split(text)))
    except InvalidReferenceError as error:
        raise ValidationError(f"{error}.") from error
    if not patterns:
        raise ValidationError("Name one repository at least.")
    return patterns


def parse_hosts(text: str) -> frozenset[str]:
    """Read ``HOST[:PORT],…``."""
    return frozenset(map(_parse_host, _split(text)))


def _parse_host(text: str) -> str:
    prefix = parse_prefix(text)
    if "/" in prefix:
        raise ValidationError(f"{text!r} is not host[:port].")
    return prefix


def parse_mirrors(text: str) -> Mirrors:
    """Read ``PREFIX=PREFIX,…``: what is asked for, and where it is instead."""
    pairs = _parse_pairs(text)
    return Mirrors({parse_prefix(key): parse_prefix(target) for key, target in pairs})


def parse_references(text: str) -> dict[str, Repository]:
    """Read ``ORGANISATION=REPOSITORY,…``."""
    return {
        parse_prefix(organisation): _parse_reference_repository(organisation, name)
        for organisation, name in _parse_pairs(text)
    }


def _parse_reference_repository(organisation: str, name: str) -> Repository:
    """Read a full repository, or a name within the organisation."""
    return _parse_repository(name if "/" in name else f"{parse_prefix(organisation)}/{name}")


def parse_prefix(text: str) -> str:
    """Read a registry, or a registry and a path on it."""
    try:
        prefix = reference.parse_prefix(text)
    except InvalidReferenceError as error:
        raise ValidationError(f"{error}.") from error
    _check_registry(prefix, text)
    return prefix


def _parse_repository(text: str) -> Repository:
    """Read a repository that names its registry."""
    try:
        repository = Repository.parse(text)
    except InvalidReferenceError as error:
        raise ValidationError(f"{error}.") from error
    _check_registry(repository.registry, text)
    return repository


def _check_registry(found: str, text: str) -> None:
    """Refuse what names no registry itself, so that Docker Hub would be meant."""
    if found.partition("/")[0] != text.partition("/")[0].lower():
        raise ValidationError(f"{text!r} does not begin with the name of a registry.")


def parse_tracked(text: str) -> tuple[Repository, ...]:
    """Read ``REPOSITORY,…``; each counts once."""
    return tuple(dict.fromkeys(map(_parse_repository, _split(text))))


def parse_redis_url(text: str) -> str:
    """Read the URL of a Redis; a mistake shows none of it, because it may hold a password."""
    hosts = re.split("[/?]", text.partition("://")[2])[0].rpartition("@")[2]
    try:
        ports = [urlsplit(f"//{host}").port for host in hosts.split(",")]
    except ValueError:
        ports = [0]
    if not _REDIS_URL.fullmatch(text) or 0 in ports:
        raise ValidationError(
            "Give redis://HOST, rediss://HOST, unix:///PATH, redis+sentinel://HOST,…/SERVICE or"
            " redis+cluster://HOST,….",
        )
    return text


def parse_proxy(text: str) -> str:
    """Read the URL of a proxy; a mistake shows none of it, because it may hold a password."""
    try:
        parts = urlsplit(text)
        good = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good or not text.isprintable():
        raise ValidationError("Give an address such as http://proxy.local:3128.")
    return text


def parse_seconds(text: str) -> timedelta:
    """Read seconds, which may have a fraction."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= _MAX_SECONDS:
        raise ValidationError(f"Give seconds between 0 and {_MAX_SECONDS}.")
    return timedelta(seconds=seconds)


def parse_timeout(text: str) -> timedelta:
    """Read the seconds that something may take."""
    timeout = parse_seconds(text)
    if not timedelta(0) < timeout <= _MAX_TIMEOUT:
        raise ValidationError(f"Give more than 0 and at most {_MAX_TIMEOUT.seconds} seconds.")
    return timeout


def parse_rate_limit(text: str) -> RateLimit:
    """Read how often a client may ask, such as ``600/minute``."""
    found = _RATE_LIMIT.fullmatch(text)
    if found is None:
        raise ValidationError("Give a number and second, minute, hour or day, such as 600/minute.")
    return RateLimit(int(found[1]), timedelta(**{f"{found[2]}s": 1}))


def parse_base_url(text: str) -> str:
    """Read a URL or a path; a slash at its end does not count."""
    if not text.startswith(("/", "http://", "https://")) or not text.isprintable() or " " in text:
        raise ValidationError("Give a URL or a path.")
    return text.rstrip("/")
