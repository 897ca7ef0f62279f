"""The shells that nodes have, and what they make of a script."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

# Debian's own, and the one of Alpine and of rescue systems.
SHELLS = {"dash": ("dash",), "busybox": ("busybox", "sh")}
_SECONDS = 60


def find_shell(name: str) -> list[str]:
    """Give the command of a shell."""
    program, *arguments = SHELLS[name]
    return [find_program(program), *arguments]


def find_program(program: str) -> str:
    """Give the path of a program; skips the test without it, and fails it in CI."""
    found = shutil.which(program)
    if found:
        return found
    message = f"{program} is not installed: apt-get install {program}"
    if os.getenv("CI"):
        pytest.fail(message)
    pytest.skip(message)


def run_shell(
    name: str,
    *arguments: str | Path,
    environ: Mapping[str, str],
    stdin: str = "",
) -> "subprocess.CompletedProcess[str]":
    """Run a shell with these arguments and nothing else of the environment."""
    done = subprocess.run(  # noqa: S603 - a shell of the table
        [*find_shell(name), *map(str, arguments)],
        env=dict(environ),
        input=stdin.encode(),
        capture_output=True,
        timeout=_SECONDS,
        check=False,
    )
    # As it is: the text mode of Python would take a carriage return for the end of a line.
    out, err = done.stdout.decode(), done.stderr.decode()
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)
