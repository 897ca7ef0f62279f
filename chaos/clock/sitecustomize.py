"""Sets the clock of every Python process that starts with this directory in its path.

The file that ``CHAOS_CLOCK`` names holds by how many seconds. The clock of elapsed time goes on as
it is, as it does when an operator or a time server sets the other one.
"""

import os
import time
from pathlib import Path
from threading import Event, Thread

import time_machine

_LOOK_SECONDS = 0.1

_file = Path(os.environ["CHAOS_CLOCK"])
_clock = time_machine.travel(time.time(), tick=True).start()
_offset = 0.0


def _follow() -> None:
    global _offset  # noqa: PLW0603 - a forked process goes on from where its parent was
    pause = Event()
    while not pause.wait(_LOOK_SECONDS):
        wanted = float(_file.read_text() or _offset)
        if wanted != _offset:
            _clock.shift(wanted - _offset)
            _offset = wanted


def _start() -> None:
    Thread(target=_follow, name="clock", daemon=True).start()


_start()
# No thread survives that.
os.register_at_fork(after_in_child=_start)
