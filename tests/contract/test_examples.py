import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.apps import SNAPSHOT, build_client_over
from tests.contract.document import Node, list_operations, load_document, resolve, validate
from tests.worked_examples import HADRON as _HADRON

COMPONENTS = load_document()["components"]
REQUEST_ID = "b6fcb2ff8a8a43f1b9389068341699cb"
HADRON = f"quay.io/kairos/{_HADRON}"
DEBIAN = "quay.io/kairos/debian:13-core-amd64-generic-v3.7.2"
DEBIAN_12 = "quay.io/kairos/debian:12-standard-amd64-generic-v3.5.10-k3s-v1.34.2-k3s1"
UBUNTU = "quay.io/kairos/ubuntu:24.04-standard-amd64-generic-v3.2.3-k3sv1.31.2-k3s1"
TOO_LARGE = b"#" * (256 * 1024 + 1)


def _get(**query: str) -> dict[str, Any]:
    return {"query_string": query}


def _post(data: bytes, content_type: str) -> dict[str, Any]:
    return {"method": "POST", "data": data, "content_type": content_type}


# What each example of the document answers.
RECORDED: Mapping[str, dict[str, Any]] = {
    "upgrade_available": _get(image=UBUNTU),
    "withheld": _get(image=HADRON, max_step="minor"),
    "blocked": _get(image=DEBIAN_12),
    "manual": _get(image="quay.io/kairos/core-opensuse-leap:v2.4.0"),
    "end_of_line": _get(image=DEBIAN),
    "target_line": _get(image=HADRON, accept="major_jump", format="text"),
    "invalid_request": _get(image=HADRON, max_step="huge", foo="1"),
    "invalid_reference": _get(image=f"oci:{HADRON}"),
    "unauthorized": _get(image=HADRON),
    "rate_limited": _get(image=HADRON),
    "repository_not_allowed": _get(image="docker.io/foo/bar:v1.0.0"),
    "stream_not_found": _get(image="quay.io/kairos/debian:13-core-amd64-rpi5-v3.7.2"),
    "repository_not_found": _get(image="quay.io/kairos/gentoo:1-core-amd64-generic-v3.7.2"),
    "needs_acceptance": _get(image=HADRON, format="text"),
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
    for *_, operation in list_operations()
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items()
    for name, example in content["examples"].items()
]
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
    shown = {"Recommendation"} | {
        name for name, schema in COMPONENTS["schemas"].items() if schema.get("examples")
    }

    objects = {name for name, each in COMPONENTS["schemas"].items() if each.get("type") == "object"}

    assert objects <= shown


def test_every_example_of_an_answer_is_recorded() -> None:
    assert set(COMPONENTS["examples"]) == set(RECORDED)


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
    accept = "image/png" if name == "not_acceptable" else "*/*"
    headers = {"X-Request-ID": REQUEST_ID, "Accept": accept}

    response = client.open("/v1/upgrade", headers=headers, **question)

    is_json = str(response.mimetype).endswith("json")
    told = json.loads(response.text) if is_json else response.text
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
