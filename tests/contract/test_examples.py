import json
from collections.abc import Iterator, Mapping

import pytest
from flask.testing import FlaskClient

from tests.apps import SNAPSHOT, build_client_over
from tests.contract.document import Node, list_operations, load_document, resolve, validate
from tests.worked_examples import HADRON as _HADRON

COMPONENTS = load_document()["components"]
REQUEST_ID = "b6fcb2ff8a8a43f1b9389068341699cb"
HADRON = f"quay.io/kairos/{_HADRON}"
DEBIAN = "quay.io/kairos/debian:13-core-amd64-generic-v3.7.2"
UBUNTU = "quay.io/kairos/ubuntu:24.04-standard-amd64-generic-v3.2.3-k3sv1.31.2-k3s1"

# What each example of the document answers.
RECORDED: Mapping[str, dict[str, str]] = {
    "upgrade_available": {"image": UBUNTU},
    "end_of_line": {"image": DEBIAN},
    "target_line": {"image": HADRON, "accept": "major_jump", "format": "text"},
    "invalid_request": {"image": HADRON, "max_step": "huge", "foo": "1"},
    "invalid_reference": {"image": f"oci:{HADRON}"},
    "repository_not_allowed": {"image": "docker.io/foo/bar:v1.0.0"},
    "stream_not_found": {"image": "quay.io/kairos/debian:13-core-amd64-rpi5-v3.7.2"},
    "repository_not_found": {"image": "quay.io/kairos/gentoo:1-core-amd64-generic-v3.7.2"},
    "needs_acceptance": {"image": HADRON, "format": "text"},
    "unversioned_tag": {"image": "quay.io/kairos/ubuntu:latest"},
    "not_an_os_image": {"image": "quay.io/kairos/ubuntu:20.04-core-arm64-rpi4-v3.0.0-img"},
    "identity_mismatch": {"image": DEBIAN, "arch": "arm64"},
    "kubernetes_version_unknown": {
        "image": "quay.io/kairos/ubuntu:24.04-standard-amd64-generic-v3.2.3",
    },
    "not_acceptable": {"image": HADRON},
}


def _list_media_types() -> Iterator[tuple[str, Node]]:
    for path, method, operation in list_operations():
        for status, told in operation["responses"].items():
            for media_type, content in resolve(told).get("content", {}).items():
                yield f"{method} {path} {status} {media_type}", content


MEDIA_EXAMPLES = [
    pytest.param(resolve(example)["value"], content["schema"], id=f"{where} {name}")
    for where, content in _list_media_types()
    for name, example in content.get("examples", {}).items()
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
    return build_client_over(None, ADVISOR_SNAPSHOT_DIR=str(SNAPSHOT))


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


@pytest.mark.parametrize(("name", "query"), RECORDED.items(), ids=list(RECORDED))
def test_every_example_of_an_answer_is_what_the_service_answers(
    client: FlaskClient,
    name: str,
    query: dict[str, str],
) -> None:
    accept = "image/png" if name == "not_acceptable" else "*/*"
    headers = {"X-Request-ID": REQUEST_ID, "Accept": accept}

    response = client.get("/v1/upgrade", query_string=query, headers=headers)

    is_json = str(response.mimetype).endswith("json")
    told = json.loads(response.text) if is_json else response.text
    assert told == COMPONENTS["examples"][name]["value"]
