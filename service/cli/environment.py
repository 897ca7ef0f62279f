"""The settings of a command that answers and ends."""

from collections.abc import Mapping

from service.checks import CHECKS
from service.settings import Settings

_LOG_LEVEL = "ADVISOR_LOG_LEVEL"
_LOG_FORMAT = "ADVISOR_LOG_FORMAT"
# They guard the service against who comes over HTTP; here nobody does.
_GUARDS = ("ADVISOR_API_TOKENS_FILE", "ADVISOR_RATE_LIMIT")


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings, with the log for people: nothing but the worst, unless asked for more.

    Raises:
        SettingsError: See ``Settings.from_env``.
    """
    given = {name: value for name, value in environ.items() if name not in _GUARDS}
    log = {_LOG_LEVEL: given.get(_LOG_LEVEL) or "critical", _LOG_FORMAT: "console"}
    return Settings.from_env(given | log, CHECKS)
