"""The settings: read once from the environment, all mistakes named at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

from marshmallow import ValidationError

from service.domain.mirror import Mirrors
from service.domain.rate_limit import RateLimit
from service.domain.reference import Repository
from service.domain.scope import RepositoryPattern
from service.settings.schema import Check, SettingsSchema

__all__ = ["Check", "Settings", "SettingsError", "read_settings_once"]

PREFIX = "ADVISOR_"
# Kubernetes injects these for a service that is called "advisor".
_INJECTED_PREFIXES = ("ADVISOR_PORT", "ADVISOR_SERVICE_")
_FOREIGN_NAMES = ("PORT", "WEB_CONCURRENCY")


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
        worker_threads: Of each worker; half of them may wait for registries.
        rate_limit: For each client; None without one.
        trusted_proxies: How many of the last hops are proxies whose word is taken.
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
    rate_limit: RateLimit | None
    api_tokens_file: Path | None
    trusted_proxies: int
    problem_base_url: str
    log_level: str
    log_format: str
    port: int
    web_concurrency: int
    worker_threads: int

    @classmethod
    def from_env(
        cls, environ: Mapping[str, str], checks: Mapping[str, Check] | None = None
    ) -> Self:
        """Read the settings; an empty variable counts as unset.

        Args:
            environ: Where they are read from.
            checks: By attribute: what looks closer at its value where it is given, and raises a
                ``ValueError`` that shows no secret.

        Raises:
            SettingsError: A bad value, or an ``ADVISOR_`` variable that does not exist.
        """
        ours = {name: value for name, value in environ.items() if _is_ours(name) and value != ""}
        try:
            values: dict[str, Any] = SettingsSchema(checks or {}).load(ours)
        except ValidationError as error:
            raise SettingsError(_describe(error)) from error
        return cls(**values)


_first_read: list[Settings] = []


def read_settings_once(
    environ: Mapping[str, str], checks: Mapping[str, Check] | None = None
) -> Settings:
    """Read the settings, once for this process and for all that it forks.

    A directory or file that they name may be gone when gunicorn replaces a worker; what was a
    good setting at the start is one for as long as the service runs.

    Args:
        environ: As for ``Settings.from_env``.
        checks: The same; made the first time only.

    Raises:
        SettingsError: As ``Settings.from_env``, the first time.
    """
    if not _first_read:
        _first_read.append(Settings.from_env(environ, checks))
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
