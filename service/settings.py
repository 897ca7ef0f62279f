"""The settings: read once from the environment, all mistakes named at once."""

import math
import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from service.domain.mirror import Mirrors
from service.domain.reference import Repository
from service.domain.scope import RepositoryPattern
from service.errors import InvalidReferenceError

PREFIX = "ADVISOR_"
# Kubernetes injects these for a service that is called "advisor".
_INJECTED_PREFIXES = ("ADVISOR_PORT", "ADVISOR_SERVICE_")
_FOREIGN_NAMES = ("PORT", "WEB_CONCURRENCY")

_OFFICIAL = "quay.io/kairos/*"
_MAX_SECONDS = 10 * 365 * 24 * 3600
_MAX_TIMEOUT = timedelta(minutes=5)
_MAX_PORT = 65535
_MAX_WORKERS = 256
_MAX_SECRET_BYTES = 16 * 1024

# How many threads a worker has; half of them may wait for registries.
WORKER_THREADS = 16

# The flavors of Kairos' own repositories; those that are not allowed are left out.
_TRACKED = ",".join(
    f"quay.io/kairos/{flavor}"
    for flavor in ("alpine", "debian", "fedora", "hadron", "opensuse", "rockylinux", "ubuntu")
)

# The adapter knows what follows; here it is about the kind, and never about a password.
_REDIS_URL = re.compile(
    r"rediss?://[^/\s]+(?:/[0-9]*)?(?:\?\S*)?"
    r"|unix://(?:[^/\s]*@)?/\S+"
    r"|redis\+sentinel://[^/\s]+/[^/\s?]+(?:/[0-9]+)?(?:\?\S*)?"
    r"|redis\+cluster://[^/\s]+/?(?:\?\S*)?",
)


