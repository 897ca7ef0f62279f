import json
import re
from dataclasses import dataclass, field

import pytest
from flask.testing import FlaskClient

from service.errors import RegistryError, RegistryUnavailableError
from service.web.formats import Form
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
from tests.contract.document import (
    OF_THE_SERVER,
    find_operation,
    list_operations,
    validate_response,
)
from tests.release_files import OF_FLAVOR

OLD_OPERATOR = "advisory:operator-exclude-path"
OWN = "registry.example/team/os"
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
    Case(200, "quay.io/kairos/core-debian:v2.4.0"),
    Case(200, UPGRADABLE, {"boot_state": "passive"}),
    Case(200, UPGRADABLE, {"boot_state": "recovery"}),
    Case(200, UPGRADABLE, {"max_step": "patch"}),
    Case(200, "quay.io/kairos/debian:13-core-amd64-generic-v3.7.0"),
    Case(200, f"{OWN}:1-core-amd64-generic-v1.0.0"),
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
    Case(409, UPGRADABLE, {"boot_state": "passive"}),
    Case(422, f"{FLAVOR}:latest"),
    Case(502, "quay.io/kairos/unusable:1-core-amd64-generic-v1.0.0"),
    Case(503, "quay.io/kairos/silent:1-core-amd64-generic-v1.0.0"),
]


@dataclass(frozen=True, slots=True)
class BodyCase:
    """A body and the status of its answer, as JSON and as text."""

    status: int
    text_status: int
    data: bytes
    content_type: str = "application/json"

    def __str__(self) -> str:
        return f"{self.status} {self.content_type} {self.data[:80]!r}"

    @classmethod
    def of(cls, status: int, text_status: int, **members: object) -> "BodyCase":
        return cls(status, text_status, json.dumps(members).encode())


FILE = OF_FLAVOR.encode()
NAMED = FILE + b'KAIROS_REGISTRY_AND_ORG="quay.io/kairos"\n'

BODY_CASES = [
    BodyCase.of(200, 200, image=UPGRADABLE),
    BodyCase.of(200, 200, image=UPGRADABLE, release_file=OF_FLAVOR),
    BodyCase(200, 200, NAMED, "text/plain"),
    BodyCase(200, 409, NAMED + b'KAIROS_TRUSTED_BOOT="true"\n', "text/plain"),
    BodyCase.of(200, 204, image=UP_TO_DATE),
    BodyCase.of(200, 409, image=MAJOR_JUMP),
    BodyCase.of(200, 409, image=BLOCKED),
    BodyCase.of(400, 400, image=UPGRADABLE, max_step="x", unknown=1, exclude=["x"]),
    BodyCase.of(400, 400, image="oci:x"),
    BodyCase(400, 400, b"{"),
    BodyCase(400, 400, b"[]"),
    BodyCase(400, 400, b"\xff"),
    BodyCase(400, 400, b"no assignment", "text/plain"),
    BodyCase(403, 403, b'KAIROS_IMAGE_REPO="docker.io/library/debian:12"\n', "text/plain"),
    BodyCase.of(404, 404, image=f"{FLAVOR}:9-core-amd64-generic-v1.0.0"),
    BodyCase(413, 413, b"#" * (256 * 1024 + 1), "text/plain"),
    BodyCase(413, 413, b" " * (256 * 1024 + 1)),
    BodyCase(415, 415, b"<node/>", "application/xml"),
    BodyCase(415, 415, b"image=x", "application/x-www-form-urlencoded"),
    BodyCase(415, 415, b"", ""),
    BodyCase(422, 422, FILE, "text/plain"),
    BodyCase.of(422, 422, image=UP_TO_DATE, release_file=OF_FLAVOR),
    BodyCase.of(502, 502, image="quay.io/kairos/unusable:1-core-amd64-generic-v1.0.0"),
    BodyCase.of(503, 503, image="quay.io/kairos/silent:1-core-amd64-generic-v1.0.0"),
]


