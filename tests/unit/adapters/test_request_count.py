from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from service.adapters.request_count import MemoryCounter
from service.domain.rate_limit import Usage
from tests.fakes import FakeClock

MINUTE = timedelta(minutes=1)


def test_a_window_begins_with_the_first_request_and_ends() -> None:
    clock = FakeClock()
    count = MemoryCounter(MINUTE, clock=clock)

    told = [count("a")]
    clock.advance(timedelta(seconds=59.5))
    told.append(count("a"))
    clock.advance(timedelta(seconds=0.5))
    told.append(count("a"))

    assert told == [Usage(1, 60), Usage(2, 1), Usage(1, 60)]


def test_clients_are_counted_apart() -> None:
    count = MemoryCounter(MINUTE, clock=FakeClock())

    assert [count(client).count for client in ("a", "b", "a")] == [1, 1, 2]


def test_too_many_clients_push_out_whoever_has_not_asked_for_longest() -> None:
    count = MemoryCounter(MINUTE, clock=FakeClock(), max_clients=2)

    for client in ("a", "b", "a", "c"):
        count(client)

    assert [count(client).count for client in ("a", "b")] == [3, 1]


def test_threads_lose_no_request() -> None:
    count = MemoryCounter(MINUTE, clock=FakeClock())

    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(lambda _: count("a").count, range(2_000)))

    assert sorted(counts) == list(range(1, 2_001))
