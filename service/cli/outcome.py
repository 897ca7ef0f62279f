"""How a command ends."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a script can tell from a command; those of ``examples/kairos-upgrade.sh``."""

    DONE = 0
    NOTHING_TO_DO = 10
    REFUSED = 20
    CANNOT_TELL = 30
    USAGE = 64


class CommandError(Exception):
    """A command cannot do what it was asked; the message is one line for stderr."""

    def __init__(self, message: str, code: ExitCode = ExitCode.CANNOT_TELL) -> None:
        super().__init__(message)
        self.code = code
