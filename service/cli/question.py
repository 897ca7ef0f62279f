"""A question on the command line: the parameters of ``/v1/upgrade`` as options."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from service.cli.outcome import CommandError, ExitCode

# Far more than the service takes of a release file, so that it alone says how much that is.
_MAX_FILE_BYTES = 1024 * 1024

# What was typed is given on as it is: the service alone knows which values are good.
_POLICY = {
    "max_step": ("STEP", "patch, minor or major: how far the Kairos version may move"),
    "max_version": ("VERSION", "a release (v4.1.2) or branch (4.1) that is never passed"),
    "kubernetes": ("CHOICE", "minimal, keep, next or latest: which Kubernetes minor to take"),
    "max_kubernetes": ("MINOR", "a Kubernetes minor (1.33) that is never passed"),
    "flavor_release": ("CHOICE", "same, or follow: also a higher release of the flavor"),
    "arch": ("ARCH", "what the node says it is, such as amd64; a contradiction is an error"),
    "boot_state": ("STATE", "what the node has booted: active, passive, recovery, …"),
}
_REPEATED = {
    "exclude": ("RELEASE", "a release that is never offered; may be repeated"),
    "accept": ("CODE", "a critical warning that was read; may be repeated"),
}
PARAMETERS = ("image", *_POLICY, "prerelease", *_REPEATED)


def add_question(command: ArgumentParser) -> None:
    """Add all that a question consists of to a command."""
    command.add_argument("image", metavar="REF", nargs="?", help="the image that the node runs")
    command.add_argument(
        "--release-file", metavar="FILE", help="the node's /etc/kairos-release; - for stdin"
    )
    form = command.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="the answer as HTTP gives it")
    form.add_argument(
        "--line",
        action="store_true",
        help="the target alone, to be acted on unread: withholds what is not safe",
    )
    policy = command.add_argument_group("policy", "The parameters of /v1/upgrade.")
    for name, (metavar, text) in _POLICY.items():
        policy.add_argument(f"--{name.replace('_', '-')}", metavar=metavar, help=text)
    policy.add_argument(
        "--prerelease", action="store_const", const="true", help="the target may be a pre-release"
    )
    for name, (metavar, text) in _REPEATED.items():
        policy.add_argument(f"--{name}", metavar=metavar, action="append", help=text)


def read_parameters(asked: Namespace) -> dict[str, str | list[str]]:
    """Give the query of a question.

    Raises:
        CommandError: The question names no node.
    """
    if asked.image is None and asked.release_file is None:
        raise CommandError("name the node's image, its --release-file, or both", ExitCode.USAGE)
    given = ((name, getattr(asked, name)) for name in PARAMETERS)
    return {name: value for name, value in given if value is not None}


def read_release_file(name: str) -> bytes:
    """Read a release file, or the beginning of what is far too large for one.

    Raises:
        CommandError: It cannot be read.
    """
    if name == "-":
        return sys.stdin.buffer.read(_MAX_FILE_BYTES)
    try:
        with Path(name).open("rb") as stream:
            return stream.read(_MAX_FILE_BYTES)
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}") from error
