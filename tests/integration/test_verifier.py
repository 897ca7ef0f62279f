from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from time import monotonic

import pytest

from service.adapters.background import Background
from service.adapters.deadline import Deadline
from service.adapters.verifier import RegistryVerifier
from service.domain.delivery import Delivery, Signatures
from service.domain.image import Image
from service.domain.legality import Refusal
from tests.fakes import FakeClock
from tests.integration.clients import HASTE, PATIENCE, make_client
from tests.integration.pushing import (
    DOCKER_IMAGE,
    DOCKER_LIST,
    OCI_IMAGE,
    OCI_INDEX,
    Pusher,
)
from tests.integration.registry_server import (
    Handler,
    RegistryServer,
    Route,
    send_without_end,
)
from tests.integration.verifying import (
    ARM,
    CONFIG,
    CONFIG_PATH,
    DAY,
    FRESH,
    HERD,
    MANIFEST,
    MANIFESTS,
    RISC,
    TAG,
    WRONG,
    Later,
    after_a_while,
    code,
    give,
    image,
    make_verifier,
    pushed,
)


@pytest.mark.parametrize("kind", [OCI_INDEX, DOCKER_LIST])
@pytest.mark.parametrize("tag", [TAG, ARM, RISC])
def test_index_is_delivered_for_each_platform_it_holds(pusher: Pusher, kind: str, tag: str) -> None:
    digest = pusher.push_index(tag, "amd64", "arm64", "riscv64", kind=kind)

    delivery = make_verifier().start().verify(pushed(pusher, tag))

    assert delivery.is_verified
    assert delivery.digest == digest
    assert len(delivery.platform_digests) == 4


@pytest.mark.parametrize("kind", [OCI_IMAGE, DOCKER_IMAGE])
@pytest.mark.parametrize(("tag", "arch"), [(TAG, "amd64"), (ARM, "arm64"), (RISC, "riscv64")])
def test_single_image_is_delivered_for_its_platform(
    pusher: Pusher, kind: str, tag: str, arch: str
) -> None:
    digest = pusher.push_image(tag, arch, kind=kind)

    delivery = make_verifier().start().verify(pushed(pusher, tag))

    assert delivery == Delivery(digest)
    assert delivery.is_verified


def test_platform_that_an_index_lacks_is_missing(pusher: Pusher) -> None:
    digest = pusher.push_index(ARM, "amd64")

    delivery = make_verifier().start().verify(pushed(pusher, ARM))

    assert (delivery.digest, delivery.refusal) == (digest, Refusal.PLATFORM_MISSING)


@pytest.mark.parametrize(("arch", "system"), [("arm64", "linux"), ("amd64", "windows")])
def test_single_image_of_another_platform_is_missing(
    pusher: Pusher, arch: str, system: str
) -> None:
    pusher.push_image(TAG, arch, system=system)

    delivery = make_verifier().start().verify(pushed(pusher))

    assert delivery.refusal is Refusal.PLATFORM_MISSING


def test_tag_that_is_gone_is_not_pullable(pusher: Pusher) -> None:
    pusher.delete(pusher.push_image(TAG))

    delivery = make_verifier().start().verify(pushed(pusher))

    assert delivery == Delivery(refusal=Refusal.NOT_PULLABLE)


def test_image_that_an_index_has_lost_is_not_pullable(pusher: Pusher) -> None:
    pusher.push_index(TAG, "amd64")
    pusher.delete(pusher.push_image("child-amd64"))

    delivery = make_verifier().start().verify(pushed(pusher))

    assert delivery.refusal is Refusal.NOT_PULLABLE
    assert not delivery.is_verified


def test_tag_is_asked_for_againafter_a_while(pusher: Pusher) -> None:
    clock, later = FakeClock(), Later()
    verifier = make_verifier(clock=clock, later=later)
    first = pusher.push_image(TAG)
    assert verifier.start().verify(pushed(pusher)).digest == first
    second = pusher.push_image(TAG, kind=DOCKER_IMAGE)

    kept = verifier.start().verify(pushed(pusher))
    assert later.run() == 0
    clock.advance(FRESH)
    due = verifier.start().verify(pushed(pusher))
    assert later.run() == 1
    asked = verifier.start().verify(pushed(pusher))

    assert (kept.digest, due.digest, asked.digest) == (first, first, second)
    assert later.run() == 0


def test_tag_that_is_gone_meanwhile_is_refused(pusher: Pusher) -> None:
    clock, later = FakeClock(), Later()
    verifier = make_verifier(clock=clock, later=later)
    digest = pusher.push_image(TAG)
    verifier.start().verify(pushed(pusher))
    pusher.delete(digest)
    clock.advance(FRESH)

    due = verifier.start().verify(pushed(pusher))
    later.run()
    asked = verifier.start().verify(pushed(pusher))

    assert due.is_verified
    assert asked == Delivery(refusal=Refusal.NOT_PULLABLE)


