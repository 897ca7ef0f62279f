"""Runs what the service is compared with, on the same settings of gunicorn."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.apps import ROOT
from tests.e2e.service import Service, start_service

_GUNICORN = (sys.executable, "-m", "gunicorn")
# Those that bear on speed, start or memory, and have nothing of the service in them.
_SAME = frozenset(
    {
        "graceful_timeout",
        "keepalive",
        "limit_request_field_size",
        "limit_request_fields",
        "limit_request_line",
        "preload_app",
        "threads",
        "timeout",
        "worker_class",
        "worker_connections",
        "worker_tmp_dir",
    }
)


@contextmanager
def start_baseline(
    directory: Path, app: str, workers: int = 1, python: str = sys.executable
) -> Iterator[Service]:
    """Run an app of ``bench.bare`` as the service is run.

    Args:
        directory: For its configuration and log.
        app: The call that builds it, such as ``build_bare_app('/file')``.
        workers: Its processes.
        python: The interpreter of the environment that it runs in.
    """
    configuration = directory / "baseline.conf.py"
    if not configuration.exists():
        configuration.write_text(_read_settings())
    command = (python, *_GUNICORN[1:], "--config", str(configuration), f"bench.bare:{app}")
    with start_service(directory, {"WEB_CONCURRENCY": str(workers)}, command) as service:
        yield service


def _read_settings() -> str:
    """Write down the settings of gunicorn that the service itself is run on."""
    command = (*_GUNICORN, "--print-config", "bench.bare:build_flask_app('/dev/null')")
    told = subprocess.run(  # noqa: S603 - our own command
        command, cwd=ROOT, env={}, capture_output=True, text=True, timeout=30, check=True
    )
    lines = (line.partition("=") for line in told.stdout.splitlines())
    values = {name.strip(): value.strip() for name, _, value in lines}
    return "".join(f"{name} = {_quote(values[name])}\n" for name in sorted(_SAME))


def _quote(value: str) -> str:
    """Write a setting, which gunicorn prints as it is, as Python has it."""
    try:
        return repr(ast.literal_eval(value))
    except (SyntaxError, ValueError):
        return repr(value)
