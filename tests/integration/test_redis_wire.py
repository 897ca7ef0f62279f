"""What may happen between a worker and a real Redis: TLS, a partition, resets."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.fakes import FakeTagSource
from tests.forwarder import Forwarder
from tests.integration.certificates import Authority, create_authority
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
from tests.redis_server import (
    RedisServer,
    announce_ports,
    start_cluster,
    start_redis,
    start_sentinel,
)

# What each answer of a Redis takes that is slow, and not stalled.
SLOW = 0.2


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with start_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis(running: RedisServer) -> RedisServer:
    running.client.flushall()
    return running


@pytest.fixture
def wire(redis: RedisServer) -> Iterator[Forwarder]:
    with Forwarder(redis.port) as forwarder:
        yield forwarder


@pytest.fixture
def tls(redis: RedisServer, authority: Authority) -> Iterator[Forwarder]:
    with Forwarder(redis.port, authority.server_context()) as forwarder:
        yield forwarder


@pytest.fixture(scope="module")
def files(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Give the authority's certificate, and that of one that did not sign for the server."""
    stranger = create_authority(tmp_path_factory.mktemp("stranger"))
    return {"ca": authority.ca, "stranger": stranger.ca}


def through(wire: Forwarder) -> str:
    return f"redis://127.0.0.1:{wire.port}"


@pytest.mark.parametrize(
    "url",
    [
        "rediss://127.0.0.1:{port}/0?ssl_ca_certs={ca}",
        "rediss://localhost:{port}/0?ssl_ca_certs={ca}&ssl_check_hostname=false",
    ],
)
def test_redis_is_spoken_to_over_tls_of_an_own_authority(
    tls: Forwarder, redis: RedisServer, files: dict[str, Path], source: FakeTagSource, url: str
) -> None:
    workers = [Worker(url.format(port=tls.port, **files), source) for _ in range(2)]

    counts = [worker.fetch().tag_count for worker in workers]

    assert counts == [400, 400]
    assert source.asked == [HADRON]
    assert redis.client.exists(KEY)
    assert [worker.link.check() for worker in workers] == [None, None]


@pytest.mark.parametrize(
    "url",
    [
        "rediss://127.0.0.1:{port}",
        "rediss://127.0.0.1:{port}?ssl_ca_certs={stranger}",
        "rediss://localhost:{port}?ssl_ca_certs={ca}",
        "redis://127.0.0.1:{port}",
    ],
    ids=["authority-not-named", "other-authority", "other-host", "no-tls"],
)
def test_tls_that_cannot_be_trusted_is_like_a_redis_that_is_down(
    tls: Forwarder, redis: RedisServer, files: dict[str, Path], source: FakeTagSource, url: str
) -> None:
    worker = Worker(url.format(port=tls.port, **files), source)

    catalogue = worker.fetch_within(ONCE)
    worker.fetch_at_once()

    assert catalogue.tag_count == 400
    assert worker.link.check() == "not reachable"
    assert worker.events.count("redis_unreachable") == 1
    assert redis.client.dbsize() == 0


@contextmanager
def start_sentinel_behind_tls(
    directory: Path, redis: RedisServer, authority: Authority
) -> Iterator[str]:
    """Run a sentinel and its master, and give where clients find them, over TLS alone."""
    tls = authority.server_context()
    with (
        # The sentinel names the master's port, and watches it there.
        Forwarder(redis.port, tls, plain_too=True) as master,
        start_sentinel(directory, master.port) as sentinel,
        Forwarder(sentinel.port, tls) as wire,
    ):
        yield f"redis+sentinel://127.0.0.1:{wire.port}/main/0"


@contextmanager
def start_cluster_behind_tls(directory: Path, authority: Authority) -> Iterator[str]:
    """Run a cluster whose nodes are named to clients by ports that speak TLS."""
    with ExitStack() as stack:
        servers = stack.enter_context(start_cluster(directory))
        tls = authority.server_context()
        wires = [stack.enter_context(Forwarder(server.port, tls)) for server in servers]
        announce_ports(servers, [wire.port for wire in wires])
        yield "redis+cluster://" + ",".join(f"127.0.0.1:{wire.port}" for wire in wires)