DESCRIPTOR = {"digest": WRONG, "platform": {"os": "linux", "architecture": "amd64"}}


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (code(401), "private"),
        (code(403), "HTTP 403"),
        (code(418), "HTTP 418"),
        (code(500), "HTTP 500"),
        (give(b""), "is not JSON"),
        (give(b"[" * 100_000), "is not JSON"),
        (give([]), "is no object"),
        (give({}), "without a digest"),
        (give({"config": {"digest": "sha256:1"}}), "without a digest"),
        (give({"manifests": {}}, OCI_INDEX), "no list of images"),
        (give({"manifests": [DESCRIPTOR] * 201}, OCI_INDEX), "too long"),
        (give({"manifests": [{**DESCRIPTOR, "platform": {}}]}, OCI_INDEX), "its platform"),
        (
            give(
                {"manifests": [{**DESCRIPTOR, "platform": {"os": "x" * 65, "architecture": ""}}]},
                OCI_INDEX,
            ),
            "a platform that is none",
        ),
        (give({"manifests": [DESCRIPTOR], "layers": []}, OCI_INDEX), "two things at once"),
        (give({**MANIFEST, "mediaType": OCI_INDEX}), "another kind"),
        (give({"schemaVersion": 1}, "application/json"), "no node can install"),
        (give(MANIFEST, Docker_Content_Digest=WRONG), "another digest"),
        (give({**MANIFEST, "config": {"digest": WRONG}}), "lost its configuration"),
        (send_without_end, "over 524,288 bytes"),
    ],
)
def test_registry_that_cannot_say_refuses_nothing(
    faulty: RegistryServer, answer: Route, trouble: str
) -> None:
    faulty.routes[MANIFESTS] = answer

    delivery = make_verifier().start().verify(image(faulty.address, "kairos/x"))

    assert delivery.refusal is None
    assert not delivery.is_verified
    assert trouble in delivery.trouble


@pytest.mark.parametrize(
    "config", [b"", b"{}", b'{"architecture": 1, "os": "linux"}', b'{"architecture": "amd64"}']
)
def test_configuration_that_is_not_the_one_named_says_nothing(
    faulty: RegistryServer, config: bytes
) -> None:
    faulty.routes[MANIFESTS] = give(MANIFEST)
    faulty.routes[CONFIG_PATH] = give(config)

    delivery = make_verifier().start().verify(image(faulty.address, "kairos/x"))

    assert "another digest" in delivery.trouble


def test_what_is_known_by_digest_is_not_asked_for_again(faulty: RegistryServer) -> None:
    clock = FakeClock()
    faulty.routes[MANIFESTS] = give(MANIFEST)
    faulty.routes[CONFIG_PATH] = give(CONFIG)
    verifier = make_verifier(clock=clock)

    for _ in range(3):
        assert verifier.start().verify(image(faulty.address, "kairos/x")).is_verified
        clock.advance(DAY)

    assert faulty.requests == [MANIFESTS, CONFIG_PATH, MANIFESTS, MANIFESTS]


def test_registry_that_is_down_makes_not_everyone_wait(faulty: RegistryServer) -> None:
    clock = FakeClock()
    verifier = make_verifier(make_client(timeout=HASTE), clock)
    stalled = image(faulty.address, "kairos/x")
    faulty.routes[MANIFESTS] = _stall
    first = verifier.start().verify(stalled)
    started = monotonic()

    second = verifier.start().verify(stalled)

    assert "in time" in first.trouble
    assert second == first
    assert monotonic() - started < HASTE.total_seconds()
    assert len(faulty.requests) == 1


def test_failure_is_remembered_however_short_a_tag_is_fresh(faulty: RegistryServer) -> None:
    clock = FakeClock()
    verifier = make_verifier(clock=clock, fresh=timedelta())
    faulty.routes[MANIFESTS] = code(403)

    for _ in range(3):
        assert "HTTP 403" in verifier.start().verify(image(faulty.address, "kairos/x")).trouble
    assert len(faulty.requests) == 1
    clock.advance(timedelta(seconds=10))
    verifier.start().verify(image(faulty.address, "kairos/x"))

    assert len(faulty.requests) == 2


def test_what_was_verified_outlives_its_registry(faulty: RegistryServer) -> None:
    clock, later = FakeClock(), Later()
    faulty.routes[MANIFESTS] = give(MANIFEST)
    faulty.routes[CONFIG_PATH] = give(CONFIG)
    verifier = make_verifier(clock=clock, later=later)
    first = verifier.start().verify(image(faulty.address, "kairos/x"))
    faulty.routes[MANIFESTS] = code(403)

    clock.advance(FRESH)
    for _ in range(3):
        assert verifier.start().verify(image(faulty.address, "kairos/x")) == first
        assert later.run() == 1
        assert verifier.start().verify(image(faulty.address, "kairos/x")) == first
        assert later.run() == 0
        clock.advance(timedelta(seconds=10))
    clock.advance(DAY - FRESH - timedelta(seconds=31))
    assert verifier.start().verify(image(faulty.address, "kairos/x")) == first
    clock.advance(timedelta(seconds=1))

    assert "HTTP 403" in verifier.start().verify(image(faulty.address, "kairos/x")).trouble


