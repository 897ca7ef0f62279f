from pathlib import Path

from service.metrics import REGISTRY
from tests.counting import Added
from tests.fakes import FakeTagSource
from tests.integration.sharing_workers import HADRON, TAGS, Worker, trust_ends, wait_until
from tests.redis_server import start_redis


def test_what_another_worker_listed_is_counted_as_from_redis_once(tmp_path: Path) -> None:
    source = FakeTagSource()
    source.answers[HADRON] = TAGS
    with start_redis(tmp_path) as redis:
        first, second = Worker(redis.url, source), Worker(redis.url, source)
        first.fetch()
        shared = Added("advisor_cache_results_total", result="redis")
        own = Added("advisor_cache_results_total", result="memory")

        second.fetch()
        second.fetch()

    assert (shared(), own()) == (1, 1)


def test_keeping_away_from_redis_is_told_until_it_is_back(tmp_path: Path) -> None:
    source = FakeTagSource()
    source.answers[HADRON] = TAGS
    with start_redis(tmp_path) as redis:
        worker = Worker(redis.url, source)
        worker.fetch()
        redis.kill()
        trust_ends()
        worker.fetch()
        while_away = REGISTRY.get_sample_value("advisor_redis_breaker_open")
        redis.start()
        wait_until(lambda: worker.link.check() is None)

    assert while_away == 1
    assert REGISTRY.get_sample_value("advisor_redis_breaker_open") == 0


def test_a_foreign_record_is_counted(tmp_path: Path) -> None:
    source = FakeTagSource()
    source.answers[HADRON] = TAGS
    refused = Added("advisor_events_total", event="record_refused")
    with start_redis(tmp_path) as redis:
        redis.client.set("v1:tags:quay.io/kairos/hadron", b"not ours")

        Worker(redis.url, source).fetch()

    assert refused() > 0