@pytest.fixture(params=["sentinel", "cluster"])
def many_behind_tls(
    request: pytest.FixtureRequest, redis: RedisServer, authority: Authority, tmp_path: Path
) -> Iterator[str]:
    """Give the URL of a sentinel's master, and of a cluster; both speak TLS to clients."""
    start = (
        start_sentinel_behind_tls(tmp_path, redis, authority)
        if request.param == "sentinel"
        else start_cluster_behind_tls(tmp_path, authority)
    )
    with start as url:
        yield url


def test_sentinel_and_cluster_are_spoken_to_over_tls(
    many_behind_tls: str, files: dict[str, Path], source: FakeTagSource
) -> None:
    url = f"{many_behind_tls}?ssl=true&ssl_ca_certs={files['ca']}"
    workers = [Worker(url, source) for _ in range(2)]

    counts = [worker.fetch().tag_count for worker in workers]

    assert counts == [400, 400]
    assert source.asked == [HADRON]
    assert [worker.link.check() for worker in workers] == [None, None]


@pytest.mark.parametrize("options", ["ssl=true&ssl_ca_certs={stranger}", "ssl=true", ""])
def test_sentinel_or_cluster_that_cannot_be_trusted_is_like_a_redis_that_is_down(
    many_behind_tls: str, files: dict[str, Path], source: FakeTagSource, options: str
) -> None:
    worker = Worker(f"{many_behind_tls}?{options.format(**files)}", source)

    catalogue = worker.fetch_within(ONCE)
    worker.fetch_at_once()

    assert catalogue.tag_count == 400
    assert worker.link.check() == "not reachable"


@pytest.mark.parametrize("fault", [Forwarder.part, Forwarder.reset])
def test_partition_costs_half_a_second_once_until_it_heals(
    wire: Forwarder, redis: RedisServer, source: FakeTagSource, fault: Callable[[Forwarder], None]
) -> None:
    worker = Worker(through(wire), source)
    assert worker.link.check() is None
    fault(wire)

    worker.fetch_within(ONCE)
    worker.fetch_at_once()

    assert worker.link.check() == "not reachable"
    wire.mend()
    wait_until(lambda: worker.link.check() is None)
    worker.fetch_at_once()
    assert worker.events.count("redis_unreachable") == worker.events.count("redis_back") == 1
    assert redis.client.exists(KEY)
    assert source.asked == [HADRON]


def test_slow_redis_is_kept_out_of_the_way_until_it_is_fast(
    wire: Forwarder, source: FakeTagSource
) -> None:
    worker = Worker(through(wire), source)
    worker.fetch()
    wire.delay(SLOW)
    trust_ends()

    worker.fetch_within(ONCE)
    worker.fetch_at_once()

    assert worker.link.check() == "not reachable"
    time.sleep(1.5)
    assert worker.link.check() == "not reachable"
    wire.delay(0)
    wait_until(lambda: worker.link.check() is None)
    assert worker.events.count("redis_unreachable") == worker.events.count("redis_back") == 1
    assert source.asked == [HADRON]


def test_slow_redis_costs_a_cold_caller_half_a_second_once(
    wire: Forwarder, source: FakeTagSource
) -> None:
    wire.delay(SLOW)

    catalogue = Worker(through(wire), source).fetch_within(ONCE)

    assert catalogue.tag_count == 400
    assert source.asked == [HADRON]


def test_worker_takes_up_after_a_partition_what_the_others_have(
    wire: Forwarder, redis: RedisServer, source: FakeTagSource
) -> None:
    parted, other = Worker(through(wire), source), Worker(redis.url, source)
    parted.fetch()
    wire.part()
    source.clock.advance(FRESH)
    source.answers[HADRON] = [*TAGS, "v0.0.1-core-amd64-generic-v2.0.0"]

    refreshed = other.refresh()
    before = parted.fetch_within(ONCE)
    wire.mend()
    wait_until(lambda: parted.link.check() is None)
    after = parted.fetch()

    assert (before.tag_count, after.tag_count) == (400, 401)
    assert after == refreshed
    assert len(source.asked) == 2