def test_herd_is_answered_at_once_when_a_tag_is_due(faulty: RegistryServer) -> None:
    clock = FakeClock()
    faulty.routes[MANIFESTS] = give(MANIFEST)
    faulty.routes[CONFIG_PATH] = give(CONFIG)
    verifier = make_verifier(clock=clock, later=Background(), seats=1)
    first = verifier.start().verify(image(faulty.address, "kairos/x"))
    faulty.routes[MANIFESTS] = _stall
    clock.advance(FRESH)
    started = monotonic()

    answers = _ask_at_once(verifier, image(faulty.address, "kairos/x"))

    assert answers == [first] * HERD
    assert monotonic() - started < 5
    assert faulty.requests.count(MANIFESTS) <= 2


def test_cold_herd_asks_once_and_waits_on_seats_alone(faulty: RegistryServer) -> None:
    faulty.routes[MANIFESTS] = after_a_while(give(MANIFEST))
    faulty.routes[CONFIG_PATH] = give(CONFIG)

    answers = _ask_at_once(make_verifier(seats=8), image(faulty.address, "kairos/x"))

    refused = [answer for answer in answers if not answer.is_verified]
    assert len(refused) == HERD - 8
    assert {answer.trouble for answer in refused} == {"too many callers wait for registries"}
    assert {answer.retry_after_seconds for answer in refused} == {1}
    assert faulty.requests == [MANIFESTS, CONFIG_PATH]


def test_who_finds_no_seat_is_told_so_at_once_and_the_next_time_what_came_of_it(
    faulty: RegistryServer,
) -> None:
    asked, told = Event(), Event()

    def wait(handler: Handler) -> None:
        asked.set()
        told.wait(PATIENCE.total_seconds())
        handler.reply(404)

    faulty.routes[MANIFESTS] = wait
    verifier, wanted = make_verifier(seats=1), image(faulty.address, "kairos/x")

    with ThreadPoolExecutor() as threads:
        first = threads.submit(verifier.start().verify, wanted)
        assert asked.wait(PATIENCE.total_seconds())
        refused = verifier.start().verify(wanted)
        told.set()
        settled = first.result()

    assert "too many callers" in refused.trouble
    assert settled == Delivery(refusal=Refusal.NOT_PULLABLE)
    assert verifier.start().verify(wanted) == settled
    assert len(faulty.requests) == 1


def test_who_waits_for_another_waits_no_longer_than_for_an_answer(faulty: RegistryServer) -> None:
    asked, told = Event(), Event()

    def wait(handler: Handler) -> None:
        asked.set()
        told.wait(PATIENCE.total_seconds())
        handler.reply(404)

    faulty.routes[MANIFESTS] = wait
    verifier, wanted = make_verifier(), image(faulty.address, "kairos/x")

    with ThreadPoolExecutor() as threads:
        first = threads.submit(verifier.start().verify, wanted)
        assert asked.wait(PATIENCE.total_seconds())
        second = verifier.deliver(wanted, Deadline(HASTE))
        told.set()

    assert "no answer in time" in second.trouble
    assert first.result() == Delivery(refusal=Refusal.NOT_PULLABLE)


def _ask_at_once(verifier: RegistryVerifier, wanted: Image) -> list[Delivery]:
    with ThreadPoolExecutor(HERD) as threads:
        asked = [threads.submit(verifier.start().verify, wanted) for _ in range(HERD)]
        return [each.result() for each in asked]


def test_all_that_is_asked_for_one_question_has_one_time(faulty: RegistryServer) -> None:
    verification = make_verifier(make_client(timeout=HASTE)).start()
    tags = [f"1-core-amd64-generic-v1.0.{number}" for number in range(5)]
    for tag in tags:
        faulty.routes[f"/v2/kairos/x/manifests/{tag}"] = _stall
    started = monotonic()

    troubles = [verification.verify(image(faulty.address, "kairos/x", tag)).trouble for tag in tags]

    assert all("in time" in trouble for trouble in troubles)
    assert monotonic() - started < 2
    assert len(faulty.requests) == 1


def _stall(handler: Handler) -> None:
    handler.rfile.read(1)


def test_who_finds_no_seat_is_told_that_nobody_knows(pusher: Pusher) -> None:
    verifier = make_verifier(seats=0)

    found = verifier.start().verify(pushed(pusher))
    signatures = verifier.start().find_signatures(pushed(pusher), f"sha256:{'0' * 64}")

    assert (found.is_verified, found.trouble) == (False, "too many callers wait for registries")
    assert signatures == Signatures()
