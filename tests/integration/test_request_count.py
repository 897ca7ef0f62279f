"""Counts of requests in a real Redis, and what becomes of them when it goes."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from service.adapters.event_log import EventLog
from service.adapters.redis_link import RedisLink
from service.adapters.request_count import MemoryCounter, RedisCounter
from service.domain.rate_limit import Usage
from tests.fakes import FakeClock
from tests.integration.sharing_workers import ONCE, TIMES, repeat_at_once, wait_until
from tests.redis_server import RedisServer, start_cluster, start_redis, start_sentinel

MINUTE = timedelta(minutes=1)
KEY = "v1:rate:60000:a"


def build_counter(url: str, window: timedelta = MINUTE) -> RedisCounter:
    """Build the counter of one worker."""
    return RedisCounter(
        RedisLink(url, EventLog()), window, MemoryCounter(window, clock=FakeClock())
    )


def count_within(seconds: float, counter: RedisCounter) -> Usage:
    begun = time.monotonic()
    usage = counter("a")
    assert time.monotonic() - begun < seconds
    return usage


def test_workers_count_together_and_lose_nothing(redis: RedisServer) -> None:
    workers = [build_counter(redis.url) for _ in range(4)]

    with ThreadPoolExecutor(16) as pool:
        counts = list(pool.map(lambda n: workers[n % 4]("a").count, range(1_000)))

    assert sorted(counts) == list(range(1, 1_001))


def test_clients_and_windows_are_counted_apart(redis: RedisServer) -> None:
    minute, hour = build_counter(redis.url), build_counter(redis.url, timedelta(hours=1))

    usages = [minute("a"), minute("b"), hour("a"), minute("a")]

    assert usages == [Usage(1, 60), Usage(1, 60), Usage(1, 3600), Usage(2, 60)]


def test_a_window_ends(redis: RedisServer) -> None:
    count = build_counter(redis.url, timedelta(seconds=1))

    before = [count("a").count, count("a").count]
    wait_until(lambda: redis.client.dbsize() == 0)

    assert (before, count("a")) == ([1, 2], Usage(1, 1))


def test_a_count_that_has_lost_its_end_gets_one(redis: RedisServer) -> None:
    redis.client.set(KEY, 7)

    usage = build_counter(redis.url)("a")

    assert usage == Usage(8, 60)
    assert 0 < int(redis.client.pttl(KEY)) <= 60_000


def test_a_foreign_value_is_counted_here(redis: RedisServer) -> None:
    redis.client.set(KEY, "not a number")
    count = build_counter(redis.url)

    assert [count("a"), count("a")] == [Usage(1, 60), Usage(2, 60)]


@pytest.mark.parametrize("fault", [RedisServer.freeze, RedisServer.kill])
def test_without_redis_each_worker_counts_and_little_time_is_lost(
    redis: RedisServer, fault: Callable[[RedisServer], None]
) -> None:
    count = build_counter(redis.url)
    count("a")
    fault(redis)

    usages = [count_within(ONCE, count), *repeat_at_once(lambda: count("a"))]

    assert [usage.count for usage in usages] == list(range(1, TIMES + 2))


def test_redis_that_comes_back_counts_again(redis: RedisServer) -> None:
    count = build_counter(redis.url)
    redis.kill()
    count("a")
    redis.start()

    def is_counted_there() -> bool:
        count("a")
        return bool(redis.client.exists(KEY))

    wait_until(is_counted_there)


def test_redis_that_is_read_only_is_not_waited_for(redis: RedisServer, tmp_path: Path) -> None:
    own = tmp_path / "replica"
    own.mkdir()
    with start_redis(own, "--replicaof", "127.0.0.1", str(redis.port)) as replica:
        count = build_counter(replica.url)

        usages = [count_within(ONCE, count) for _ in range(3)]

    assert [usage.count for usage in usages] == [1, 2, 3]


def test_a_sentinel_names_where_it_is_counted(redis: RedisServer, tmp_path: Path) -> None:
    with start_sentinel(tmp_path, redis.port) as sentinel:
        url = f"redis+sentinel://127.0.0.1:{sentinel.port}/main/0"
        counts = [build_counter(url)("a").count for _ in range(3)]

    assert counts == [1, 2, 3]
    assert redis.client.exists(KEY)


def test_a_cluster_counts_each_client_on_one_node(tmp_path: Path) -> None:
    with start_cluster(tmp_path) as servers:
        url = "redis+cluster://" + ",".join(f"127.0.0.1:{each.port}" for each in servers)
        workers = [build_counter(url) for _ in range(2)]
        counts = Counter(
            workers[number % 2](client).count for client in "abcdefgh" for number in range(4)
        )

    assert counts == {1: 8, 2: 8, 3: 8, 4: 8}
