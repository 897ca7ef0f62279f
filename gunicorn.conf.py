"""How gunicorn serves the app: workers, threads, times, limits, and what SIGHUP reads again.

gunicorn runs this file in its master: at the start, and again on SIGHUP. What is read here, the
workers inherit. It is read once, so only the start can fail on it; on SIGHUP, ``on_reload`` alone
reads anew.
"""

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

from service.adapters.api_tokens import TokensError, reload_tokens
from service.adapters.rules_file import RulesError, load_builtin_rules, load_rules, reload_rules
from service.checks import CHECKS
from service.settings import WORKER_THREADS, SettingsError, read_settings_once

try:
    _settings = read_settings_once(os.environ, CHECKS)
    load_builtin_rules()
    if _settings.rules_file:
        load_rules(_settings.rules_file)
except (SettingsError, RulesError) as error:
    sys.exit(f"kairos-upgrade-advisor: {error}")

bind = f"0.0.0.0:{_settings.port}"
loglevel = _settings.log_level
workers = _settings.web_concurrency
worker_class = "gthread"
threads = WORKER_THREADS

# Seconds. A worker that gives no sign of life is replaced; a request may take longer than this,
# for its thread does not hold up the sign.
timeout = 30
# What a stopping worker may still take: one listing of the slowest registry we wait for.
graceful_timeout = 30
# Longer than the idle time of the usual proxies (60), so that they close first and lose no request.
keepalive = 75

# A query holds up to 50 `exclude` beside the image; 8190 is the most gunicorn can be told.
limit_request_line = 8190
limit_request_fields = 64
limit_request_field_size = 8190

# ADVISOR_TRUSTED_PROXIES alone says whose word is taken; else anyone on this machine could give
# another scheme or path here.
forwarded_allow_ips = ""

# Its path is the same for every instance of one user: two of them would collide.
control_socket_disable = True


def on_reload(_server: object) -> None:
    """Read rules and tokens again before new workers replace the old ones; keep bad ones out."""
    if _settings.rules_file:
        _read_again("rules", reload_rules, _settings.rules_file)
    if _settings.api_tokens_file:
        _read_again("tokens", reload_tokens, _settings.api_tokens_file)


def _read_again(what: str, reload: Callable[[Path], None], file: Path) -> None:
    log = logging.getLogger("gunicorn.error")
    try:
        reload(file)
    except (RulesError, TokensError) as error:
        log.error("%s; the %s stay as they were", error, what)  # noqa: TRY400 - it tells all
    else:
        log.info("Read the %s of %s again", what, file)
