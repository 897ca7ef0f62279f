import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes import FakeClock, FakeTagSource
from tests.integration.certificates import Authority, create_authority
from tests.integration.pushing import Pusher
from tests.integration.registry_server import RegistryServer
from tests.integration.sharing_workers import HADRON, TAGS
from tests.redis_server import RedisServer, start_redis
from tests.servers import start_registry

# Unsorted on purpose: the order of a listing is the registry's business.
REGISTRY_TAGS = [f"v1.0.{number}" for number in range(2_500)]


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the ``host:port`` of a docker-registry; its ``kairos/empty`` has no tags."""
    repositories = {"kairos/ubuntu": REGISTRY_TAGS, "kairos/empty": []}
    with start_registry(tmp_path_factory.mktemp("registry"), repositories) as address:
        yield address


@pytest.fixture
def pusher(registry: str, tmp_path: Path) -> Pusher:
    """Push to a repository of the test's own."""
    return Pusher(registry, f"kairos/{hashlib.sha256(str(tmp_path).encode()).hexdigest()[:12]}")


@pytest.fixture
def faulty() -> Iterator[RegistryServer]:
    """A registry with quay's manners and, by repository name, every fault."""
    with RegistryServer() as server:
        yield server


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """Give a Redis of the test's own, to be broken."""
    with start_redis(tmp_path) as server:
        yield server


@pytest.fixture
def source() -> FakeTagSource:
    """Give what the workers that share ask for their listings."""
    source = FakeTagSource(FakeClock())
    source.answers[HADRON] = TAGS
    return source


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Give an authority of our own, and a certificate for 127.0.0.1 that it signed."""
    return create_authority(tmp_path_factory.mktemp("authority"))