class SettingsError(ValueError):
    """The environment cannot be used; the message names every bad variable."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How this service is run; see README for what each setting means.

    Attributes:
        redis_url: May hold a password.
        registry_timeout: For one request to a registry; a whole listing may take three times this.
        fresh: How long a listing is served without asking again.
        stale: How long it is served when the registry fails.
    """

    redis_url: str | None = field(repr=False)
    repositories: tuple[RepositoryPattern, ...]
    official_repositories: tuple[RepositoryPattern, ...]
    reference_repositories: Mapping[str, Repository]
    tracked_repositories: tuple[Repository, ...]
    mirrors: Mirrors
    answer_with: str
    snapshot_dir: Path | None
    rules_file: Path | None
    insecure_registries: frozenset[str]
    private_registries: frozenset[str]
    registry_auth_file: Path | None
    registry_ca_file: Path | None
    registry_proxy: str | None = field(repr=False)
    registry_timeout: timedelta
    fresh: timedelta
    stale: timedelta
    default_organisation: str | None
    verify_targets: bool
    problem_base_url: str
    log_level: str
    log_format: str
    port: int
    web_concurrency: int

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings; an empty variable counts as unset.

        Raises:
            SettingsError: A bad value, or an ``ADVISOR_`` variable that does not exist.
        """
        ours = {name: value for name, value in environ.items() if _is_ours(name) and value != ""}
        try:
            values: dict[str, Any] = _SettingsSchema().load(ours)
        except ValidationError as error:
            raise SettingsError(_describe(error)) from error
        return cls(**values)


_first_read: list[Settings] = []


def read_settings_once(environ: Mapping[str, str]) -> Settings:
    """Read the settings, once for this process and for all that it forks.

    A directory or file that they name may be gone when gunicorn replaces a worker; what was a
    good setting at the start is one for as long as the service runs.

    Raises:
        SettingsError: As ``Settings.from_env``, the first time.
    """
    if not _first_read:
        _first_read.append(Settings.from_env(environ))
    return _first_read[0]


def _is_ours(name: str) -> bool:
    return name in _FOREIGN_NAMES or (
        name.startswith(PREFIX) and not name.startswith(_INJECTED_PREFIXES)
    )


def _describe(error: ValidationError) -> str:
    problems = error.messages_dict
    return "bad settings: " + "; ".join(
        f"{name}: {' '.join(messages)}" for name, messages in sorted(problems.items())
    )


def _split(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def _parse_pairs(text: str) -> list[tuple[str, str]]:
    pairs = [item.partition("=") for item in _split(text)]
    if not all(key and target for key, _, target in pairs):
        raise ValidationError("Write NAME=NAME, separated by commas.")
    return [(key.strip(), target.strip()) for key, _, target in pairs]


def _parse_patterns(text: str) -> tuple[RepositoryPattern, ...]:
    try:
        patterns = tuple(map(RepositoryPattern.parse, _split(text)))
    except InvalidReferenceError as error:
        raise ValidationError(f"{error}.") from error
    if not patterns:
        raise ValidationError("Name one repository at least.")
    return patterns


def _parse_hosts(text: str) -> frozenset[str]:
    return frozenset(map(_parse_host, _split(text)))


def _parse_host(text: str) -> str:
    prefix = _parse_prefix(text)
    if "/" in prefix:
        raise ValidationError(f"{text!r} is not host[:port].")
    return prefix


def _parse_mirrors(text: str) -> Mirrors:
    pairs = _parse_pairs(text)
    return Mirrors({_parse_prefix(key): _parse_prefix(target) for key, target in pairs})


def _parse_references(text: str) -> dict[str, Repository]:
    return {
        _parse_prefix(organisation): _parse_reference_repository(organisation, name)
        for organisation, name in _parse_pairs(text)
    }


def _parse_reference_repository(organisation: str, name: str) -> Repository:
    """Read a full repository, or a name within the organisation."""
    return _parse_repository(name if "/" in name else f"{_parse_prefix(organisation)}/{name}")


def _parse_prefix(text: str) -> str:
    """Read a registry, or a registry and a path on it."""
    # Two parts more, for Docker Hub puts one of its own before a single one.
    return str(_parse_repository(f"{text}/x/x")).removesuffix("/x/x")


def _parse_repository(text: str) -> Repository:
    """Read a repository that names its registry."""
    try:
        repository = Repository.parse(text)
    except InvalidReferenceError as error:
        raise ValidationError(f"{error}.") from error
    if repository.registry != text.partition("/")[0].lower():
        raise ValidationError(f"{text!r} does not begin with the name of a registry.")
    return repository


def _parse_tracked(text: str) -> tuple[Repository, ...]:
    return tuple(dict.fromkeys(map(_parse_repository, _split(text))))


def _parse_redis_url(text: str) -> str:
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


def _read_redis_url(file: str) -> str:
    try:
        with _parse_file(file).open(encoding="utf-8") as stream:
            return _parse_redis_url(stream.read(_MAX_SECRET_BYTES).strip())
    except (OSError, UnicodeDecodeError) as error:
        raise ValidationError(f"{file!r} cannot be read.") from error


def _parse_directory(text: str) -> Path:
    directory = Path(text)
    if not directory.is_dir():
        raise ValidationError(f"{text!r} is not a directory.")
    return directory


def _parse_file(text: str) -> Path:
    file = Path(text)
    if not file.is_file():
        raise ValidationError(f"{text!r} is not a file.")
    return file


def _parse_ca_file(text: str) -> Path:
    file = _parse_file(text)
    try:
        ssl.create_default_context(cafile=file)
    except OSError as error:
        raise ValidationError(f"{text!r} holds no certificates in PEM.") from error
    return file


def _parse_proxy(text: str) -> str:
    # The text is not repeated, because it may hold a password.
    try:
        parts = urlsplit(text)
        good = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good or not text.isprintable():
        raise ValidationError("Give an address such as http://proxy.local:3128.")
    return text


def _parse_seconds(text: str) -> timedelta:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= _MAX_SECONDS:
        raise ValidationError(f"Give seconds between 0 and {_MAX_SECONDS}.")
    return timedelta(seconds=seconds)


def _parse_timeout(text: str) -> timedelta:
    timeout = _parse_seconds(text)
    if not timedelta(0) < timeout <= _MAX_TIMEOUT:
        raise ValidationError(f"Give more than 0 and at most {_MAX_TIMEOUT.seconds} seconds.")
    return timeout


def _parse_base_url(text: str) -> str:
    if not text.startswith(("/", "http://", "https://")) or not text.isprintable() or " " in text:
        raise ValidationError("Give a URL or a path.")
    return text.rstrip("/")


class _SettingsSchema(Schema):
    """One field a variable; ``data_key`` is the variable's name."""

    error_messages = {"unknown": "There is no such setting."}  # noqa: RUF012 - as marshmallow has it

    redis_url = fields.Function(
        data_key="ADVISOR_REDIS_URL",
        deserialize=_parse_redis_url,
        load_default=None,
    )
    redis_url_file = fields.Function(
        data_key="ADVISOR_REDIS_URL_FILE",
        deserialize=_read_redis_url,
        load_default=None,
    )
    repositories = fields.Function(
        data_key="ADVISOR_REPOSITORIES",
        deserialize=_parse_patterns,
        load_default=lambda: _parse_patterns(_OFFICIAL),
    )
    official_repositories = fields.Function(
        data_key="ADVISOR_OFFICIAL_REPOSITORIES",
        deserialize=_parse_patterns,
        load_default=lambda: _parse_patterns(_OFFICIAL),
    )
    reference_repositories = fields.Function(
        data_key="ADVISOR_REFERENCE_REPOSITORIES",
        deserialize=_parse_references,
        load_default=dict,
    )
    tracked_repositories = fields.Function(
        data_key="ADVISOR_TRACKED_REPOSITORIES",
        deserialize=_parse_tracked,
        load_default=None,
    )
    mirrors = fields.Function(
        data_key="ADVISOR_MIRRORS",
        deserialize=_parse_mirrors,
        load_default=Mirrors,
    )
    answer_with = fields.String(
        data_key="ADVISOR_ANSWER_WITH",
        load_default="asked",
        validate=validate.OneOf(("asked", "mirror")),
    )
    snapshot_dir = fields.Function(
        data_key="ADVISOR_SNAPSHOT_DIR",
        deserialize=_parse_directory,
        load_default=None,
    )
    rules_file = fields.Function(
        data_key="ADVISOR_RULES_FILE",
        deserialize=_parse_file,
        load_default=None,
    )
    insecure_registries = fields.Function(
        data_key="ADVISOR_INSECURE_REGISTRIES",
        deserialize=_parse_hosts,
        load_default=frozenset,
    )
    private_registries = fields.Function(
        data_key="ADVISOR_PRIVATE_REGISTRIES",
        deserialize=_parse_hosts,
        load_default=frozenset,
    )
    registry_auth_file = fields.Function(
        data_key="ADVISOR_REGISTRY_AUTH_FILE",
        deserialize=_parse_file,
        load_default=None,
    )
    registry_ca_file = fields.Function(
        data_key="ADVISOR_REGISTRY_CA_FILE",
        deserialize=_parse_ca_file,
        load_default=None,
    )
    registry_proxy = fields.Function(
        data_key="ADVISOR_REGISTRY_PROXY",
        deserialize=_parse_proxy,
        load_default=None,
    )
    registry_timeout = fields.Function(
        data_key="ADVISOR_REGISTRY_TIMEOUT_SECONDS",
        deserialize=_parse_timeout,
        load_default=timedelta(seconds=10),
    )
    fresh = fields.Function(
        data_key="ADVISOR_FRESH_SECONDS",
        deserialize=_parse_seconds,
        load_default=timedelta(minutes=15),
    )
    stale = fields.Function(
        data_key="ADVISOR_STALE_SECONDS",
        deserialize=_parse_seconds,
        load_default=timedelta(days=30),
    )
    default_organisation = fields.Function(
        data_key="ADVISOR_DEFAULT_ORGANISATION",
        deserialize=_parse_prefix,
        load_default=None,
    )
    verify_targets = fields.Boolean(data_key="ADVISOR_VERIFY_TARGETS", load_default=True)
    problem_base_url = fields.Function(
        data_key="ADVISOR_PROBLEM_BASE_URL",
        deserialize=_parse_base_url,
        load_default="/problems",
    )
    log_level = fields.String(
        data_key="ADVISOR_LOG_LEVEL",
        load_default="info",
        validate=validate.OneOf(("debug", "info", "warning", "error", "critical")),
    )
    log_format = fields.String(
        data_key="ADVISOR_LOG_FORMAT",
        load_default="json",
        validate=validate.OneOf(("json", "console")),
    )
    port = fields.Integer(data_key="PORT", load_default=8080, validate=validate.Range(1, _MAX_PORT))
    web_concurrency = fields.Integer(
        data_key="WEB_CONCURRENCY",
        load_default=None,
        validate=validate.Range(1, _MAX_WORKERS),
    )

    @validates_schema
    def _check_together(self, values: dict[str, Any], **_: object) -> None:
        """Refuse what each variable alone may be."""
        if values.get("redis_url") and values.get("redis_url_file"):
            raise ValidationError("Not together with ADVISOR_REDIS_URL.", "ADVISOR_REDIS_URL_FILE")
        for repository in values.get("tracked_repositories") or ():
            if not _is_any(repository, values.get("repositories", ())):
                raise ValidationError(
                    f"'{repository}' is outside ADVISOR_REPOSITORIES.",
                    "ADVISOR_TRACKED_REPOSITORIES",
                )

    @post_load
    def _complete(self, values: dict[str, Any], **_: object) -> dict[str, Any]:
        """Fill in what depends on another variable."""
        from_file = values.pop("redis_url_file")
        values["redis_url"] = values["redis_url"] or from_file
        if values["tracked_repositories"] is None:
            values["tracked_repositories"] = tuple(
                repository
                for repository in _parse_tracked(_TRACKED)
                if _is_any(repository, values["repositories"])
            )
        if values["web_concurrency"] is None:
            # Without Redis each worker lists for itself.
            cores = os.cpu_count() or 1
            values["web_concurrency"] = min(cores, _MAX_WORKERS) if values["redis_url"] else 1
        return values


def _is_any(repository: Repository, patterns: tuple[RepositoryPattern, ...]) -> bool:
    return any(pattern.matches(repository) for pattern in patterns)
