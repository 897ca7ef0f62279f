"""Instances behind one Redis and before one registry, and callers that ask them all."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.e2e.calling import calling
from tests.e2e.service import Reply, Service, start_service
from tests.front import RegistryFront
from tests.lists import load_listing
from tests.redis_server import RedisServer, start_redis
from tests.servers import start_registry
from tests.worked_examples import HADRON

_SECONDS = 30
_ATTEMPTS = 3


@dataclass(slots=True)
class Deployment:
    """What a test may break.

    Attributes:
        directory: Of the registry's store.
        stop_registry: Kills the registry.
        image: One that there is an upgrade for, in the repository ``kairos/hadron``.
        environ: Of each instance.
    """

    services: list[Service]
    redis: RedisServer
    front: RegistryFront
    directory: Path
    stop_registry: Callable[[], None]
    image: str
    environ: Mapping[str, str]

    def ask_all(self) -> list[Reply]:
        return [service.ask(self.image) for service in self.services]

    def has_lost_redis(self) -> bool:
        """Whether a worker has had no answer of Redis in time, and was by itself."""
        return any("redis_unreachable" in each.log.read_text() for each in self.services)


@contextmanager
def start_deployment(
    directory: Path,
    settings: Mapping[str, str] | None = None,
    *,
    instances: int = 2,
    redis_running: bool = True,
    delay_seconds: float = 0.0,
) -> Iterator[Deployment]:
    """Run instances with two workers each, that track nothing unless told to."""
    own = directory / "registry"
    own.mkdir()
    tags = load_listing("hadron").tags
    cold = [HADRON.partition(":")[2]]
    repositories = {"kairos/hadron": tags} | {f"kairos/cold-{n}": cold for n in range(64)}
    with ExitStack() as stack:
        registry_stack = stack.enter_context(ExitStack())
        registry = registry_stack.enter_context(start_registry(own, repositories))
        front = stack.enter_context(RegistryFront(registry, delay_seconds))
        redis = stack.enter_context(start_redis(directory, running=redis_running))
        environ = {
            "ADVISOR_REDIS_URL": redis.url,
            "ADVISOR_REPOSITORIES": f"{front.address}/kairos/*",
            "ADVISOR_OFFICIAL_REPOSITORIES": f"{front.address}/kairos/*",
            "ADVISOR_PRIVATE_REGISTRIES": front.address,
            "ADVISOR_INSECURE_REGISTRIES": front.address,
            "ADVISOR_TRACKED_REPOSITORIES": ",",
            "WEB_CONCURRENCY": "2",
            **{
                name: value.replace("REGISTRY", front.address)
                for name, value in (settings or {}).items()
            },
        }
        services = [
            stack.enter_context(start_service(directory, environ)) for _ in range(instances)
        ]
        image = f"{front.address}/kairos/{HADRON}"
        yield Deployment(services, redis, front, own, registry_stack.close, image, environ)


@dataclass(slots=True)
class Load:
    """What callers saw who ask one after the other, until they are told to stop."""

    replies: list[Reply] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def failed(self) -> list[str]:
        """Give whatever was no recommendation."""
        return self.errors + [reply.text for reply in self.replies if reply.status != 200]

    def wait_for(self, count: int) -> None:
        """Wait until so many more have been answered."""
        goal, deadline = len(self.seconds) + count, time.monotonic() + _SECONDS
        while len(self.seconds) < goal:
            assert time.monotonic() < deadline, "no answers"
            time.sleep(0.01)


@contextmanager
def run_load(services: Sequence[Service], image: str, callers: int = 4) -> Iterator[Load]:
    """Ask all instances again and again, from some callers, until the end of the block."""
    load = Load()

    def call(service: Service, stop: threading.Event) -> None:
        while not stop.is_set():
            begun = time.monotonic()
            try:
                load.replies.append(service.ask(image))
            except OSError as error:
                load.errors.append(repr(error))
            load.seconds.append(time.monotonic() - begun)

    with calling(partial(call, services[number % len(services)]) for number in range(callers)):
        yield load


def try_undisturbed(
    work: Callable[[Deployment], None],
    directory: Path,
    settings: Mapping[str, str] | None = None,
    *,
    delay_seconds: float = 0.0,
) -> None:
    """Try something of a deployment; where it fails and Redis was lost meanwhile, anew.

    On a machine that stands still for a moment Redis is lost without a fault. What callers see then
    has tests of its own.
    """
    for attempt in range(_ATTEMPTS):
        own = directory / str(attempt)
        own.mkdir()
        with start_deployment(own, settings, delay_seconds=delay_seconds) as deployment:
            try:
                work(deployment)
            except AssertionError:
                if not deployment.has_lost_redis() or attempt == _ATTEMPTS - 1:
                    raise
            else:
                return


def ask_until_answered(service: Service, image: str, **query: str) -> tuple[Reply, int]:
    """Ask as a patient caller does: again after ``Retry-After``; tells how often that was."""
    deadline, refused = time.monotonic() + _SECONDS, 0
    while True:
        reply = service.ask(image, **query)
        if reply.status != 503 or time.monotonic() > deadline:
            return reply, refused
        refused += 1
        time.sleep(int(reply.headers["Retry-After"]))


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it has not happened"
        time.sleep(0.05)
