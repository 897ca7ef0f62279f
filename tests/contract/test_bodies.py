import re
from dataclasses import dataclass, field

import pytest
from flask.testing import FlaskClient

from service.errors import RegistryError, RegistryUnavailableError
from tests.apps import (
    AHEAD,
    BLOCKED,
    FLAVOR,
    HADRON_TAGS,
    MAJOR_JUMP,
    MANUAL,
    UP_TO_DATE,
    UPGRADABLE,
    BrokenSource,
    build_client,
    build_client_over,
)
from tests.contract.document import find_operation, list_operations, validate_response

DIGEST = "sha256:" + "a" * 64


@dataclass(frozen=True, slots=True)
class Case:
    """A request and the status of its answer."""

    status: int
    image: str
    query: dict[str, str] = field(default_factory=dict)
    accept: str = "*/*"

    def __str__(self) -> str:
        return f"{self.status} {self.image} {self.query} {self.accept}"


JSON_CASES = [
    Case(200, UPGRADABLE),
    Case(200, f"{UPGRADABLE}@{DIGEST}"),
    Case(200, UPGRADABLE, {"exclude": "v1.1.0"}),
    Case(200, UP_TO_DATE),
    Case(200, AHEAD),
    Case(200, BLOCKED),
    Case(200, MANUAL),
    Case(200, MAJOR_JUMP),
    Case(200, f"{FLAVOR}:1-standard-arm64-generic-v1.0.0"),
    Case(200, f"{FLAVOR}:1-core-amd64-generic-v1.0.0-rc1"),
    Case(200, f"{FLAVOR}:1-core-amd64-generic-v1.0.0-7-gabcdef0"),
    Case(200, f"quay.io/kairos/hadron:{HADRON_TAGS[0]}"),
    Case(200, "quay.io/kairos/core-ubuntu:v2.4.0"),
    Case(200, "quay.io/kairos/k0s:1-standard-amd64-generic-v1.0.0-k0s-v1.33.3-k0s.0"),
    Case(400, UPGRADABLE, {"max_step": "x", "unknown": "1"}),
    Case(400, "oci:quay.io/kairos/flavor"),
    Case(403, "docker.io/library/debian:12"),
    Case(404, "quay.io/kairos/gone:1-core-amd64-generic-v1.0.0"),
    Case(404, f"{FLAVOR}:9-core-amd64-generic-v1.0.0"),
    Case(406, UPGRADABLE, accept="image/png"),
    Case(422, f"{FLAVOR}:latest"),
    Case(422, f"{FLAVOR}:sha256-{'a' * 64}.sig"),
    Case(422, UPGRADABLE, {"arch": "arm64"}),
    Case(422, f"{FLAVOR}:1-standard-amd64-generic-v1.0.0"),
    Case(502, "quay.io/kairos/unusable:1-core-amd64-generic-v1.0.0"),
    Case(503, "quay.io/kairos/silent:1-core-amd64-generic-v1.0.0"),
]
TEXT_CASES = [
    Case(200, UPGRADABLE),
    Case(204, UP_TO_DATE),
    Case(204, AHEAD),
    Case(400, UPGRADABLE, {"max_step": "x"}),
    Case(403, "docker.io/library/debian:12"),
    Case(404, f"{FLAVOR}:9-core-amd64-generic-v1.0.0"),
    Case(409, BLOCKED),
    Case(409, MANUAL),
    Case(409, MAJOR_JUMP),
    Case(422, f"{FLAVOR}:latest"),
    Case(502, "quay.io/kairos/unusable:1-core-amd64-generic-v1.0.0"),
    Case(503, "quay.io/kairos/silent:1-core-amd64-generic-v1.0.0"),
]


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return build_client(
        {
            "quay.io/kairos/core-ubuntu": ["v2.4.0", "v2.4.1"],
            "quay.io/kairos/k0s": ["1-standard-amd64-generic-v1.0.0-k0s-v1.33.3-k0s.0"],
            "quay.io/kairos/unusable": RegistryError("the registry said no"),
            "quay.io/kairos/silent": RegistryUnavailableError("the registry said nothing"),
        },
    )


@pytest.mark.parametrize("case", JSON_CASES, ids=str)
def test_an_answer_as_json_is_as_the_document_says(client: FlaskClient, case: Case) -> None:
    query = {"image": case.image, **case.query}

    response = client.get("/v1/upgrade", query_string=query, headers={"Accept": case.accept})

    assert response.status_code == case.status
    validate_response(response, find_operation("get_upgrade"))


@pytest.mark.parametrize("case", TEXT_CASES, ids=str)
def test_an_answer_as_text_is_as_the_document_says(client: FlaskClient, case: Case) -> None:
    query = {"image": case.image, "format": "text", **case.query}

    response = client.get("/v1/upgrade", query_string=query)

    assert response.status_code == case.status
    validate_response(response, find_operation("get_upgrade"))


def test_every_documented_status_of_an_upgrade_has_a_case() -> None:
    documented = set(find_operation("get_upgrade")["responses"]) - {"default"}

    assert {str(case.status) for case in JSON_CASES + TEXT_CASES} == documented


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_bug_is_told_as_the_document_says(form: str) -> None:
    client = build_client_over(BrokenSource())

    response = client.get("/v1/upgrade", query_string={"image": UPGRADABLE, "format": form})

    assert response.status_code == 500
    validate_response(response, find_operation("get_upgrade"))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/livez", 200),
        ("/readyz", 200),
        ("/openapi.yaml", 200),
        ("/problems/blocked", 200),
        ("/problems/nothing", 404),
    ],
)
def test_the_pages_of_the_service_are_as_the_document_says(
    client: FlaskClient,
    path: str,
    status: int,
) -> None:
    operations = {re.sub("{.*}", ".*", path): operation for path, _, operation in list_operations()}
    operation = next(operations[each] for each in operations if re.fullmatch(each, path))

    response = client.get(path)

    assert response.status_code == status
    validate_response(response, operation)


@pytest.mark.parametrize("path", sorted({path for path, *_ in list_operations()}))
def test_a_method_that_is_not_allowed_is_told_as_the_document_says(
    client: FlaskClient,
    path: str,
) -> None:
    operation = next(each for written, _, each in list_operations() if written == path)

    response = client.delete(path.replace("{slug}", "blocked"))

    assert response.status_code == 405
    validate_response(response, operation)
