"""Callers that go on for as long as something else happens."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

_SECONDS = 30


@contextmanager
def calling(callers: Iterable[Callable[[threading.Event], None]]) -> Iterator[None]:
    """Run callers beside the block, each in a thread of its own, and tell them to stop after it."""
    stop = threading.Event()
    threads = [threading.Thread(target=caller, args=(stop,)) for caller in callers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(_SECONDS)
