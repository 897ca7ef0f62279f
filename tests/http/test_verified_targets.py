from collections.abc import Sequence

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.app import create_app
from service.domain.delivery import Delivery, Signatures
from service.domain.legality import Refusal
from service.settings import Settings
from tests.apps import build_source
from tests.contract.document import find_operation, validate_response
from tests.fakes import DIGEST, FakeVerifier

FLAVOR = "quay.io/kairos/flavor"
RUNNING = f"{FLAVOR}:1-core-amd64-generic-v1.0.0"
TAGS = [f"1-core-amd64-generic-v1.0.{patch}" for patch in range(8)]
NEWEST = TAGS[-1]
MISSING = Delivery(DIGEST, refusal=Refusal.PLATFORM_MISSING)
GONE = Delivery(refusal=Refusal.NOT_PULLABLE)
UNKNOWN = Delivery(trouble="quay.io gave no answer in time")


@pytest.fixture
def verifier() -> FakeVerifier:
    return FakeVerifier()


def build(verifier: FakeVerifier | None, tags: Sequence[str] = TAGS, **environ: str) -> FlaskClient:
    hadron = ["v0.0.1-core-amd64-generic-v1.0.7"]
    source = build_source({FLAVOR: tags, "quay.io/kairos/hadron": hadron})
    return create_app(Settings.from_env(environ), source, verifier).test_client()


def ask(client: FlaskClient, image: str = RUNNING, **query: str) -> TestResponse:
    return client.get("/v1/upgrade", query_string={"image": image, **query})


def codes(response: TestResponse) -> list[str]:
    assert response.json is not None
    return [warning["code"] for warning in response.json["warnings"]]


def test_target_that_can_be_pulled_is_pinned(verifier: FakeVerifier) -> None:
    verifier.signatures = Signatures(signed=True, attested=False)

    answer = ask(build(verifier)).json

    assert answer is not None
    target = answer["target"]
    assert target["reference"] == f"{FLAVOR}:{NEWEST}"
    assert target["pinned"] == f"{FLAVOR}:{NEWEST}@{DIGEST}"
    assert (target["verified"], target["digest"]) == (True, None)
    assert (target["signed"], target["attested"]) == (True, False)
    command = f"kairos-agent upgrade --source oci:{FLAVOR}:{NEWEST}@{DIGEST}"
    assert answer["commands"]["kairos_agent"] == command
    assert "pinned" not in answer["path"][0]
    assert verifier.asked == [f"{FLAVOR}:{NEWEST}", f"{FLAVOR}@{DIGEST}"]


def test_text_is_the_pinned_target(verifier: FakeVerifier) -> None:
    response = ask(build(verifier), format="text")

    assert (response.status_code, response.text) == (200, f"{FLAVOR}:{NEWEST}@{DIGEST}\n")


@pytest.mark.parametrize(
    ("refused", "code"), [(MISSING, "platform_missing"), (GONE, "not_pullable")]
)
def test_target_that_cannot_be_pulled_is_refused_and_the_next_one_chosen(
    verifier: FakeVerifier, refused: Delivery, code: str
) -> None:
    verifier.answers = {NEWEST: refused, TAGS[-2]: refused}

    answer = ask(build(verifier)).json

    assert answer is not None
    assert answer["status"] == "upgrade_available"
    assert answer["target"]["pinned"] == f"{FLAVOR}:{TAGS[-3]}@{DIGEST}"
    assert answer["rejected"] == [{"code": code, "count": 2, "example": NEWEST}]
    assert [image["tag"] for image in answer["path"]] == [TAGS[-3]]


def test_release_of_another_spelling_is_asked_for_itself(verifier: FakeVerifier) -> None:
    candidates = [f"1-core-amd64-generic-v1.1.0-{rc}" for rc in ("RC1", "rc1")]
    verifier.answers = {candidates[0]: GONE}

    answer = ask(build(verifier, [TAGS[0], *candidates]), prerelease="true").json

    assert answer is not None
    assert answer["target"]["pinned"] == f"{FLAVOR}:{candidates[1]}@{DIGEST}"
    assert answer["rejected"] == [{"code": "not_pullable", "count": 1, "example": candidates[0]}]


def test_reasons_are_told_in_order(verifier: FakeVerifier) -> None:
    verifier.answers = {NEWEST: GONE, TAGS[-2]: MISSING}
    tags = [*TAGS, "1-core-amd64-generic-v1.1.0-rc1"]

    answer = ask(build(verifier, tags)).json

    assert answer is not None
    found = [rejected["code"] for rejected in answer["rejected"]]
    assert found == ["prerelease", "platform_missing", "not_pullable"]


def test_node_is_blocked_where_nothing_newer_can_be_pulled(verifier: FakeVerifier) -> None:
    verifier.answers = {TAGS[1]: GONE, TAGS[2]: MISSING}

    response = ask(build(verifier, TAGS[:3]))

    assert response.json is not None
    assert response.json["status"] == "blocked"
    assert response.json["target"] is None
    refused = ask(build(verifier, TAGS[:3]), format="text")
    assert refused.status_code == 409
    assert refused.text.startswith("error: blocked:")


def test_few_candidates_are_asked_for(verifier: FakeVerifier) -> None:
    verifier.answers = dict.fromkeys(TAGS, GONE)

    response = ask(build(verifier))

    assert response.json is not None
    assert len(verifier.asked) == 5
    assert response.json["target"]["reference"] == f"{FLAVOR}:{TAGS[2]}"
    assert response.json["target"]["verified"] is False
    assert "target_not_verified" in codes(response)


