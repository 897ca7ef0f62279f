"""The variables: which there are, how each is read, and how they depend on each other."""

import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from service.domain.mirror import Mirrors
from service.domain.reference import Repository
from service.domain.scope import RepositoryPattern
from service.settings.files import parse_ca_file, parse_directory, parse_file, read_secret
from service.settings.values import (
    parse_base_url,
    parse_hosts,
    parse_mirrors,
    parse_patterns,
    parse_prefix,
    parse_proxy,
    parse_rate_limit,
    parse_redis_url,
    parse_references,
    parse_seconds,
    parse_timeout,
    parse_tracked,
)

_OFFICIAL = "quay.io/kairos/*"
_MAX_PORT = 65535
_MAX_WORKERS = 256
_THREADS = validate.Range(2, 256)
_MAX_PROXIES = 16

Check = Callable[[Any], object]

# What may also be given as a file that holds it, by a variable whose name ends in _FILE.
_SECRETS = {"redis_url": "ADVISOR_REDIS_URL", "registry_proxy": "ADVISOR_REGISTRY_PROXY"}

# The flavors of Kairos' own repositories; those that are not allowed are left out.
_TRACKED = ",".join(
    f"quay.io/kairos/{flavor}"
    for flavor in ("alpine", "debian", "fedora", "hadron", "opensuse", "rockylinux", "ubuntu")
)


def _read(name: str, parse: Callable[[str], object], default: object = None) -> fields.Function:
    return fields.Function(data_key=name, deserialize=parse, load_default=default)


class SettingsSchema(Schema):
    """One field a variable; ``data_key`` is the variable's name.

    Args:
        checks: See ``Settings.from_env``.
    """

    error_messages = {"unknown": "There is no such setting."}  # noqa: RUF012 - as marshmallow has it

    redis_url = _read("ADVISOR_REDIS_URL", parse_redis_url)
    redis_url_file = _read("ADVISOR_REDIS_URL_FILE", read_secret(parse_redis_url))
    repositories = _read("ADVISOR_REPOSITORIES", parse_patterns, lambda: parse_patterns(_OFFICIAL))
    official_repositories = _read(
        "ADVISOR_OFFICIAL_REPOSITORIES", parse_patterns, lambda: parse_patterns(_OFFICIAL)
    )
    reference_repositories = _read("ADVISOR_REFERENCE_REPOSITORIES", parse_references, dict)
    tracked_repositories = _read("ADVISOR_TRACKED_REPOSITORIES", parse_tracked)
    mirrors = _read("ADVISOR_MIRRORS", parse_mirrors, Mirrors)
    answer_with = fields.String(
        data_key="ADVISOR_ANSWER_WITH",
        load_default="asked",
        validate=validate.OneOf(("asked", "mirror")),
    )
    snapshot_dir = _read("ADVISOR_SNAPSHOT_DIR", parse_directory)
    rules_file = _read("ADVISOR_RULES_FILE", parse_file)
    insecure_registries = _read("ADVISOR_INSECURE_REGISTRIES", parse_hosts, frozenset)
    private_registries = _read("ADVISOR_PRIVATE_REGISTRIES", parse_hosts, frozenset)
    registry_auth_file = _read("ADVISOR_REGISTRY_AUTH_FILE", parse_file)
    registry_ca_file = _read("ADVISOR_REGISTRY_CA_FILE", parse_ca_file)
    registry_proxy = _read("ADVISOR_REGISTRY_PROXY", parse_proxy)
    registry_proxy_file = _read("ADVISOR_REGISTRY_PROXY_FILE", read_secret(parse_proxy))
    registry_timeout = _read(
        "ADVISOR_REGISTRY_TIMEOUT_SECONDS", parse_timeout, timedelta(seconds=10)
    )
    fresh = _read("ADVISOR_FRESH_SECONDS", parse_seconds, timedelta(minutes=15))
    stale = _read("ADVISOR_STALE_SECONDS", parse_seconds, timedelta(days=30))
    default_organisation = _read("ADVISOR_DEFAULT_ORGANISATION", parse_prefix)
    verify_targets = fields.Boolean(data_key="ADVISOR_VERIFY_TARGETS", load_default=True)
    rate_limit = _read("ADVISOR_RATE_LIMIT", parse_rate_limit)
    api_tokens_file = _read("ADVISOR_API_TOKENS_FILE", parse_file)
    trusted_proxies = fields.Integer(
        data_key="ADVISOR_TRUSTED_PROXIES",
        load_default=0,
        validate=validate.Range(0, _MAX_PROXIES),
    )
    problem_base_url = _read("ADVISOR_PROBLEM_BASE_URL", parse_base_url, "/problems")
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
    worker_threads = fields.Integer(
        data_key="ADVISOR_WORKER_THREADS", load_default=16, validate=_THREADS
    )

    def __init__(self, checks: Mapping[str, Check]) -> None:
        super().__init__()
        self._checks = checks

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def _check_together(
        self, values: dict[str, Any], given: Mapping[str, str], **_: object
    ) -> None:
        """Refuse what each variable alone may be; bad ones are missing in the values."""
        problems = {
            f"{name}_FILE": [f"Not together with {name}."]
            for name in _SECRETS.values()
            if name in given and f"{name}_FILE" in given
        }
        outside = [
            f"'{repository}' is outside ADVISOR_REPOSITORIES."
            for repository in values.get("tracked_repositories") or ()
            if "repositories" in values and not _is_any(repository, values["repositories"])
        ]
        if outside:
            problems["ADVISOR_TRACKED_REPOSITORIES"] = outside
        if problems:
            raise ValidationError(problems)

    @validates_schema(skip_on_field_errors=False)
    def _check_closer(self, values: dict[str, Any], **_: object) -> None:
        problems = {}
        for attribute, check in self._checks.items():
            if values.get(attribute) is None:
                continue
            name = str(self.fields[attribute].data_key)
            try:
                check(values[attribute])
            except ValueError as error:
                problems[name] = [f"{error}.".removeprefix(f"{name}: ")]
        if problems:
            raise ValidationError(problems)

    @post_load
    def _complete(self, values: dict[str, Any], **_: object) -> dict[str, Any]:
        """Fill in what depends on another variable."""
        for attribute in _SECRETS:
            from_file = values.pop(f"{attribute}_file")
            values[attribute] = values[attribute] or from_file
        if values["tracked_repositories"] is None:
            # Of a snapshot, whatever it has.
            flavors = () if values["snapshot_dir"] else parse_tracked(_TRACKED)
            values["tracked_repositories"] = tuple(
                repository for repository in flavors if _is_any(repository, values["repositories"])
            )
        if values["web_concurrency"] is None:
            # Without Redis each worker lists for itself.
            cores = os.cpu_count() or 1
            values["web_concurrency"] = min(cores, _MAX_WORKERS) if values["redis_url"] else 1
        return values


def _is_any(repository: Repository, patterns: tuple[RepositoryPattern, ...]) -> bool:
    return any(pattern.matches(repository) for pattern in patterns)
