import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.app import create_app
from service.domain.delivery import Delivery
from service.errors import RegistryError, RegistryUnavailableError
from service.settings import Settings
from service.web.problems import PROBLEMS
from tests.apps import (
    FLAVOR,
    FLAVOR_TAGS,
    SNAPSHOT,
    UP_TO_DATE,
    UPGRADABLE,
    build_client_over,
    build_source,
)
from tests.contract.document import (
    Node,
    find_operation,
    list_operations,
    load_document,
    read_body,
    resolve,
    validate,
)
from tests.fakes import FakeVerifier
from tests.worked_examples import HADRON as _HADRON

COMPONENTS = load_document()["components"]
REQUEST_ID = "b6fcb2ff8a8a43f1b9389068341699cb"
HADRON = f"quay.io/kairos/{_HADRON}"
HADRON_TARGET = "quay.io/kairos/hadron:v0.5.1-standard-amd64-generic-v4.2.0-k3s-v1.34.10-k3s1"
DEBIAN = "quay.io/kairos/debian:13-core-amd64-generic-v3.7.2"
DEBIAN_12 = "quay.io/kairos/debian:12-standard-amd64-generic-v3.5.10-k3s-v1.34.2-k3s1"
UBUNTU = "quay.io/kairos/ubuntu:24.04-standard-amd64-generic-v3.2.3-k3sv1.31.2-k3s1"
NEWEST = UP_TO_DATE.rpartition(":")[2]
UBUNTU_22 = "quay.io/kairos/ubuntu:22.04-core-amd64-generic-v3.3.3"
TOO_LARGE = b"#" * (256 * 1024 + 1)


def _get(**query: str) -> dict[str, Any]:
    return {"query_string": query}


def _ask(path: str, **query: str) -> dict[str, Any]:
    return {"path": path, "query_string": query}


def _check(origin: str, target: str) -> dict[str, Any]:
    return _ask("/v1/check", **{"from": origin, "to": target})


def _post(data: bytes, content_type: str) -> dict[str, Any]:
    return {"method": "POST", "data": data, "content_type": content_type}


# What each example of the document answers.
RECORDED: Mapping[str, dict[str, Any]] = {
    "upgrade_available": _get(image=UBUNTU),
    "withheld": _get(image=HADRON, max_step="minor"),
    "blocked": _get(image=DEBIAN_12),
    "manual": _get(image="quay.io/kairos/core-opensuse-leap:v2.4.0"),
    "end_of_line": _get(image=DEBIAN),
    "fleet": {
        "path": "/v1/upgrades",
        "method": "POST",
        "json": {
            "nodes": [
                {"name": "kiosk", "image": DEBIAN},
                {"name": "cam-7", "image": "quay.io/kairos/ubuntu:latest"},
            ],
        },
    },
    "target_line": _get(image=HADRON, accept="major_jump", format="text"),
    "env": _get(image=HADRON, accept="major_jump", format="env"),
    "env_without_target": _get(image=HADRON, max_step="minor", format="env"),
    "nodeopupgrade": _get(image=HADRON, accept="major_jump", format="nodeopupgrade"),
    "nodeopupgrade_of_one_node": _get(
        image=HADRON, accept="major_jump", format="nodeopupgrade", node="worker-1"
    ),
    "auroraboot": _get(image=HADRON, accept="major_jump", format="auroraboot"),
    "invalid_request": _get(image=HADRON, max_step="huge", foo="1"),
    "invalid_reference": _get(image=f"oci:{HADRON}"),
    "unauthorized": _get(image=HADRON),
    "rate_limited": _get(image=HADRON),
    "repository_not_allowed": _get(image="docker.io/foo/bar:v1.0.0"),
    "stream_not_found": _get(image="quay.io/kairos/debian:13-core-amd64-rpi5-v3.7.2"),
    "repository_not_found": _get(image="quay.io/kairos/gentoo:1-core-amd64-generic-v3.7.2"),
    "needs_acceptance": _get(image=HADRON, format="text"),
    "blocked_line": _get(image=DEBIAN_12, format="text"),
    "manual_line": _get(image="quay.io/kairos/core-opensuse-leap:v2.4.0", format="text"),
    "needs_acceptance_quoted": _get(image=HADRON, format="env"),
    "operator_exclude_path": _get(image=UBUNTU_22, max_step="patch", format="nodeopupgrade"),
    "content_too_large": _post(TOO_LARGE, "text/plain"),
    "unsupported_media_type": _post(b"<node/>", "application/xml"),
    "unversioned_tag": _get(image="quay.io/kairos/ubuntu:latest"),
    "not_an_os_image": _get(image="quay.io/kairos/ubuntu:20.04-core-arm64-rpi4-v3.0.0-img"),
    "identity_mismatch": _get(image=DEBIAN, arch="arm64"),
    "repository_unknown": _post(b'KAIROS_FLAVOR="ubuntu"\n', "text/plain"),
    "kubernetes_version_unknown": _get(
        image="quay.io/kairos/ubuntu:24.04-standard-amd64-generic-v3.2.3"
    ),
    "not_acceptable": _get(image=HADRON),
    "check_warn": _check(HADRON, HADRON_TARGET),
    "check_refuse": _check(
        "quay.io/kairos/hadron:v0.0.1-standard-amd64-generic-v3.7.0-k3s-v1.33.7-k3s1", HADRON_TARGET
    ),
    "check_stream_differs": _check(DEBIAN, "quay.io/kairos/ubuntu:24.04-core-arm64-generic-v3.7.2"),
    "releases": _ask("/v1/releases", image="quay.io/kairos/debian:13-core-amd64-generic-v3.7.0"),
    "invalid_step": _check(f"oci:{HADRON_TARGET}", HADRON_TARGET),
}


