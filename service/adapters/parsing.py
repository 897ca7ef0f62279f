"""Bodies, parsed one after the other."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Generic, TypeVar

Result = TypeVar("Result")


class Parser(Generic[Result]):
    """Parses one body at a time, in a thread of its own.

    A body takes several times its size while it is parsed, and the heap of each thread that parsed
    one would keep that much. No thread exists before there is work, so none before a worker is
    forked.
    """

    def __init__(self, parse: Callable[[bytes], Result]) -> None:
        self._parse = parse
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="parser")

    def parse(self, body: bytes, within: timedelta) -> Result:
        """Give what a body says; what its parsing raises is raised here.

        Raises:
            TimeoutError: Others were before it for too long.
        """
        parsing = self._executor.submit(self._parse, body)
        try:
            return parsing.result(within.total_seconds())
        finally:
            parsing.cancel()
