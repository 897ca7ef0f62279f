"""How gunicorn serves the app: workers, threads, times, limits, and what SIGHUP reads again.

gunicorn runs this file in its master: at the start, and again on SIGHUP. What is read here, the
workers inherit. It is read once, so only the start can fail on it; on SIGHUP, ``on_reload`` alone
reads anew.
"""

import gc

# Nearly nothing that is loaded becomes garbage, and each look for it takes longer than the last.
gc.disable()

import logging
import os
import socket
import struct
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Protocol

from flask import Flask
from gunicorn.glogging import Logger

from service.adapters.api_tokens import TokensError, reload_tokens
from service.adapters.log import configure_logging, describe_logging
from service.adapters.metrics_directory import (
    close_directory,
    enter_directory,
    leave_directory,
    open_directory,
)
from service.adapters.rules_file import RulesError, load_builtin_rules, load_rules, reload_rules
from service.checks import CHECKS
from service.settings import SettingsError, read_settings_once

try:
    _settings = read_settings_once(os.environ, CHECKS)
    load_builtin_rules()
    if _settings.rules_file:
        load_rules(_settings.rules_file)
except (SettingsError, RulesError) as error:
    sys.exit(f"kairos-upgrade-advisor: {error}")

configure_logging(_settings.log_level, _settings.log_format)

# What takes longest to load is loaded here, once: while workers replace others, callers wait for
# them to begin. Not the app, which SIGHUP makes anew, nor the metrics, which each worker has.
for _name in ("service.adapters.http", "service.web.fleet", "service.web.front_page"):
    import_module(_name)


class _Log(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's log without lines of requests, for ours tell more.

    Where its log is configured at all, it would make one for each answer, though it writes none.
    """

    def access(self, *_: object) -> None:
        """Tell nothing of a request."""


bind = f"0.0.0.0:{_settings.port}"
loglevel = _settings.log_level
logger_class = _Log
logconfig_dict = describe_logging(_settings.log_level, _settings.log_format)
workers = _settings.web_concurrency
worker_class = "gthread"
threads = _settings.worker_threads

# Seconds. A worker that gives no sign of life is replaced; a request may take longer than this,
# for its thread does not hold up the sign.
timeout = 30
# What a stopping worker may still take: one listing of the slowest registry we wait for.
graceful_timeout = 30
# Longer than the idle time of the usual proxies (60), so that they close first and lose no request.
keepalive = 75

# How long a caller who has begun a request may send nothing of it, or take nothing of its answer:
# a thread waits meanwhile, and would wait for ever for one whose line was cut.
_SILENCE_SECONDS = 10

# A query holds up to 50 `exclude` beside the image; 8190 is the most gunicorn can be told.
limit_request_line = 8190
limit_request_fields = 64
limit_request_field_size = 8190

# ADVISOR_TRUSTED_PROXIES alone says whose word is taken; else anyone on this machine could give
# another scheme or path here.
forwarded_allow_ips = ""

# Its path is the same for every instance of one user: two of them would collide.
control_socket_disable = True

# Where workers give their sign of life; on a disk, that can take longer than it may.
_SHARED_MEMORY = "/dev/shm"  # noqa: S108 - gunicorn makes an unnamed file there
worker_tmp_dir = _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else None


class _Worker(Protocol):
    pid: int
    wsgi: Flask


class _Arbiter(Protocol):
    LISTENERS: "list[_Listener]"


class _Listener(Protocol):
    sock: socket.socket


def on_starting(_server: object) -> None:
    """Make the directory of the metrics."""
    open_directory(os.environ)


def when_ready(server: _Arbiter) -> None:
    """Limit the silence of callers; gunicorn has no setting for it, but connections inherit it."""
    limit = struct.pack("ll", _SILENCE_SECONDS, 0)
    for listener in server.LISTENERS:
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            listener.sock.setsockopt(socket.SOL_SOCKET, option, limit)


def post_fork(_server: object, _worker: object) -> None:
    """Make room for the metrics of a worker, and load the rest as the master loads."""
    gc.disable()
    enter_directory(os.environ, os.getpid())


def post_worker_init(worker: _Worker) -> None:
    """End the loading, and keep tracked repositories listed; not where the app is only checked."""
    _end_loading()
    worker.wsgi.extensions["tracker"].start()


def child_exit(_server: object, worker: _Worker) -> None:
    """Let the metrics of a worker that has ended say no more how it is."""
    leave_directory(os.environ, worker.pid)


def on_exit(_server: object) -> None:
    """Remove the directory of the metrics."""
    close_directory()


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


def _end_loading() -> None:
    """Leave what was loaded out of every later look for garbage.

    It would take some 30 ms, in which nobody is answered, and copy what workers share.
    """
    gc.freeze()
    gc.enable()


_end_loading()
