"""The command line: ``python -m service``, installed as ``kairos-upgrade-advisor``."""

import os
import sys

from service.cli.command_line import run


def main() -> int:
    """Do what the arguments of this process say, and give its exit code."""
    return run(sys.argv[1:], os.environ)


if __name__ == "__main__":
    sys.exit(main())
