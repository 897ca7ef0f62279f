"""Verifiers for tests, and what registries tell them of one image."""

import hashlib
import json
from collections.abc import Callable, Hashable
from datetime import timedelta
from time import sleep

from service.adapters.background import Background
from service.adapters.delivery_record import DeliveryRecords
from service.adapters.flight import Seats
from service.adapters.registry_client import RegistryClient
from service.adapters.sharing import NothingShared
from service.adapters.store import MemoryStore
from service.adapters.verifier import RegistryVerifier
from service.domain.image import Image
from service.domain.reference import Reference
from tests.fakes import FakeClock
from tests.integration.clients import make_client
from tests.integration.pushing import (
    OCI_IMAGE,
    Pusher,
)
from tests.integration.registry_server import (
    Handler,
    Route,
)

FRESH = timedelta(minutes=15)
DAY = timedelta(days=1)
TAG = "1-core-amd64-generic-v1.0.0"
ARM = "1-core-arm64-generic-v1.0.0"
RISC = "1-core-riscv64-generic-v1.0.0"


HERD = 50


class Later:
    """Work that shall be done in the background, until a test does it."""

    def __init__(self) -> None:
        self._work: dict[Hashable, Callable[[], object]] = {}

    def start(self, key: Hashable, work: Callable[[], object]) -> None:
        self._work.setdefault(key, work)

    def run(self) -> int:
        """Do what there is; give how much it was."""
        work, self._work = self._work, {}
        for each in work.values():
            each()
        return len(work)


def make_verifier(
    client: RegistryClient | None = None,
    clock: FakeClock | None = None,
    seats: int = 8,
    *,
    later: Later | Background | None = None,
    fresh: timedelta = FRESH,
) -> RegistryVerifier:
    clock = clock or FakeClock()
    client = client or make_client(clock=clock)
    records = DeliveryRecords(
        MemoryStore(clock=clock),
        fingerprint=client.fingerprint,
        clock=clock,
        fresh=fresh,
        stale=timedelta(days=30),
    )
    return RegistryVerifier(
        client, records, NothingShared(), seats=Seats(seats), start=(later or Later()).start
    )


def image(registry: str, repository: str, tag: str = TAG) -> Image:
    return Image.identify(Reference.parse(f"{registry}/{repository}:{tag}"))


def pushed(pusher: Pusher, tag: str = TAG) -> Image:
    return image(pusher.registry, pusher.repository, tag)


CONFIG = b'{"architecture": "amd64", "os": "linux"}'
CONFIG_DIGEST = f"sha256:{hashlib.sha256(CONFIG).hexdigest()}"
MANIFEST = {"schemaVersion": 2, "mediaType": OCI_IMAGE, "config": {"digest": CONFIG_DIGEST}}
MANIFESTS = f"/v2/kairos/x/manifests/{TAG}"
CONFIG_PATH = f"/v2/kairos/x/blobs/{CONFIG_DIGEST}"


def give(document: object, kind: str = OCI_IMAGE, **headers: str) -> Route:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.reply(200, body, {"Content-Type": kind, **named})


def code(number: int) -> Route:
    return lambda handler: handler.reply(number)


WRONG = "sha256:" + "0" * 64


def after_a_while(route: Route) -> Route:
    def answer(handler: Handler) -> None:
        sleep(0.3)
        route(handler)

    return answer
