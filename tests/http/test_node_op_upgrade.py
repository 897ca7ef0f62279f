import json
from typing import Any

import pytest
import yaml
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from service.app import create_app
from service.settings import Settings
from tests.apps import ROOT, SNAPSHOT, build_client, build_client_over, build_source
from tests.fakes import DIGEST, FakeVerifier
from tests.worked_examples import HADRON, HADRON_TARGET

CRD = json.loads((ROOT / "tests" / "data" / "nodeopupgrade.schema.json").read_text())
UBUNTU = "quay.io/kairos/ubuntu:24.04-standard-amd64-generic-v3.2.3-k3sv1.31.2-k3s1"
UBUNTU_TARGET = "quay.io/kairos/ubuntu:24.04-standard-amd64-generic-v3.6.0-k3s-v1.32.9-k3s1"
ACCEPT = ["major_jump", "advisory:v4-hadron-only"]
OWN = "registry.example/team/os"
# Texts that some parser of YAML takes for something else.
TREACHEROUS = ["null", "on", "no", "1.30", "1e3", "0x1f", "0o17", "12.0", "2026-11-25", "1-2"]


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return build_client_over(None, ADVISOR_SNAPSHOT_DIR=str(SNAPSHOT))


def ask(client: FlaskClient, image: str, **query: object) -> TestResponse:
    asked = {"image": image, "format": "nodeopupgrade", "accept": ACCEPT, **query}
    return client.get("/v1/upgrade", query_string=asked)


def read(response: TestResponse) -> dict[str, Any]:
    """Read a resource that the operator's CRD takes."""
    assert response.status_code == 200, response.text
    resource: dict[str, Any] = yaml.safe_load(response.text)
    Draft202012Validator(CRD).validate(resource)
    return resource


def test_the_resource_upgrades_one_node_after_the_other_until_one_fails(
    client: FlaskClient,
) -> None:
    resource = read(ask(client, UBUNTU))

    assert resource["metadata"] == {"generateName": "kairos-upgrade-"}
    assert resource["spec"]["image"] == UBUNTU_TARGET
    assert resource["spec"]["concurrency"] == 1
    assert resource["spec"]["stopOnFailure"] is True


def test_the_image_is_pinned_where_it_was_verified() -> None:
    source = build_source(
        {
            "quay.io/kairos/flavor": [
                "1-core-amd64-generic-v3.6.0",
                "1-core-amd64-generic-v3.6.1",
            ],
            "quay.io/kairos/hadron": ["v0.0.1-core-amd64-generic-v3.6.1"],
        },
    )
    client = create_app(Settings.from_env({}), source, FakeVerifier()).test_client()

    resource = read(ask(client, "quay.io/kairos/flavor:1-core-amd64-generic-v3.6.0"))

    target = f"quay.io/kairos/flavor:1-core-amd64-generic-v3.6.1@{DIGEST}"
    assert resource["spec"]["image"] == target


def test_a_named_node_is_selected_alone(client: FlaskClient) -> None:
    resource = read(ask(client, UBUNTU, node="worker-1.example.org"))

    assert resource["spec"]["nodeSelector"] == {
        "matchLabels": {"kubernetes.io/hostname": "worker-1.example.org"},
    }


@pytest.mark.parametrize("node", TREACHEROUS)
def test_the_name_of_a_node_stays_a_text(client: FlaskClient, node: str) -> None:
    response = ask(client, UBUNTU, node=node)

    selector = read(response)["spec"]["nodeSelector"]
    assert selector == {"matchLabels": {"kubernetes.io/hostname": node}}
    # Parsers differ in what else they would read.
    assert f'kubernetes.io/hostname: "{node}"\n' in response.text


