"""The settings of a command that answers and ends."""

from collections.abc import Mapping

from service.backend import CHECKS
from service.settings import Settings

_LOG_LEVEL = "ADVISOR_LOG_LEVEL"
# They guard the service against who comes over HTTP; here nobody does.
_GUARDS = ("ADVISOR_API_TOKENS_FILE", "ADVISOR_RATE_LIMIT")


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings; the log tells nothing but the worst where its level is not set.

    Raises:
        SettingsError: See ``Settings.from_env``.
    """
    given = {name: value for name, value in environ.items() if name not in _GUARDS}
    return Settings.from_env(given | {_LOG_LEVEL: given.get(_LOG_LEVEL) or "critical"}, CHECKS)
