"""The command line, run within the process."""

from dataclasses import dataclass

import pytest

from service.cli.command_line import run
from tests.apps import SNAPSHOT

ON_SNAPSHOT = {"ADVISOR_SNAPSHOT_DIR": str(SNAPSHOT)}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class CommandLine:
    """Runs commands, and gives what they say."""

    capture: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str, **environ: str) -> Ended:
        try:
            code = run(arguments, {**ON_SNAPSHOT, **environ})
        except SystemExit as end:
            code = int(end.code or 0)
        said = self.capture.readouterr()
        return Ended(code, said.out, said.err)
