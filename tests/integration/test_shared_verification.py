"""Workers of one deployment that verify the same, before a real Redis."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from service.adapters.background import Background
from service.adapters.delivery_record import DeliveryRecords
from service.adapters.event_log import EventLog
from service.adapters.flight import Seats
from service.adapters.redis_link import RedisLink
from service.adapters.redis_sharing import RedisSharing
from service.adapters.redis_store import RedisStore
from service.adapters.store import MemoryStore
from service.adapters.verifier import RegistryVerifier
from service.domain.delivery import Delivery, Signatures
from service.domain.image import Image
from service.domain.legality import Refusal
from service.domain.reference import Reference
from tests.fakes import FakeClock
from tests.integration.clients import make_client
from tests.integration.pushing import OCI_INDEX
from tests.integration.registry_server import Handler, RegistryServer, Route
from tests.integration.sharing_workers import FRESH, ONCE, trust_ends, wait_until
from tests.redis_server import RedisServer

TAG = "1-core-amd64-generic-v1.0.0"
MANIFESTS = f"/v2/kairos/x/manifests/{TAG}"
CHILD = f"sha256:{'a' * 64}"
CHILD_PATH = f"/v2/kairos/x/manifests/{CHILD}"
PLATFORM = {"digest": CHILD, "platform": {"os": "linux", "architecture": "amd64"}}
INDEX = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [PLATFORM]}
FAILURE_LIFE = timedelta(seconds=10)
SLOWLY = 0.3
HERD = 32


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def workers(redis: RedisServer, clock: FakeClock) -> list[RegistryVerifier]:
    return [make_worker(redis.url, clock) for _ in range(4)]


@pytest.fixture
def target(faulty: RegistryServer) -> Image:
    faulty.routes[MANIFESTS] = give_slowly(INDEX)
    faulty.routes[CHILD_PATH] = lambda handler: handler.reply(200)
    return Image.identify(Reference.parse(f"{faulty.address}/kairos/x:{TAG}"))


def make_worker(url: str, clock: FakeClock) -> RegistryVerifier:
    events = EventLog()
    link = RedisLink(url, events)
    store = RedisStore(link, MemoryStore(clock=clock))
    client = make_client(store=store, clock=clock)
    records = DeliveryRecords(
        store,
        fingerprint=client.fingerprint,
        clock=clock,
        fresh=FRESH,
        stale=timedelta(days=30),
    )
    sharing = RedisSharing(link, clock=clock, events=events)
    return RegistryVerifier(client, records, sharing, seats=Seats(HERD), start=Background().start)


def give_slowly(document: object) -> Route:
    def answer(handler: Handler) -> None:
        time.sleep(SLOWLY)
        handler.reply(200, json.dumps(document).encode(), {"Content-Type": OCI_INDEX})

    return answer


def verify_all(workers: list[RegistryVerifier], target: Image, times: int = 1) -> list[Delivery]:
    with ThreadPoolExecutor(HERD) as threads:
        return list(threads.map(lambda worker: worker.start().verify(target), workers * times))


def test_cold_askers_of_many_workers_verify_once(
    workers: list[RegistryVerifier], target: Image, faulty: RegistryServer
) -> None:
    answers = verify_all(workers, target, times=HERD // 4)

    assert answers[0].is_verified
    assert set(answers) == {answers[0]}
    assert faulty.requests == [MANIFESTS, CHILD_PATH]


def test_failure_is_shared_so_that_the_registry_is_asked_once(
    workers: list[RegistryVerifier], target: Image, faulty: RegistryServer
) -> None:
    faulty.routes[MANIFESTS] = lambda handler: handler.reply(403)

    answers = verify_all(workers, target, times=4)

    assert {"HTTP 403" in answer.trouble for answer in answers} == {True}
    assert faulty.requests == [MANIFESTS]


def test_signatures_are_looked_for_once_by_many_workers(
    workers: list[RegistryVerifier], target: Image, faulty: RegistryServer
) -> None:
    tag = f"/v2/kairos/x/manifests/{CHILD.replace(':', '-')}.sig"
    faulty.routes[tag] = give_slowly({})

    with ThreadPoolExecutor(HERD) as threads:
        seen = list(
            threads.map(lambda worker: worker.start().find_signatures(target, CHILD), workers * 4)
        )

    assert set(seen) == {Signatures(signed=True, attested=False)}
    assert faulty.requests.count(tag) == 1


def test_tag_that_is_due_is_asked_for_once_and_all_agree_within_a_second(
    workers: list[RegistryVerifier], target: Image, faulty: RegistryServer, clock: FakeClock
) -> None:
    before = verify_all(workers, target)
    faulty.routes[MANIFESTS] = give_slowly({**INDEX, "annotations": {"pushed": "anew"}})
    clock.advance(FRESH)
    faulty.requests.clear()

    meanwhile = verify_all(workers, target, times=4)
    wait_until(lambda: workers[0].start().verify(target) != before[0])
    trust_ends()
    after = verify_all(workers, target, times=4)

    assert set(meanwhile) == set(before)
    assert len(set(after)) == 1
    assert set(after) != set(before)
    assert faulty.requests == [MANIFESTS]


def test_tag_that_is_gone_is_refused_by_all_within_a_second(
    workers: list[RegistryVerifier], target: Image, faulty: RegistryServer, clock: FakeClock
) -> None:
    verify_all(workers, target)
    faulty.routes[MANIFESTS] = lambda handler: handler.reply(404)
    clock.advance(FRESH)

    workers[0].start().verify(target)
    wait_until(lambda: workers[0].start().verify(target).refusal)
    trust_ends()

    assert set(verify_all(workers, target)) == {Delivery(refusal=Refusal.NOT_PULLABLE)}


def test_worker_that_heard_nothing_of_it_brings_no_tag_back(
    workers: list[RegistryVerifier],
    target: Image,
    redis: RedisServer,
    faulty: RegistryServer,
    clock: FakeClock,
) -> None:
    workers[1].start().verify(target)
    faulty.routes[MANIFESTS] = lambda handler: handler.reply(404)
    clock.advance(FRESH)
    workers[0].start().verify(target)
    wait_until(lambda: workers[0].start().verify(target).refusal)
    clock.advance(FAILURE_LIFE)
    workers[0].start().verify(target)
    clock.advance(FAILURE_LIFE)
    trust_ends()
    # What ends with what it says is gone by now.
    for key in redis.client.keys("v1:tag:*"):
        if redis.client.pttl(key) <= FAILURE_LIFE / timedelta(milliseconds=1):
            redis.client.delete(key)

    told = workers[1].start().verify(target)

    assert told == Delivery(refusal=Refusal.NOT_PULLABLE)


def test_clocks_that_are_a_little_apart_cost_no_second_verification(
    redis: RedisServer, target: Image, faulty: RegistryServer, clock: FakeClock
) -> None:
    ahead = FakeClock(clock.now + timedelta(minutes=4))
    workers = [make_worker(redis.url, each) for each in (ahead, clock, ahead)]

    answers = [worker.start().verify(target) for worker in workers]

    assert answers[0].is_verified
    assert set(answers) == {answers[0]}
    assert faulty.requests == [MANIFESTS, CHILD_PATH]


def test_holder_that_dies_delays_the_others_by_seconds(
    workers: list[RegistryVerifier], target: Image, redis: RedisServer, faulty: RegistryServer
) -> None:
    lock = f"v1:lock:{{v1:tags:{target.repository}:{TAG}}}"
    redis.client.set(lock, b"of the dead", px=3000)
    begun = time.monotonic()

    answers = verify_all(workers, target)

    assert all(answer.is_verified for answer in answers)
    assert 2 < time.monotonic() - begun < 5
    assert faulty.requests == [MANIFESTS, CHILD_PATH]


def test_stalled_redis_costs_a_cold_verification_half_a_second_once(
    workers: list[RegistryVerifier], target: Image, redis: RedisServer
) -> None:
    redis.freeze()
    begun = time.monotonic()

    answer = workers[0].start().verify(target)

    assert answer.is_verified
    assert time.monotonic() - begun < ONCE + SLOWLY


def test_redis_killed_meanwhile_costs_no_answer(
    workers: list[RegistryVerifier], target: Image, redis: RedisServer
) -> None:
    with ThreadPoolExecutor(HERD) as threads:
        asked = [threads.submit(worker.start().verify, target) for worker in workers * 4]
        time.sleep(SLOWLY / 2)
        redis.kill()

        assert all(each.result().is_verified for each in asked)
