"""Serving, and the check whether it would start."""

import os
import subprocess
import sys
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from service.cli.outcome import ExitCode

# Linked to the one at the tree's root, so that a wheel carries it.
_CONFIGURATION = Path(__file__).resolve().parent.parent / "data" / "gunicorn.conf.py"


def serve(_: Namespace, environ: Mapping[str, str], __: TextIO) -> ExitCode:
    """Become gunicorn, so that signals and the exit code are its own."""
    command = _gunicorn()
    os.execve(command[0], command, dict(environ))  # noqa: S606 - our own command, without a shell


def check(_: Namespace, environ: Mapping[str, str], out: TextIO) -> ExitCode:
    """Tell whether ``serve`` would start: gunicorn does all that it does before it listens."""
    started = subprocess.run(  # noqa: S603 - our own command
        [*_gunicorn(), "--check-config"], env=dict(environ), check=False
    )
    if started.returncode != 0:
        return ExitCode.CANNOT_TELL
    print("Settings and rules are good.", file=out)
    return ExitCode.DONE


def _gunicorn() -> list[str]:
    return [sys.executable, "-m", "gunicorn", "--config", str(_CONFIGURATION), "service.wsgi:app"]
