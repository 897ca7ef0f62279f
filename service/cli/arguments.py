"""What can be asked for on the command line, and the help for it."""

import math
from argparse import ArgumentParser, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn, TextIO

from service import VERSION
from service.cli import asking, serving, snapshotting
from service.cli.outcome import ExitCode
from service.cli.question import add_question

PROGRAM = "kairos-upgrade-advisor"

# What all listings of a registry that is well take, and a little more.
_LISTING_SECONDS = 10.0
_MAX_WAIT_SECONDS = 3600

Run = Callable[[Namespace, Mapping[str, str], TextIO], ExitCode]

_ABOUT = f"""\
Tells which image a Kairos node should upgrade to. All settings come from the environment
(ADVISOR_…), as they do for the service.

example:
  {PROGRAM} recommend --help

exit codes:
  {ExitCode.DONE:<3} done; of recommend: there is an upgrade
  {ExitCode.NOTHING_TO_DO:<3} recommend: there is nothing to do
  {ExitCode.REFUSED:<3} recommend: a safety rule or a critical warning needs a person
  {ExitCode.CANNOT_TELL:<3} it could not be done or told; stderr says why, in one line
  {ExitCode.USAGE:<3} the command line is wrong
"""

_SERVE = f"""\
Serves HTTP with gunicorn, on PORT (8080); the exit code is gunicorn's.

examples:
  {PROGRAM} serve
  PORT=8081 ADVISOR_SNAPSHOT_DIR=snapshot {PROGRAM} serve
"""

_CHECK = f"""\
Reads the settings and the rules file as `serve` does, and stops before it listens: exit code 0
where it would start, one message that names every mistake where it would not. Calls nothing.

examples:
  {PROGRAM} check
  ADVISOR_RULES_FILE=rules.yaml {PROGRAM} check
"""

_RECOMMEND = f"""\
Answers for one node as GET /v1/upgrade does, without a server. Name what the node runs: its image,
its /etc/kairos-release, or both.

examples:
  {PROGRAM} recommend quay.io/kairos/debian:13-core-amd64-generic-v3.7.0
  {PROGRAM} recommend --json --max-step patch quay.io/kairos/ubuntu:22.04-core-amd64-generic-v3.3.3
  {PROGRAM} recommend --line --accept major_jump --release-file kairos-release
"""

_MATRIX = f"""\
Prints the newest release of every stream of the tracked repositories, as GET /v1/matrix does.

examples:
  {PROGRAM} matrix
  {PROGRAM} matrix --json
"""

_SNAPSHOT = f"""\
Writes tag lists where there is a network, for a service where there is none: set
ADVISOR_SNAPSHOT_DIR to the directory there. Each list replaces the older one at once or not at
all. The repository that tells the latest release branch (hadron) is written beside the others.

examples:
  {PROGRAM} snapshot snapshot quay.io/kairos/hadron quay.io/kairos/ubuntu
"""


class _Parser(ArgumentParser):
    """A parser that says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(ExitCode.USAGE, f"error: {message}; see {self.prog} --help\n")


def _parse_seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    # Nothing is true of a number that is none.
    if not 0 <= seconds <= _MAX_WAIT_SECONDS:
        raise ArgumentTypeError(f"{text!r} is not from 0 to {_MAX_WAIT_SECONDS:,} seconds")
    return seconds


def build_parser() -> ArgumentParser:
    """Build the parser; the arguments that it gives hold the command as ``run``."""
    parser = _Parser(
        PROGRAM,
        description=_ABOUT,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=VERSION)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def add(name: str, run: Run, summary: str, description: str) -> ArgumentParser:
        command = commands.add_parser(
            name,
            help=summary,
            description=description,
            formatter_class=RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        command.set_defaults(run=run)
        return command

    add_question(add("recommend", asking.recommend, "answer for one node", _RECOMMEND))
    matrix = add("matrix", asking.print_matrix, "print the support matrix", _MATRIX)
    matrix.add_argument("--json", action="store_true", help="the answer as HTTP gives it")
    matrix.add_argument(
        "--wait",
        metavar="SECONDS",
        type=_parse_seconds,
        default=_LISTING_SECONDS,
        help="how long to wait for lists that are not known (%(default)s)",
    )
    snapshot = add("snapshot", snapshotting.write, "write tag lists for an air gap", _SNAPSHOT)
    snapshot.add_argument("directory", metavar="DIR", type=Path, help="made where it is missing")
    snapshot.add_argument(
        "repositories", metavar="REPOSITORY", nargs="+", help="such as quay.io/kairos/ubuntu"
    )
    add("check", serving.check, "read settings and rules, before a deployment", _CHECK)
    add("serve", serving.serve, "serve HTTP", _SERVE)
    return parser
