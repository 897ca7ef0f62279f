"""Registry clients for tests: all of the real one, on loopback."""

import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import get_ident

import pytest

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


def resolve_with(monkeypatch: pytest.MonkeyPatch, answer: Callable[..., object]) -> None:
    """Let names be resolved otherwise by this thread alone.

    Others may still be looking for a Redis that a test took away.
    """
    here = get_ident()
    resolve: Callable[..., object] = socket.getaddrinfo

    def choose(*args: object, **kwargs: object) -> object:
        return (answer if get_ident() == here else resolve)(*args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", choose)