def test_alternative_that_is_known_to_be_gone_is_none(verifier: FakeVerifier) -> None:
    tags = [*TAGS[:2], "1-core-amd64-generic-v1.1.0"]
    verifier.answers = {tags[2]: GONE}

    answer = ask(build(verifier, tags), max_step="patch").json
    widest = ask(build(verifier, tags)).json

    assert answer is not None
    assert widest is not None
    assert answer["alternatives"][0]["code"] == "next_minor"
    assert widest["target"]["tag"] == tags[1]
    assert widest["alternatives"] == []


def test_registry_that_cannot_say_costs_the_pin_and_the_acting_forms(
    verifier: FakeVerifier,
) -> None:
    verifier.answers = {NEWEST: UNKNOWN}
    client = build(verifier)

    told, refused = ask(client), ask(client, format="text")

    assert told.json is not None
    assert told.json["target"]["verified"] is False
    assert told.json["target"]["pinned"] is None
    assert told.json["target"]["signed"] is told.json["target"]["attested"] is None
    assert "target_not_verified" in codes(told)
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert refused.text.startswith("error: target-not-verified: ")
    assert "quay.io gave no answer in time" in refused.text


@pytest.mark.parametrize("form", ["env", "nodeopupgrade", "auroraboot"])
def test_every_acting_form_waits_until_the_registry_can_say(
    verifier: FakeVerifier,
    form: str,
) -> None:
    verifier.answers = {NEWEST: UNKNOWN}

    refused = ask(build(verifier), format=form, accept="advisory:operator-exclude-path")

    assert refused.status_code == 503
    assert "target-not-verified" in refused.text
    assert refused.headers["Upgrade-Status"] == "upgrade_available"
    assert "target_not_verified" in refused.headers["Upgrade-Warnings"].split(", ")
    validate_response(refused, find_operation("get_upgrade"))


def test_shells_and_auroraboot_get_the_pinned_target(verifier: FakeVerifier) -> None:
    client = build(verifier)

    env, auroraboot = ask(client, format="env"), ask(client, format="auroraboot")

    pinned = f"{FLAVOR}:{NEWEST}@{DIGEST}"
    assert f"UPGRADE_TARGET={pinned}\nUPGRADE_SOURCE=oci:{pinned}\n" in env.text
    assert auroraboot.json == {"command": "upgrade", "args": {"source": f"oci:{pinned}"}}


def test_who_finds_no_seat_to_verify_on_is_told_to_ask_again_soon(verifier: FakeVerifier) -> None:
    verifier.answers = {NEWEST: Delivery(trouble="too many callers", retry_after_seconds=1)}

    told, refused = ask(build(verifier)), ask(build(verifier), format="text")

    assert told.status_code == 200
    assert "target_not_verified" in codes(told)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")


def test_without_verification_a_target_is_given_unpinned() -> None:
    client = build(None)

    told, given = ask(client), ask(client, format="text")

    assert told.json is not None
    assert told.json["target"]["verified"] is False
    assert "target_not_verified" not in codes(told)
    assert (given.status_code, given.text) == (200, f"{FLAVOR}:{NEWEST}\n")


def test_nothing_is_asked_without_a_target(verifier: FakeVerifier) -> None:
    response = ask(build(verifier), f"{FLAVOR}:{NEWEST}")

    assert response.json is not None
    assert response.json["status"] == "up_to_date"
    assert verifier.asked == []


OTHER = f"sha256:{'b' * 64}"


@pytest.mark.parametrize(
    ("now", "warned"),
    [
        (Delivery(DIGEST), True),
        (Delivery(OTHER), False),
        (Delivery(DIGEST, frozenset({OTHER})), False),
        (Delivery(f"sha512:{'a' * 128}"), False),
        (MISSING, True),
        (GONE, False),
        (UNKNOWN, False),
    ],
)
@pytest.mark.parametrize("tag", [TAGS[0], NEWEST])
def test_running_digest_that_is_no_longer_the_tags_is_told(
    verifier: FakeVerifier, now: Delivery, tag: str, *, warned: bool
) -> None:
    verifier.answers = {tag: now}

    response = ask(build(verifier), f"{FLAVOR}:{tag}@{OTHER}")

    assert ("running_digest_changed" in codes(response)) is warned


def test_answers_name_the_mirror_where_they_shall(verifier: FakeVerifier) -> None:
    mirrors = {"ADVISOR_MIRRORS": "quay.io/kairos=mirror.local:5000/os"}

    asked = ask(build(verifier, **mirrors)).json
    mirror = ask(build(verifier, **mirrors, ADVISOR_ANSWER_WITH="mirror")).json

    assert asked is not None
    assert mirror is not None
    assert asked["target"]["pinned"] == f"{FLAVOR}:{NEWEST}@{DIGEST}"
    at_mirror = f"mirror.local:5000/os/flavor:{NEWEST}"
    assert mirror["target"]["pinned"] == f"{at_mirror}@{DIGEST}"
    assert mirror["path"][0]["reference"] == at_mirror
    assert mirror["commands"]["kairos_agent"].endswith(f"oci:{at_mirror}@{DIGEST}")
    assert mirror["links"]["verify"].endswith(f" {at_mirror}")
    assert mirror["links"]["changelog"] == asked["links"]["changelog"]
    # It is what the node says that it runs, wherever it came from.
    assert mirror["running"]["reference"] == RUNNING
