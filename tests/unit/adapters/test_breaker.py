import gc
import time
import weakref
from threading import Event

from service.adapters.breaker import Breaker


def _wait_until_closed(breaker: Breaker) -> None:
    deadline = time.monotonic() + 10
    while breaker.is_open:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_breaker_closes_when_a_probe_succeeds_and_opens_again() -> None:
    answers = iter([False, False, True, True])
    breaker = Breaker(lambda: next(answers), interval_seconds=0)

    before = breaker.is_open
    tripped = breaker.trip()
    _wait_until_closed(breaker)
    again = breaker.trip()
    _wait_until_closed(breaker)

    assert (before, tripped, again) == (False, True, True)
    assert list(answers) == []


def test_only_the_first_trouble_trips() -> None:
    breaker = Breaker(lambda: False, interval_seconds=60)

    tripped = [breaker.trip() for _ in range(3)]

    assert tripped == [True, False, False]
    assert breaker.is_open


def test_probing_ends_with_whom_it_serves() -> None:
    probed, forgotten = Event(), Event()

    def fail() -> bool:
        probed.set()
        return False

    breaker = Breaker(fail, interval_seconds=0.001)
    weakref.finalize(breaker, forgotten.set)
    breaker.trip()
    assert probed.wait(10)

    del breaker
    gc.collect()

    assert forgotten.wait(10)
