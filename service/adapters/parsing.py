"""Bodies, parsed one after the other."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

from service.adapters.allocator import return_large_blocks

Sent = TypeVar("Sent")
Result = TypeVar("Result")


class Parser:
    """Parses one body at a time, in a thread of its own.

    A body takes several times its size while it is parsed, and the heap of each thread that parsed
    one would keep that much. No thread exists before there is work, so none before a worker is
    forked.
    """

    def __init__(self) -> None:
        return_large_blocks()
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="parser")

    def parse(self, read: Callable[[Sent], Result], sent: Sent, within: timedelta) -> Result:
        """Give what was sent, read.

        Raises:
            TimeoutError: Others were before it for too long.
            ValueError: As the reading raised it, with nothing but its text.
        """
        parsing = self._executor.submit(_read, read, sent)
        try:
            return parsing.result(within.total_seconds())
        finally:
            parsing.cancel()


def _read(read: Callable[[Sent], Result], sent: Sent) -> Result:
    try:
        return read(sent)
    except ValueError as error:
        problem = str(error)
    # A new one, and not from the other: that holds all that was read until someone handles it.
    raise ValueError(problem)
