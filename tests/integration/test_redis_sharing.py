"""Workers of one deployment before a real Redis, and all that can happen to it."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from redis import Redis
from redis.crc import key_slot

from service.adapters.event_log import EventLog
from service.adapters.redis_link import RedisLink
from service.adapters.redis_store import RedisStore
from service.adapters.store import MemoryStore
from service.domain.catalogue import TagListing
from service.domain.lease import Lease
from service.domain.reference import Repository
from service.errors import RegistryUnavailableError, RepositoryNotFoundError, ServiceError
from tests.fakes import FakeClock, FakeTagSource
from tests.integration.clients import make_client, make_source
from tests.integration.registry_server import RegistryServer
from tests.integration.sharing_workers import (
    FRESH,
    HADRON,
    KEY,
    ONCE,
    TAGS,
    Worker,
    trust_ends,
    wait_until,
)
from tests.redis_server import RedisServer, start_cluster, start_redis, start_sentinel

LOCK = f"v1:lock:{{{KEY}}}"


class SlowSource(FakeTagSource):
    """A source that takes its time."""

    def list_tags(self, repository: Repository) -> TagListing:
        time.sleep(0.5)
        return super().list_tags(repository)


@pytest.fixture
def pair(redis: RedisServer, source: FakeTagSource) -> tuple[Worker, Worker]:
    return Worker(redis.url, source), Worker(redis.url, source)


def make_due(pair: tuple[Worker, Worker]) -> tuple[Worker, Worker]:
    """Have both know a listing that is due."""
    for worker in pair:
        worker.fetch()
    pair[0].clock.advance(FRESH)
    return pair


def test_second_worker_takes_the_listing_of_the_first(
    pair: tuple[Worker, Worker], source: FakeTagSource
) -> None:
    first, second = (worker.fetch() for worker in pair)

    assert source.asked == [HADRON]
    assert (second.tag_count, second.fetched_at) == (400, first.fetched_at)


def test_what_is_listed_elsewhere_or_with_credentials_stays_apart(
    redis: RedisServer, source: FakeTagSource
) -> None:
    origins = ["", "registry.local/kairos/hadron#anonymous", "quay.io/kairos/hadron#5ec2e7", ""]

    for origin in origins:
        Worker(redis.url, source, origin=origin).fetch()

    assert source.asked == [HADRON] * 3


@pytest.mark.parametrize("origin", ["", "registry.local/kairos/hadron#5ec2e7"])
def test_record_and_its_lock_are_in_one_slot_of_a_cluster(
    redis: RedisServer, source: FakeTagSource, origin: str
) -> None:
    Worker(redis.url, source, origin=origin).fetch()

    (key,) = redis.client.keys(f"*{KEY}*")

    assert isinstance(key, bytes)
    assert key_slot(key) == key_slot(LOCK.encode())


def test_record_is_compressed_and_ends_by_itself(
    pair: tuple[Worker, Worker], redis: RedisServer
) -> None:
    pair[0].fetch()

    assert 0 < redis.client.strlen(KEY) < sum(map(len, TAGS)) / 5
    assert timedelta(days=29).total_seconds() < redis.client.ttl(KEY) <= 30 * 24 * 3600


@pytest.mark.parametrize("answer", [TAGS, RegistryUnavailableError("down"), None])
def test_cold_askers_of_many_workers_make_one_listing(
    redis: RedisServer, answer: list[str] | RegistryUnavailableError | None
) -> None:
    source = SlowSource(FakeClock())
    if answer is not None:
        source.answers[HADRON] = answer
    workers = [Worker(redis.url, source) for _ in range(4)]

    def fetch(worker: Worker) -> str:
        try:
            return str(worker.fetch().tag_count)
        except (RegistryUnavailableError, RepositoryNotFoundError) as error:
            return str(error)

    with ThreadPoolExecutor(32) as pool:
        outcomes = set(pool.map(fetch, workers * 8))

    assert len(outcomes) == 1
    assert source.asked == [HADRON]


def test_listing_that_is_due_is_refreshed_once_for_all(
    pair: tuple[Worker, Worker], source: FakeTagSource
) -> None:
    first, second = make_due(pair)
    source.answers[HADRON] = [*TAGS, "v0.0.1-core-amd64-generic-v2.0.0"]

    refreshed = first.refresh()
    trust_ends()
    seen = second.refresh()

    assert refreshed.tag_count == seen.tag_count == 401
    assert len(source.asked) == 2


def test_workers_change_to_a_new_listing_together(
    pair: tuple[Worker, Worker], source: FakeTagSource
) -> None:
    first, second = make_due(pair)
    source.answers[HADRON] = [*TAGS, "v0.0.1-core-amd64-generic-v2.0.0"]
    seen = []

    with ThreadPoolExecutor(1) as pool:
        refreshing = pool.submit(first.refresh)
        while not refreshing.done():
            seen += [first.fetch().tag_count, second.fetch().tag_count]
    seen += [second.fetch().tag_count]

    assert set(seen) == {400, 401}
    assert seen == sorted(seen)


def take_promise(worker: Worker) -> Lease:
    worker.fetch()
    return worker.cache.lease(HADRON)


def test_nothing_is_promised_while_another_may_replace_it(pair: tuple[Worker, Worker]) -> None:
    first, second = pair
    wait_until(lambda: take_promise(second).holds(time.monotonic()))
    promised = take_promise(second)
    holding = first.sharing.try_hold(str(HADRON))
    assert holding

    with holding as held:
        held.wait_for_readers()

        assert not promised.holds(time.monotonic())
        assert not take_promise(second).holds(time.monotonic())

    wait_until(lambda: take_promise(second).holds(time.monotonic()))


@pytest.mark.parametrize(
    "lock",
    [
        lambda client: client.set(LOCK, b"of the dead", px=3000),
        lambda client: client.set(LOCK, b"of nobody"),
        lambda client: client.set(LOCK, b"of nobody", ex=3600),
        lambda client: client.lpush(LOCK, "a"),
    ],
    ids=["dead", "for-ever", "for-long", "wrong-type"],
)
def test_holder_that_dies_delays_the_others_by_seconds(
    pair: tuple[Worker, Worker],
    redis: RedisServer,
    source: FakeTagSource,
    lock: Callable[[Redis], object],
) -> None:
    lock(redis.client)

    catalogue = pair[0].fetch_within(5)

    assert catalogue.tag_count == 400
    assert source.asked == [HADRON]


def test_failure_is_shared_so_that_a_source_is_asked_once_per_window(
    pair: tuple[Worker, Worker], source: FakeTagSource
) -> None:
    source.answers[HADRON] = RegistryUnavailableError("down", retry_after_seconds=7)

    for worker in pair * 3:
        with pytest.raises(RegistryUnavailableError, match="down") as caught:
            worker.fetch()
        assert caught.value.retry_after_seconds == 7

    assert source.asked == [HADRON]


def test_stale_is_told_by_all(pair: tuple[Worker, Worker], source: FakeTagSource) -> None:
    first, second = make_due(pair)
    source.answers[HADRON] = RegistryUnavailableError("down")

    stale = first.refresh()
    trust_ends()
    also = second.fetch()

    assert stale.stale
    assert also.stale
    assert len(source.asked) == 2


def test_stalled_redis_costs_half_a_second_once(
    pair: tuple[Worker, Worker], redis: RedisServer
) -> None:
    worker = pair[0]
    worker.fetch()
    redis.freeze()
    trust_ends()

    worker.fetch_within(ONCE)
    worker.fetch_at_once()

    assert worker.link.check() == "not reachable"
    redis.thaw()
    wait_until(lambda: worker.link.check() is None)


def test_stalled_redis_costs_a_cold_caller_half_a_second_once(
    pair: tuple[Worker, Worker], redis: RedisServer
) -> None:
    redis.freeze()

    catalogue = pair[0].fetch_within(ONCE)

    assert catalogue.tag_count == 400


def test_killed_redis_costs_nothing_and_is_found_again_when_it_is_back_empty(
    pair: tuple[Worker, Worker], redis: RedisServer, source: FakeTagSource
) -> None:
    first, second = pair
    first.fetch()
    redis.kill()
    trust_ends()

    first.fetch_at_once()
    second.fetch_at_once()
    redis.start()
    wait_until(lambda: first.link.check() is None)
    wait_until(lambda: second.link.check() is None)
    first.fetch()
    second.fetch()

    assert len(source.asked) == 2
    assert first.fetch() == second.fetch()
    assert redis.client.exists(KEY)


def test_redis_that_comes_late_is_used_from_then_on(tmp_path: Path, source: FakeTagSource) -> None:
    with start_redis(tmp_path, running=False) as redis:
        worker = Worker(redis.url, source)
        worker.fetch_at_once()

        redis.start()
        wait_until(lambda: worker.link.check() is None)
        worker.fetch()

        assert redis.client.exists(KEY)
        assert source.asked == [HADRON]


def test_redis_without_memory_is_read_but_not_written(
    pair: tuple[Worker, Worker], redis: RedisServer, source: FakeTagSource
) -> None:
    first, second = pair
    first.fetch()
    redis.client.config_set("maxmemory", "1")

    second.fetch_at_once()
    source.clock.advance(FRESH)
    source.answers[HADRON] = [*TAGS, "v0.0.1-core-amd64-generic-v2.0.0"]
    refreshed = second.refresh()
    trust_ends()

    assert refreshed.tag_count == second.fetch().tag_count == 401
    assert len(source.asked) == 2
    assert second.link.check() == "OutOfMemoryError"
    assert second.events.count("redis_unreachable") == 0


def test_read_only_replica_is_read_but_not_written(
    redis: RedisServer, tmp_path: Path, source: FakeTagSource
) -> None:
    Worker(redis.url, source).fetch()
    own = tmp_path / "replica"
    own.mkdir()
    with start_redis(own, "--replicaof", "127.0.0.1", str(redis.port)) as replica:
        wait_until(lambda: replica.client.exists(KEY))
        worker = Worker(replica.url, source)

        worker.fetch_at_once()
        source.clock.advance(FRESH)
        refreshed = worker.refresh()
        trust_ends()

        assert refreshed.fetched_at == worker.fetch().fetched_at == source.clock()
        assert worker.link.check() == "ReadOnlyError"


def test_wrong_type_under_the_key_is_replaced(
    pair: tuple[Worker, Worker], redis: RedisServer, source: FakeTagSource
) -> None:
    redis.client.lpush(KEY, "a", "b")

    first, second = (worker.fetch() for worker in pair)

    assert first.tag_count == second.tag_count == 400
    assert source.asked == [HADRON]
    assert pair[0].events.count("record_refused") > 0


@pytest.mark.parametrize("tail", [b"", b"{}", b"{}\n", b'{"repository": "quay.io/kairos/x"}\n'])
def test_foreign_record_is_replaced(
    pair: tuple[Worker, Worker], redis: RedisServer, source: FakeTagSource, tail: bytes
) -> None:
    redis.client.set(KEY, b"upgrade-advisor/1 " + b"0" * 32 + b"\n" + tail)

    first, second = (worker.fetch() for worker in pair)

    assert first.tag_count == second.tag_count == 400
    assert source.asked == [HADRON]
    assert pair[0].events.count("record_refused") > 0


@pytest.mark.parametrize(
    "answer", [TAGS, RegistryUnavailableError("down"), RepositoryNotFoundError("gone")]
)
def test_record_that_claims_to_stand_for_ever_is_asked_for_again_like_any_other(
    redis: RedisServer, source: FakeTagSource, answer: list[str] | ServiceError
) -> None:
    source.answers[HADRON] = answer
    with suppress(ServiceError):
        Worker(redis.url, source).fetch()
    record = redis.client.get(KEY)
    assert isinstance(record, bytes)
    head, state, listing = record.split(b"\n", 2)
    for_ever = dict.fromkeys(("due_at", "until"), "9999-12-31T23:59:59+00:00")
    changed = json.dumps(json.loads(state) | for_ever).encode()
    redis.client.set(KEY, b"\n".join((head, changed, listing)))
    worker = Worker(redis.url, source)
    with suppress(ServiceError):
        worker.fetch()
    source.clock.advance(FRESH)
    source.answers[HADRON] = [*TAGS, "v0.0.1-core-amd64-generic-v2.0.0"]

    refreshed = worker.refresh()

    assert refreshed.tag_count == 401
    assert len(source.asked) == 2


def test_flushed_redis_gets_the_listing_back(
    pair: tuple[Worker, Worker], redis: RedisServer, source: FakeTagSource
) -> None:
    first, second = pair
    first.fetch()
    redis.client.flushall()
    trust_ends()

    first.fetch()
    second.fetch()

    assert source.asked == [HADRON]


def test_answer_never_goes_back_to_an_older_listing(
    pair: tuple[Worker, Worker], redis: RedisServer, source: FakeTagSource
) -> None:
    first, second = pair
    first.fetch()
    second.fetch()
    older = redis.client.get(KEY)
    assert isinstance(older, bytes)
    source.clock.advance(FRESH)
    newer = first.refresh()
    redis.client.set(KEY, older)
    trust_ends()

    kept = first.fetch()
    trust_ends()
    also = second.fetch()

    assert kept.fetched_at == newer.fetched_at == also.fetched_at
    assert len(source.asked) == 2


@pytest.mark.parametrize(("minutes", "listings"), [(4, 1), (60, 2)])
def test_clocks_that_are_apart_cost_one_listing_at_most(
    redis: RedisServer, source: FakeTagSource, minutes: int, listings: int
) -> None:
    ahead = FakeTagSource(FakeClock(source.clock.now + timedelta(minutes=minutes)))
    ahead.answers, ahead.asked = source.answers, source.asked
    workers = [Worker(redis.url, each) for each in (ahead, source)]

    counts = [worker.fetch().tag_count for worker in workers * 3]

    assert counts == [400] * 6
    assert source.asked == [HADRON] * listings


def test_listing_is_kept_over_the_failure_that_another_shared(
    pair: tuple[Worker, Worker], redis: RedisServer, source: FakeTagSource
) -> None:
    first, second = pair
    first.fetch()
    redis.client.flushall()
    source.answers[HADRON] = RegistryUnavailableError("down")
    with pytest.raises(RegistryUnavailableError):
        second.fetch()
    trust_ends()

    first.fetch()
    trust_ends()
    catalogue = second.fetch()

    assert catalogue.tag_count == 400


def test_repository_that_is_gone_is_gone_for_all(
    pair: tuple[Worker, Worker], source: FakeTagSource
) -> None:
    first, second = make_due(pair)
    del source.answers[HADRON]

    with pytest.raises(RepositoryNotFoundError):
        first.refresh()
    trust_ends()
    with pytest.raises(RepositoryNotFoundError):
        second.fetch()


def test_worker_that_heard_nothing_of_it_brings_no_repository_back(
    pair: tuple[Worker, Worker], redis: RedisServer, source: FakeTagSource
) -> None:
    first, second = make_due(pair)
    del source.answers[HADRON]
    for _ in range(2):
        with pytest.raises(RepositoryNotFoundError):
            first.refresh()
        source.clock.advance(timedelta(seconds=30))
    # What ends with what it says is gone by now.
    if redis.client.pttl(KEY) <= 30_000:
        redis.client.delete(KEY)

    with pytest.raises(RepositoryNotFoundError):
        second.fetch()
    source.answers[HADRON] = TAGS
    source.clock.advance(timedelta(seconds=30))

    assert [worker.fetch().tag_count for worker in pair] == [400, 400]


def test_sentinel_names_the_master(
    redis: RedisServer, tmp_path: Path, source: FakeTagSource
) -> None:
    with start_sentinel(tmp_path, redis.port) as sentinel:
        url = f"redis+sentinel://127.0.0.1:{sentinel.port}/main/0"
        workers = [Worker(url, source) for _ in range(2)]

        counts = [worker.fetch().tag_count for worker in workers]
        redis.freeze()
        trust_ends()
        workers[0].fetch_within(ONCE)

    assert counts == [400, 400]
    assert source.asked == [HADRON]


def test_cluster_is_shared_and_survives_a_node(tmp_path: Path, source: FakeTagSource) -> None:
    with start_cluster(tmp_path) as servers:
        url = "redis+cluster://" + ",".join(f"127.0.0.1:{each.port}" for each in servers)
        workers = [Worker(url, source) for _ in range(2)]

        counts = [worker.fetch().tag_count for worker in workers]
        next(each for each in servers if each.client.keys(KEY)).freeze()
        trust_ends()
        workers[0].fetch_within(ONCE)

    assert counts == [400, 400]
    assert source.asked == [HADRON]


def test_unix_socket_is_spoken_to(tmp_path: Path, source: FakeTagSource) -> None:
    with start_redis(tmp_path, "--unixsocket", str(tmp_path / "redis.sock")) as redis:
        Worker(f"unix://{tmp_path}/redis.sock", source).fetch()

        assert redis.client.exists(KEY)


def test_password_is_used_and_never_logged(
    tmp_path: Path, source: FakeTagSource, capsys: pytest.CaptureFixture[str]
) -> None:
    with start_redis(tmp_path, running=False) as redis:
        right = Worker(f"redis://:s3cret-right@127.0.0.1:{redis.port}", source)
        wrong = Worker(f"redis://:s3cret-wrong@127.0.0.1:{redis.port}", source)
        right.fetch()
        redis.options = ("--requirepass", "s3cret-right")
        redis.process = None
        redis.start_unchecked()
        wait_until(lambda: right.link.check() is None)

        wrong.fetch()

        assert wrong.link.check() is not None
    assert "s3cret" not in "".join(capsys.readouterr())


def test_store_is_shared_and_goes_on_without_redis(redis: RedisServer) -> None:
    clock = FakeClock()
    stores = [
        RedisStore(RedisLink(redis.url, EventLog()), MemoryStore(clock=clock)) for _ in range(2)
    ]
    stores[0].put("pause:quay.io", b"until then", timedelta(seconds=30))

    shared = stores[1].get("pause:quay.io")
    redis.kill()
    own = stores[0].get("pause:quay.io")
    stores[1].put("other", b"value", timedelta(seconds=30))

    assert (shared, own, stores[1].get("other")) == (b"until then", b"until then", b"value")
    assert stores[1].get("nothing") is None


def test_host_that_wants_a_pause_gets_it_from_every_worker(
    redis: RedisServer, faulty: RegistryServer
) -> None:
    clock = FakeClock()
    sources = [
        make_source(make_client(store=RedisStore(link, MemoryStore(clock=clock)), clock=clock))
        for link in (RedisLink(redis.url, EventLog()) for _ in range(2))
    ]
    with pytest.raises(RegistryUnavailableError):
        sources[0].list_tags(Repository(faulty.address, "status/429"))
    clock.advance(timedelta(seconds=7))

    with pytest.raises(RegistryUnavailableError, match="left alone") as shared:
        sources[1].list_tags(Repository(faulty.address, "null"))
    redis.kill()
    with pytest.raises(RegistryUnavailableError, match="left alone") as own:
        sources[0].list_tags(Repository(faulty.address, "null"))

    assert shared.value.retry_after_seconds == own.value.retry_after_seconds == 10
    assert len(faulty.requests) == 1