# See test_manners.
OF_EVERY_OPERATION = {"304", "401", "429", "default"}


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return build_client(
        {
            "quay.io/kairos/core-ubuntu": ["v2.4.0", "v2.4.1"],
            "quay.io/kairos/debian": [
                "13-core-amd64-generic-v3.7.0",
                "13-core-amd64-generic-v3.7.2",
                "bookworm-core-amd64-generic-v2.5.0",
            ],
            OWN: ["1-core-amd64-generic-v1.0.0", "1-core-amd64-generic-v1.1.0"],
            "quay.io/kairos/k0s": ["1-standard-amd64-generic-v1.0.0-k0s-v1.33.3-k0s.0"],
            "quay.io/kairos/unusable": RegistryError("the registry said no"),
            "quay.io/kairos/silent": RegistryUnavailableError("the registry said nothing"),
        },
        ADVISOR_REPOSITORIES=f"quay.io/kairos/*,{OWN}",
    )


@pytest.mark.parametrize("case", JSON_CASES, ids=str)
def test_an_answer_as_json_is_as_the_document_says(client: FlaskClient, case: Case) -> None:
    query = {"image": case.image, **case.query}

    response = client.get("/v1/upgrade", query_string=query, headers={"Accept": case.accept})

    assert response.status_code == case.status
    validate_response(response, find_operation("get_upgrade"))


@pytest.mark.parametrize("form", ["text", "env", "nodeopupgrade", "auroraboot"])
@pytest.mark.parametrize("case", TEXT_CASES, ids=str)
def test_an_answer_to_act_on_is_as_the_document_says(
    client: FlaskClient,
    case: Case,
    form: str,
) -> None:
    # The operator fails on versions such as these, unless it is an old one.
    query = {"image": case.image, "format": form, "accept": OLD_OPERATOR, **case.query}

    response = client.get("/v1/upgrade", query_string=query)

    assert response.status_code == (200 if (form, case.status) == ("env", 204) else case.status)
    validate_response(response, find_operation("get_upgrade"))


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize("case", BODY_CASES, ids=str)
def test_an_answer_to_a_body_is_as_the_document_says(
    client: FlaskClient,
    case: BodyCase,
    form: str,
) -> None:
    response = client.post(
        f"/v1/upgrade?format={form}", data=case.data, content_type=case.content_type
    )

    assert response.status_code == (case.status if form == "json" else case.text_status)
    validate_response(response, find_operation("post_upgrade"))


def test_nothing_acceptable_for_a_body_is_told_as_the_document_says(client: FlaskClient) -> None:
    response = client.post(
        "/v1/upgrade", json={"image": UPGRADABLE}, headers={"Accept": "image/png"}
    )

    assert response.status_code == 406
    validate_response(response, find_operation("post_upgrade"))


def test_a_body_that_ends_too_soon_is_told_as_the_document_says(client: FlaskClient) -> None:
    response = client.post(
        "/v1/upgrade",
        data=b"{",
        content_type="application/json",
        environ_overrides={"CONTENT_LENGTH": "50"},
    )

    assert response.status_code == 400
    validate_response(response, find_operation("post_upgrade"))


FLEET_CASES = [
    BodyCase.of(200, 200, nodes=[{"name": "n", "image": UPGRADABLE}], max_step="minor"),
    BodyCase.of(
        200,
        200,
        nodes=[
            *({"name": image, "image": image} for image in (UP_TO_DATE, AHEAD, MANUAL, MAJOR_JUMP)),
            {"name": "b", "image": BLOCKED, "cluster": "c", "role": "agent"},
            {"name": "s", "image": BLOCKED, "cluster": "c", "role": "server"},
            {"name": "f", "release_file": OF_FLAVOR},
            {"name": "u", "image": "quay.io/kairos/unusable:1-core-amd64-generic-v1.0.0"},
            {"name": "q", "image": "quay.io/kairos/silent:1-core-amd64-generic-v1.0.0"},
            {"name": "", "image": 1, "x": {}},
            None,
        ],
    ),
    BodyCase.of(200, 200, kind="NodeList", items=[None, {"metadata": {"name": "n"}}]),
    BodyCase(200, 200, b'[{"hostname": "h"}, 1]'),
    BodyCase.of(400, 400, nodes=[]),
    BodyCase.of(400, 400, nodes={}, max_step="x", unknown=1),
    BodyCase(400, 400, b"{"),
    BodyCase(413, 413, b" " * (16 * 1024 * 1024 + 1)),
    BodyCase(415, 415, b"{}", "text/plain"),
]


