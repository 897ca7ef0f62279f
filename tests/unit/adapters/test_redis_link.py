import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis.exceptions import RedisClusterException

from service.adapters import redis_link
from service.adapters.event_log import EventLog
from service.adapters.redis_client import Client
from service.adapters.redis_link import RedisLink

_CALLERS = 8


def test_cluster_that_stalls_at_first_use_is_built_by_one_caller(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    built = []
    ready = threading.Barrier(_CALLERS)

    def stall(url: str) -> Client:
        built.append(url)
        time.sleep(0.2)
        raise RedisClusterException("no node answers")

    def ask(_: int) -> object:
        ready.wait()
        return link.call(lambda client: client.get("key"))

    monkeypatch.setattr(redis_link, "build_client", stall)
    events = EventLog()
    link = RedisLink("redis+cluster://one", events)
    with ThreadPoolExecutor(_CALLERS) as callers:
        begun = time.monotonic()
        answers = list(callers.map(ask, range(_CALLERS)))
        took = time.monotonic() - begun

    assert answers == [None] * _CALLERS
    assert len(built) == 1
    assert took < 0.2 * 3
    assert link.check() is not None
    assert events.count("redis_unreachable") == 1
