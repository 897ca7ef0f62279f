import pytest
from flask.testing import FlaskClient

from service.errors import RegistryError, RegistryUnavailableError
from tests.apps import FLAVOR, SNAPSHOT, UPGRADABLE, build_client, build_client_over
from tests.contract.document import find_operation, validate_response

TAGS = [
    "12-core-amd64-generic-v3.1.0",
    "bookworm-core-amd64-generic-v3.0.0",
    "12-core-amd64-generic-v3.2.0-rc1",
    "12-core-amd64-generic-v3.2.0",
    "12-core-amd64-generic-v3.10.0",
    "12-core-amd64-generic-v3.11.0-rc1",
    "13-core-amd64-generic-v3.12.0",
    "12-core-arm64-generic-v3.12.0",
    "12-core-amd64-generic-v3.12.0-uki",
]
DEBIAN = "quay.io/kairos/debian"
RUNNING = f"{DEBIAN}:12-core-amd64-generic-v3.1.0"


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return build_client(
        {
            DEBIAN: TAGS,
            "quay.io/kairos/unusable": RegistryError("the registry said no"),
            "quay.io/kairos/silent": RegistryUnavailableError("the registry said nothing"),
        }
    )


def list_versions(client: FlaskClient, image: str, **query: str) -> list[str]:
    response = client.get("/v1/releases", query_string={"image": image, **query})
    validate_response(response, find_operation("get_releases"))
    return [each["version"] for each in response.get_json()["releases"]]


@pytest.mark.parametrize(
    ("query", "versions"),
    [
        ({}, ["v3.10.0", "v3.2.0"]),
        ({"newer": "true"}, ["v3.10.0", "v3.2.0"]),
        ({"newer": "false"}, ["v3.10.0", "v3.2.0", "v3.1.0", "v3.0.0"]),
        ({"prerelease": "true"}, ["v3.11.0-rc1", "v3.10.0", "v3.2.0", "v3.2.0-rc1"]),
        (
            {"newer": "false", "prerelease": "true"},
            ["v3.11.0-rc1", "v3.10.0", "v3.2.0", "v3.2.0-rc1", "v3.1.0", "v3.0.0"],
        ),
    ],
)
def test_the_stream_is_listed_newest_first(
    client: FlaskClient, query: dict[str, str], versions: list[str]
) -> None:
    assert list_versions(client, RUNNING, **query) == versions


def test_a_newer_kubernetes_on_the_same_release_is_newer() -> None:
    tags = [f"1-standard-amd64-generic-v1.0.0-k3s-v1.{minor}.1-k3s1" for minor in (31, 30, 32)]

    client = build_client({FLAVOR: tags})

    response = client.get("/v1/releases", query_string={"image": f"{FLAVOR}:{tags[0]}"})
    assert [each["tag"] for each in response.get_json()["releases"]] == [tags[2]]


def test_the_image_and_the_listing_are_told(client: FlaskClient) -> None:
    body = client.get("/v1/releases", query_string={"image": RUNNING}).get_json()

    assert body["image"]["reference"] == RUNNING
    assert (body["catalogue"]["stale"], body["catalogue"]["tags"]) == (False, len(TAGS))


def test_a_renamed_repository_lists_its_successor() -> None:
    client = build_client_over(None, ADVISOR_SNAPSHOT_DIR=str(SNAPSHOT))

    response = client.get(
        "/v1/releases", query_string={"image": "quay.io/kairos/core-opensuse-leap:v2.4.0"}
    )

    body = response.get_json()
    assert body["image"]["repository"] == "kairos/core-opensuse-leap"
    assert {each["repository"] for each in body["releases"]} == {"kairos/opensuse"}
    assert {each["flavor_release"] for each in body["releases"]} == {"leap-15.5"}


def test_releases_are_named_where_the_mirror_has_them() -> None:
    client = build_client(
        ADVISOR_MIRRORS="quay.io/kairos=registry.local:5000/kairos", ADVISOR_ANSWER_WITH="mirror"
    )

    body = client.get("/v1/releases", query_string={"image": UPGRADABLE}).get_json()

    assert body["image"]["registry"] == "quay.io"
    assert {each["registry"] for each in body["releases"]} == {"registry.local:5000"}


def test_no_more_than_a_thousand_are_listed() -> None:
    tags = [f"1-core-amd64-generic-v1.{minor}.0" for minor in range(1_200)]

    versions = list_versions(build_client({FLAVOR: tags}), f"{FLAVOR}:{tags[0]}")

    assert (len(versions), versions[0]) == (1_000, "v1.1199.0")


@pytest.mark.parametrize(
    ("image", "status"),
    [
        ("oci:x", 400),
        ("docker.io/x/y:v1.0.0", 403),
        (f"{DEBIAN}:9-core-amd64-generic-v3.1.0", 404),
        ("quay.io/kairos/gone:1-core-amd64-generic-v1.0.0", 404),
        (f"{DEBIAN}:latest", 422),
        (f"{RUNNING}-img", 422),
        ("quay.io/kairos/unusable:1-core-amd64-generic-v1.0.0", 502),
        ("quay.io/kairos/silent:1-core-amd64-generic-v1.0.0", 503),
    ],
)
def test_what_cannot_be_told_is_a_problem(client: FlaskClient, image: str, status: int) -> None:
    response = client.get("/v1/releases", query_string={"image": image})

    assert response.status_code == status
    validate_response(response, find_operation("get_releases"))


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({}, ["image"]),
        ({"image": RUNNING, "newer": "yes"}, ["newer"]),
        ({"image": RUNNING, "prerelease": "1", "max_step": "patch"}, ["max_step", "prerelease"]),
    ],
)
def test_each_bad_parameter_is_named(
    client: FlaskClient, query: dict[str, str], fields: list[str]
) -> None:
    response = client.get("/v1/releases", query_string=query)

    assert response.status_code == 400
    validate_response(response, find_operation("get_releases"))
    assert [each["field"] for each in response.get_json(force=True)["errors"]] == fields


def test_only_json_can_be_had(client: FlaskClient) -> None:
    response = client.get(
        "/v1/releases", query_string={"image": RUNNING}, headers={"Accept": "text/plain"}
    )

    assert response.status_code == 406
