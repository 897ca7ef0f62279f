from itertools import pairwise

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.app import create_app
from service.errors import RegistryError, RegistryUnavailableError
from service.settings import Settings
from tests.apps import FLAVOR, SNAPSHOT, UPGRADABLE, build_client, build_client_over, build_source
from tests.contract.document import find_operation, validate_response
from tests.fakes import DIGEST, FakeVerifier
from tests.worked_examples import WORKED_EXAMPLES, Lists, WorkedExample

NEWER = f"{FLAVOR}:1-core-amd64-generic-v1.1.0"


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return build_client(
        {
            "quay.io/kairos/unusable": RegistryError("the registry said no"),
            "quay.io/kairos/silent": RegistryUnavailableError("the registry said nothing"),
        }
    )


@pytest.fixture(scope="module")
def snapshot() -> FlaskClient:
    """Ask the lists that `make demo` asks."""
    return build_client_over(None, ADVISOR_SNAPSHOT_DIR=str(SNAPSHOT))


def check(client: FlaskClient, origin: str, target: str, **headers: str) -> TestResponse:
    response = client.get("/v1/check", query_string={"from": origin, "to": target}, headers=headers)
    validate_response(response, find_operation("get_check"))
    return response


def test_a_step_is_told_with_both_images_and_their_change(client: FlaskClient) -> None:
    body = check(client, UPGRADABLE, NEWER).json

    assert body is not None
    assert (body["from"]["reference"], body["to"]["reference"]) == (UPGRADABLE, NEWER)
    assert body["change"] == {"kairos": "minor", "kubernetes": "none", "flavor_release": False}


def test_the_image_to_go_to_keeps_the_digest_it_was_named_with(client: FlaskClient) -> None:
    body = check(client, UPGRADABLE, f"{NEWER}@{DIGEST}").json

    assert body is not None
    assert (body["from"]["digest"], body["to"]["digest"]) == (None, DIGEST)


@pytest.mark.parametrize(
    ("origin", "target", "status", "code"),
    [
        ("oci:x", NEWER, 400, "invalid-reference"),
        (UPGRADABLE, "a b", 400, "invalid-reference"),
        ("docker.io/x/y:v1.0.0", NEWER, 403, "repository-not-allowed"),
        (
            "quay.io/kairos/gone:1-core-amd64-generic-v1.0.0",
            "quay.io/kairos/gone:1-core-amd64-generic-v1.1.0",
            404,
            "repository-not-found",
        ),
        (
            f"{FLAVOR}:9-core-amd64-generic-v1.0.0",
            f"{FLAVOR}:9-core-amd64-generic-v1.1.0",
            404,
            "stream-not-found",
        ),
        (UPGRADABLE, f"{FLAVOR}:latest", 422, "unversioned-tag"),
        (UPGRADABLE, f"{FLAVOR}:sha256-{'a' * 64}.sig", 422, "not-an-os-image"),
        (
            "quay.io/kairos/unusable:1-core-amd64-generic-v1.0.0",
            "quay.io/kairos/unusable:1-core-amd64-generic-v1.1.0",
            502,
            "registry-error",
        ),
        (
            "quay.io/kairos/silent:1-core-amd64-generic-v1.0.0",
            "quay.io/kairos/silent:1-core-amd64-generic-v1.1.0",
            503,
            "registry-unavailable",
        ),
    ],
)
def test_what_cannot_be_told_is_a_problem(
    client: FlaskClient, origin: str, target: str, status: int, code: str
) -> None:
    response = check(client, origin, target)

    assert response.status_code == status
    assert response.get_json(force=True)["code"] == code


def test_a_bad_reference_is_told_with_its_parameter(client: FlaskClient) -> None:
    response = check(client, UPGRADABLE, "oci:x")

    assert response.get_json(force=True)["detail"].startswith("to: ")


def test_what_is_missing_is_named(client: FlaskClient) -> None:
    response = client.get("/v1/check?max_step=patch&to=x&to=y")

    told = client.get("/v1/check?max_step=patch").get_json(force=True)["errors"]
    assert response.get_json(force=True)["errors"] == [{"field": "to", "message": "Give it once."}]
    assert told == [
        {"field": "from", "message": "Give an image."},
        {"field": "max_step", "message": "No such parameter."},
        {"field": "to", "message": "Give an image."},
    ]


def test_an_error_is_one_line_for_who_asks_for_text(client: FlaskClient) -> None:
    response = check(client, UPGRADABLE, "oci:x", Accept="text/plain")

    assert response.text.startswith("error: invalid-reference: to: ")


def test_only_json_can_be_had(client: FlaskClient) -> None:
    assert check(client, UPGRADABLE, NEWER, Accept="text/plain").status_code == 406


def test_the_registry_is_asked_for_the_image_to_go_to() -> None:
    verifier = FakeVerifier()
    source = build_source({FLAVOR: [UPGRADABLE.rpartition(":")[2]]})
    app = create_app(Settings.from_env({}), source, verifier)

    body = check(app.test_client(), UPGRADABLE, NEWER).json

    assert body is not None
    assert "not_pullable" not in [reason["code"] for reason in body["reasons"]]
    assert verifier.asked == [NEWER]


@pytest.mark.parametrize(
    "example",
    [each for each in WORKED_EXAMPLES if each.lists is Lists.ALL and each.path],
    ids=str,
)
def test_each_step_of_a_worked_example_is_let_pass(
    snapshot: FlaskClient, example: WorkedExample
) -> None:
    repository = example.image.partition(":")[0]
    steps = pairwise([example.image, *(f"{repository}:{tag}" for tag in example.path)])

    verdicts = [check(snapshot, *step).get_json()["verdict"] for step in steps]

    assert verdicts
    assert set(verdicts) == {"warn"}


@pytest.mark.parametrize(
    "example",
    [each for each in WORKED_EXAMPLES if each.lists is Lists.ALL and len(each.path) > 1],
    ids=str,
)
def test_a_step_of_a_worked_example_over_the_one_between_is_refused(
    snapshot: FlaskClient, example: WorkedExample
) -> None:
    repository = example.image.partition(":")[0]

    body = check(snapshot, example.image, f"{repository}:{example.path[-1]}").get_json()

    assert body["verdict"] == "refuse"
    assert {each["code"] for each in body["reasons"]} & {"barrier", "kubernetes_minor_skipped"}