def _list_media_types() -> Iterator[tuple[str, Node]]:
    for path, method, operation in list_operations():
        for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
            yield f"{method} {path} {media_type}", content
        for status, told in operation["responses"].items():
            for media_type, content in resolve(told).get("content", {}).items():
                yield f"{method} {path} {status} {media_type}", content


MEDIA_EXAMPLES = [
    pytest.param(resolve(example)["value"], content["schema"], id=f"{where} {name}")
    for where, content in _list_media_types()
    for name, example in content.get("examples", {}).items()
]
BODY_EXAMPLES = [
    pytest.param(media_type, example["value"], id=f"{media_type} {name}")
    for media_type, content in find_operation("post_upgrade")["requestBody"]["content"].items()
    for name, example in content["examples"].items()
]
FLEETS = find_operation("post_upgrades")["requestBody"]["content"]["application/json"]["examples"]
SCHEMA_EXAMPLES = [
    pytest.param(example, schema, id=name)
    for name, schema in COMPONENTS["schemas"].items()
    for example in schema.get("examples", [])
]
PARAMETER_EXAMPLES = [
    pytest.param(example, schema, id=name)
    for name, part in (*COMPONENTS["parameters"].items(), *COMPONENTS["headers"].items())
    for schema in (part["schema"], part["schema"].get("items", {}))
    for example in (*schema.get("examples", []), *([part["example"]] if "example" in part else []))
]


# What each example answers that a snapshot has none of.
FAILED: Mapping[str, dict[str, Any]] = {
    "registry_error": _get(image="quay.io/kairos/denied:1-core-amd64-generic-v3.7.2"),
    "registry_unavailable": _get(image="quay.io/kairos/silent:1-core-amd64-generic-v3.7.2"),
    "target_not_verified": _get(image=UPGRADABLE, format="text"),
}


def build_failing_client() -> FlaskClient:
    """Build a client of a service whose registry fails in each way."""
    verifier = FakeVerifier()
    verifier.answers[NEWEST] = Delivery(trouble="quay.io gave no answer in time")
    source = build_source(
        {
            FLAVOR: FLAVOR_TAGS,
            "quay.io/kairos/denied": RegistryError("quay.io denies the tags of kairos/denied"),
            "quay.io/kairos/silent": RegistryUnavailableError("quay.io gave no answer in time"),
        }
    )
    return create_app(Settings.from_env({}), source, verifier).test_client()


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    """Ask the lists that `make demo` asks."""
    return _ask_snapshot()


def _ask_snapshot(**environ: str) -> FlaskClient:
    return build_client_over(None, ADVISOR_SNAPSHOT_DIR=str(SNAPSHOT), **environ)