@pytest.mark.parametrize("case", FLEET_CASES, ids=str)
def test_an_answer_to_many_nodes_is_as_the_document_says(
    client: FlaskClient, case: BodyCase
) -> None:
    response = client.post("/v1/upgrades", data=case.data, content_type=case.content_type)

    assert response.status_code == case.status
    validate_response(response, find_operation("post_upgrades"))


def test_nothing_acceptable_for_many_nodes_is_told_as_the_document_says(
    client: FlaskClient,
) -> None:
    nodes = {"nodes": [{"name": "n", "image": UPGRADABLE}]}

    response = client.post("/v1/upgrades", json=nodes, headers={"Accept": "image/png"})

    assert response.status_code == 406
    validate_response(response, find_operation("post_upgrades"))


def test_every_documented_status_of_many_nodes_has_a_case() -> None:
    documented = _list_statuses("post_upgrades")

    assert {str(case.status) for case in FLEET_CASES} | {"406"} == documented


def test_every_documented_status_of_an_upgrade_has_a_case() -> None:
    documented = _list_statuses("get_upgrade")

    assert {str(case.status) for case in JSON_CASES + TEXT_CASES} == documented


def test_every_documented_status_of_a_body_has_a_case() -> None:
    documented = _list_statuses("post_upgrade")

    cases = {str(status) for case in BODY_CASES for status in (case.status, case.text_status)}
    assert cases | {"406"} == documented


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("case", JSON_CASES, ids=str)
def test_every_answer_says_that_its_form_follows_accept(
    client: FlaskClient,
    case: Case,
    form: Form,
) -> None:
    query = {"image": case.image, "format": form, **case.query}

    response = client.get("/v1/upgrade", query_string=query)

    assert response.headers["Vary"] == "Accept"


@pytest.mark.parametrize("form", Form)
def test_a_bug_is_told_as_the_document_says(form: Form) -> None:
    client = build_client_over(BrokenSource())

    response = client.get("/v1/upgrade", query_string={"image": UPGRADABLE, "format": form})

    assert response.status_code == 500
    validate_response(response, find_operation("get_upgrade"))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/matrix", 200),
        ("/v1/matrix?arch=arm64", 400),
        ("/livez", 200),
        ("/readyz", 200),
        ("/metrics", 200),
        ("/openapi.yaml", 200),
        ("/", 200),
        (f"/?image={UPGRADABLE}&flavor=flavor&sort=-newest", 200),
        ("/?sort=size", 400),
        ("/?image=docker.io/library/debian:12", 403),
        (f"/?image={FLAVOR}:9-core-amd64-generic-v1.0.0", 404),
        (f"/?image={FLAVOR}:latest", 422),
        ("/?image=quay.io/kairos/unusable:1-core-amd64-generic-v1.0.0", 502),
        ("/?image=quay.io/kairos/silent:1-core-amd64-generic-v1.0.0", 503),
        ("/docs", 200),
        ("/static/style.css", 200),
        ("/static/copy.js", 200),
        ("/static/icon.svg", 200),
        ("/static/nothing", 404),
        ("/problems", 200),
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
    operation = next(
        operations[each] for each in operations if re.fullmatch(each, path.partition("?")[0])
    )

    response = client.get(path)

    assert response.status_code == status
    validate_response(response, operation)


@pytest.mark.parametrize("path", sorted({path for path, *_ in list_operations()}))
def test_a_method_that_is_not_allowed_is_told_as_the_document_says(
    client: FlaskClient,
    path: str,
) -> None:
    operation = next(each for written, _, each in list_operations() if written == path)

    response = client.delete(path.replace("{slug}", "blocked").replace("{name}", "style.css"))

    assert response.status_code == 405
    validate_response(response, operation)


def _list_statuses(operation_id: str) -> set[str]:
    return set(find_operation(operation_id)["responses"]) - OF_EVERY_OPERATION - OF_THE_SERVER