def test_nodes_are_selected_by_all_labels_that_tell_their_image(client: FlaskClient) -> None:
    hadron = f"quay.io/kairos/{HADRON}"

    resource = read(ask(client, hadron))

    assert resource["spec"]["image"].endswith(HADRON_TARGET)
    assert resource["spec"]["nodeSelector"]["matchLabels"] == {
        "kairos.io/flavor": "hadron",
        "kairos.io/flavor-release": "v0.0.1",
        "kairos.io/variant": "standard",
        "kairos.io/release": "v3.7.2",
        "kairos.io/model": "generic",
        "kairos.io/arch": "amd64",
        "kairos.io/software-version-prefix": "k3s",
        "kairos.io/software-version": "v1.33.7-k3s3",
    }


def test_the_architecture_is_kubernetes_own_where_kairos_tells_none(client: FlaskClient) -> None:
    labels = read(ask(client, UBUNTU))["spec"]["nodeSelector"]["matchLabels"]

    assert labels["kubernetes.io/arch"] == "amd64"
    assert "kairos.io/arch" not in labels


def test_a_core_image_selects_by_no_kubernetes(client: FlaskClient) -> None:
    image = "quay.io/kairos/ubuntu:22.04-core-amd64-generic-v3.3.3"

    labels = read(ask(client, image))["spec"]["nodeSelector"]["matchLabels"]

    assert labels["kairos.io/variant"] == "core"
    assert [key for key in labels if "software" in key] == []


def test_nodes_that_fell_back_or_are_built_differently_are_left_out(client: FlaskClient) -> None:
    expressions = read(ask(client, UBUNTU))["spec"]["nodeSelector"]["matchExpressions"]

    assert {each["operator"] for each in expressions} == {"NotIn"}
    assert {each["key"]: each["values"] for each in expressions} == {
        "kairos.io/trusted-boot": ["true"],
        "kairos.io/fips": ["true"],
        "kairos.io/boot-state": ["passive", "recovery", "livecd"],
    }


def test_a_long_value_is_cut_as_the_labeler_cuts_it() -> None:
    model = f"{'m' * 62}.-x"
    tags = [f"1-core-amd64-{model}-v3.6.{patch}" for patch in range(2)]
    client = build_client({"quay.io/kairos/flavor": tags})

    resource = read(ask(client, f"quay.io/kairos/flavor:{tags[0]}"))

    labels = resource["spec"]["nodeSelector"]["matchLabels"]
    assert labels["kairos.io/model"] == "m" * 62


@pytest.mark.parametrize(
    ("accept", "status"),
    [(ACCEPT, 409), ([*ACCEPT, "advisory:operator-exclude-path"], 200)],
)
def test_a_target_that_the_operator_fails_on_needs_an_old_operator(
    client: FlaskClient,
    accept: list[str],
    status: int,
) -> None:
    image = "quay.io/kairos/ubuntu:22.04-core-amd64-generic-v3.3.3"

    response = ask(client, image, max_step="patch", accept=accept)

    assert response.status_code == status
    assert "advisory:operator-exclude-path" in response.headers["Upgrade-Warnings"]


def test_the_first_release_that_the_operator_can_install_is_3_6(client: FlaskClient) -> None:
    response = ask(client, UBUNTU)

    assert read(response)["spec"]["image"] == UBUNTU_TARGET
    assert "advisory:operator-exclude-path" not in response.headers["Upgrade-Warnings"]


def test_an_owners_trusted_boot_image_is_not_for_the_operator() -> None:
    tags = ["1-core-amd64-generic-v1.0.0-uki", "1-core-amd64-generic-v1.1.0-uki"]
    client = build_client({OWN: tags}, ADVISOR_REPOSITORIES=OWN)

    response = ask(client, f"{OWN}:{tags[0]}")

    assert response.status_code == 409
    assert response.json is not None
    assert response.json["code"] == "manual"
    assert "NodeOp" in response.json["detail"]


def test_a_node_is_named_beside_a_json_body(client: FlaskClient) -> None:
    response = client.post(
        "/v1/upgrade?format=nodeopupgrade&node=worker-1",
        json={"image": UBUNTU, "accept": ACCEPT},
    )

    selector = read(response)["spec"]["nodeSelector"]
    assert selector == {"matchLabels": {"kubernetes.io/hostname": "worker-1"}}