@pytest.mark.parametrize(
    ("example", "schema"),
    MEDIA_EXAMPLES + SCHEMA_EXAMPLES + PARAMETER_EXAMPLES,
)
def test_every_example_is_valid_by_its_schema(example: object, schema: Node) -> None:
    validate(example, schema)


def test_every_object_has_an_example() -> None:
    shown = {"Recommendation", "Check", "Releases"} | {
        name for name, schema in COMPONENTS["schemas"].items() if schema.get("examples")
    }

    objects = {name for name, each in COMPONENTS["schemas"].items() if each.get("type") == "object"}

    assert objects <= shown


def test_every_example_of_an_answer_is_recorded() -> None:
    assert set(COMPONENTS["examples"]) == set(RECORDED) | set(FAILED)


@pytest.mark.parametrize(("name", "question"), FAILED.items(), ids=list(FAILED))
def test_every_example_of_a_failure_is_what_the_service_answers(
    name: str, question: dict[str, Any]
) -> None:
    told = _answer(build_failing_client(), question, "*/*")

    assert told == COMPONENTS["examples"][name]["value"]


def test_every_problem_has_an_example() -> None:
    values = [example["value"] for example in COMPONENTS["examples"].values()]

    bodies = {value.get("code") for value in values if isinstance(value, dict)}
    lines = {value.split(": ")[1] for value in values if str(value).startswith("error: ")}
    assert bodies | lines >= set(PROBLEMS)


def test_every_parameter_and_header_shows_what_it_may_be() -> None:
    for part in (*COMPONENTS["parameters"].values(), *COMPONENTS["headers"].values()):
        schema = resolve(part["schema"])
        told = {*schema, *resolve(schema.get("items", {}))} | (part.keys() & {"example"})
        assert told & {"example", "examples", "enum", "const", "default"}, part


def test_every_media_type_of_an_answer_has_an_example() -> None:
    for where, content in _list_media_types():
        if "text/html" not in where and "yaml" not in where:
            schema = resolve(content["schema"])
            assert content.get("examples") or schema.get("examples"), where


@pytest.mark.parametrize(("name", "question"), RECORDED.items(), ids=list(RECORDED))
def test_every_example_of_an_answer_is_what_the_service_answers(
    client: FlaskClient,
    tmp_path: Path,
    name: str,
    question: dict[str, Any],
) -> None:
    if name == "rate_limited":
        client = _ask_snapshot(ADVISOR_RATE_LIMIT="1/minute")
        client.get("/v1/upgrade")
    if name == "unauthorized":
        tokens = tmp_path / "tokens"
        tokens.write_text("a-token-of-ours\n")
        client = _ask_snapshot(ADVISOR_API_TOKENS_FILE=str(tokens))
    told = _answer(client, question, "image/png" if name == "not_acceptable" else "*/*")

    assert told == COMPONENTS["examples"][name]["value"]


@pytest.mark.parametrize(("media_type", "example"), BODY_EXAMPLES)
def test_every_example_of_a_body_gets_a_target(
    client: FlaskClient,
    media_type: str,
    example: object,
) -> None:
    body = example if isinstance(example, str) else json.dumps(example)

    response = client.post("/v1/upgrade", data=body, content_type=media_type)

    assert response.json is not None
    assert response.json["status"] == "upgrade_available"


def _answer(client: FlaskClient, question: dict[str, Any], accept: str) -> object:
    headers = {"X-Request-ID": REQUEST_ID, "Accept": accept}
    response = client.open(headers=headers, **{"path": "/v1/upgrade", **question})
    return read_body(response)


@pytest.mark.parametrize("example", FLEETS.values(), ids=list(FLEETS))
def test_every_example_of_many_nodes_gets_targets(client: FlaskClient, example: Node) -> None:
    nodes = example["value"]
    is_own = isinstance(nodes, dict) and "nodes" in nodes
    query = {} if is_own else {"repository": "quay.io/kairos"}

    response = client.post("/v1/upgrades", json=nodes, query_string=query)

    assert response.json is not None
    assert list(response.json["summary"]) == ["upgrade_available"]
