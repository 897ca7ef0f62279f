"""From arguments to a command, and from its end to an exit code."""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import TextIO

from service.adapters.rules_file import RulesError
from service.cli.arguments import build_parser
from service.cli.outcome import CommandError, ExitCode
from service.errors import ServiceError
from service.settings import SettingsError


def run(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run the command that the arguments name.

    Its answer goes to stdout. All else goes to stderr: errors in one line, progress, and the log.

    Returns:
        The exit code.
    """
    asked = build_parser().parse_args(arguments)
    out = sys.stdout
    try:
        with redirect_stdout(sys.stderr):
            code: ExitCode = asked.run(asked, environ, out)
            out.flush()
    except ServiceError as error:
        return _fail(f"{error.slug}: {error}", ExitCode.CANNOT_TELL)
    except (SettingsError, RulesError) as error:
        return _fail(str(error), ExitCode.CANNOT_TELL)
    except CommandError as error:
        return _fail(str(error), error.code)
    except OSError as error:
        _abandon(out)
        return _fail(f"stdout: {error.strerror}", ExitCode.CANNOT_TELL)
    except KeyboardInterrupt:
        return _fail("interrupted", ExitCode.CANNOT_TELL)
    return code


def _abandon(out: TextIO) -> None:
    """Let what is left for a broken stdout go nowhere: Python writes it at its own end."""
    with suppress(OSError), Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), out.fileno())


def _fail(message: str, code: ExitCode) -> ExitCode:
    sys.stderr.write(f"error: {' '.join(message.split())}\n")
    return code
