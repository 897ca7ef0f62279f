import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.domain.delivery import Signatures
from tests.integration.pushing import (
    OCI_INDEX,
    Pusher,
)
from tests.integration.registry_server import (
    Handler,
    RegistryServer,
    Route,
    status,
)
from tests.integration.verifying import (
    CONFIG,
    CONFIG_PATH,
    HERD,
    MANIFEST,
    MANIFESTS,
    TAG,
    WRONG,
    after_a_while,
    code,
    give,
    image,
    make_verifier,
    pushed,
)


@pytest.mark.parametrize("ends", [("sig",), ("att",), ("sig", "att"), ()])
def test_signatures_are_seen_by_their_tags(pusher: Pusher, ends: tuple[str, ...]) -> None:
    digest = pusher.push_image(TAG)
    for end in ends:
        pusher.push_image(f"{digest.replace(':', '-')}.{end}")

    seen = make_verifier().start().find_signatures(pushed(pusher), digest)

    assert seen == Signatures("sig" in ends, "att" in ends)


def test_signatures_are_looked_for_once_by_a_herd(faulty: RegistryServer) -> None:
    tag = f"/v2/kairos/x/manifests/{WRONG.replace(':', '-')}.sig"
    faulty.routes[tag] = after_a_while(code(200))
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
