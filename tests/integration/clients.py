"""Registry clients for tests: all of the real one, on loopback."""

from collections.abc import Callable
from datetime import datetime, timedelta

from service.adapters.credentials import Credentials
from service.adapters.http import Network
from service.adapters.registry import RegistryTagSource
from service.adapters.registry_client import RegistryClient
from service.adapters.store import MemoryStore, Store
from tests.fakes import FakeClock

LOOPBACK = frozenset({"127.0.0.1"})
OPEN = Network(insecure=LOOPBACK, private=LOOPBACK)
PATIENCE = timedelta(seconds=10)
HASTE = timedelta(seconds=0.3)


def make_client(
    network: Network = OPEN,
    *,
    timeout: timedelta = PATIENCE,
    credentials: Credentials | None = None,
    store: Store | None = None,
    clock: Callable[[], datetime] | None = None,
) -> RegistryClient:
    clock = clock or FakeClock()
    return RegistryClient(
        network,
        timeout=timeout,
        credentials=credentials or Credentials(),
        store=store or MemoryStore(clock=clock),
        clock=clock,
    )


def make_source(client: RegistryClient | None = None) -> RegistryTagSource:
    return RegistryTagSource(client or make_client(), clock=FakeClock())
