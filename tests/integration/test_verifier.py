import hashlib
import json
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event
from time import monotonic, sleep

import pytest

from service.adapters.background import Background
from service.adapters.deadline import Deadline
from service.adapters.delivery_record import DeliveryRecords
from service.adapters.flight import Seats
from service.adapters.registry_client import RegistryClient
from service.adapters.sharing import NothingShared
from service.adapters.store import MemoryStore
from service.adapters.verifier import RegistryVerifier
from service.domain.delivery import Delivery, Signatures
from service.domain.image import Image
from service.domain.legality import Refusal
from service.domain.reference import Reference
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
    status,
)
from tests.servers import start_registry

FRESH = timedelta(minutes=15)
DAY = timedelta(days=1)
TAG = "1-core-amd64-generic-v1.0.0"
ARM = "1-core-arm64-generic-v1.0.0"
RISC = "1-core-riscv64-generic-v1.0.0"


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with start_registry(tmp_path_factory.mktemp("registry"), {}) as address:
        yield address


@pytest.fixture
def pusher(real: str, tmp_path: Path) -> Pusher:
    """Push to a repository of the test's own."""
    return Pusher(real, f"kairos/{hashlib.sha256(str(tmp_path).encode()).hexdigest()[:12]}")


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


def test_tag_is_asked_for_again_after_a_while(pusher: Pusher) -> None:
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


@pytest.mark.parametrize("ends", [("sig",), ("att",), ("sig", "att"), ()])
def test_signatures_are_seen_by_their_tags(pusher: Pusher, ends: tuple[str, ...]) -> None:
    digest = pusher.push_image(TAG)
    for end in ends:
        pusher.push_image(f"{digest.replace(':', '-')}.{end}")

    seen = make_verifier().start().find_signatures(pushed(pusher), digest)

    assert seen == Signatures("sig" in ends, "att" in ends)


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
    faulty.routes[MANIFESTS] = _after_a_while(give(MANIFEST))
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


def test_signatures_are_looked_for_once_by_a_herd(faulty: RegistryServer) -> None:
    tag = f"/v2/kairos/x/manifests/{WRONG.replace(':', '-')}.sig"
    faulty.routes[tag] = _after_a_while(code(200))
    verification = make_verifier(seats=HERD).start()

    with ThreadPoolExecutor(HERD) as threads:
        target = image(faulty.address, "kairos/x")
        asked = [threads.submit(verification.find_signatures, target, WRONG) for _ in range(HERD)]
        seen = [each.result() for each in asked]

    assert seen == [Signatures(signed=True, attested=False)] * HERD
    assert faulty.requests.count(tag) == 1


def test_host_that_wants_a_pause_beside_an_image_gets_it_and_costs_no_target(
    faulty: RegistryServer,
) -> None:
    faulty.routes[MANIFESTS] = give(MANIFEST)
    faulty.routes[CONFIG_PATH] = give(CONFIG)
    faulty.routes[f"/v2/kairos/x/manifests/{WRONG.replace(':', '-')}.sig"] = status(
        429, Retry_After="17"
    )
    verification = make_verifier().start()
    delivery = verification.verify(image(faulty.address, "kairos/x"))

    seen = verification.find_signatures(image(faulty.address, "kairos/x"), WRONG)

    assert seen == Signatures(None, None)
    assert len(faulty.requests) == 3
    assert delivery.is_verified
    assert verification.verify(image(faulty.address, "kairos/x")) == delivery


HERD = 50


def _ask_at_once(verifier: RegistryVerifier, wanted: Image) -> list[Delivery]:
    with ThreadPoolExecutor(HERD) as threads:
        asked = [threads.submit(verifier.start().verify, wanted) for _ in range(HERD)]
        return [each.result() for each in asked]


def _after_a_while(route: Route) -> Route:
    def answer(handler: Handler) -> None:
        sleep(0.3)
        route(handler)

    return answer


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


BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"


@pytest.mark.parametrize(
    ("referrer", "seen"),
    [
        ({"artifactType": "application/vnd.dev.cosign.artifact.sig.v1+json"}, (True, False)),
        (
            {
                "artifactType": BUNDLE,
                "annotations": {"dev.sigstore.bundle.content": "message-signature"},
            },
            (True, False),
        ),
        (
            {
                "artifactType": BUNDLE,
                "annotations": {
                    "dev.sigstore.bundle.content": "dsse-envelope",
                    "dev.sigstore.bundle.predicateType": "https://sigstore.dev/cosign/sign/v1",
                },
            },
            (True, False),
        ),
        (
            {
                "artifactType": BUNDLE,
                "annotations": {
                    "dev.sigstore.bundle.content": "dsse-envelope",
                    "dev.sigstore.bundle.predicateType": "https://spdx.dev/Document",
                },
            },
            (False, True),
        ),
        ({"artifactType": "application/vnd.example"}, (False, False)),
        ({"annotations": []}, (False, False)),
    ],
)
def test_signatures_are_seen_among_referrers(
    faulty: RegistryServer, referrer: object, seen: tuple[bool, bool]
) -> None:
    faulty.routes[f"/v2/kairos/x/referrers/{WRONG}"] = give({"manifests": [referrer]}, OCI_INDEX)

    found = make_verifier().start().find_signatures(image(faulty.address, "kairos/x"), WRONG)

    assert found == Signatures(*seen)


def list_referrers(*pages: object) -> Route:
    """List referrers in parts, of which the last names no further one."""

    def answer(handler: Handler) -> None:
        number = int(handler.ask("page") or 0)
        more = {"Link": f'<?page={number + 1}>; rel="next"'} if number < len(pages) - 1 else {}
        body = json.dumps(pages[number]).encode()
        handler.reply(200, body, {"Content-Type": OCI_INDEX, **more})

    return answer


def test_signature_is_seen_on_a_later_page_of_referrers(faulty: RegistryServer) -> None:
    signature = {"artifactType": "application/vnd.dev.cosign.artifact.sig.v1+json"}
    pages = list_referrers({"manifests": []}, {"manifests": [{}]}, {"manifests": [signature]})
    faulty.routes[f"/v2/kairos/x/referrers/{WRONG}"] = pages

    found = make_verifier().start().find_signatures(image(faulty.address, "kairos/x"), WRONG)

    assert found == Signatures(signed=True, attested=False)


@pytest.mark.parametrize(
    "answer",
    [
        code(500),
        code(403),
        give(b""),
        give([]),
        give(b"[" * 9_999),
        list_referrers({"manifests": []}, {}),
        list_referrers(*[{"manifests": []}] * 9),
        give({"manifests": []}, OCI_INDEX, Link="<http://127.0.0.1:1/>; rel=next"),
    ],
)
def test_signatures_are_unknown_where_the_registry_cannot_say(
    faulty: RegistryServer, answer: Route
) -> None:
    faulty.routes[f"/v2/kairos/x/referrers/{WRONG}"] = answer

    found = make_verifier().start().find_signatures(image(faulty.address, "kairos/x"), WRONG)

    assert found == Signatures(None, None)


def test_who_finds_no_seat_is_told_that_nobody_knows(pusher: Pusher) -> None:
    verifier = make_verifier(seats=0)

    found = verifier.start().verify(pushed(pusher))
    signatures = verifier.start().find_signatures(pushed(pusher), f"sha256:{'0' * 64}")

    assert (found.is_verified, found.trouble) == (False, "too many callers wait for registries")
    assert signatures == Signatures()
