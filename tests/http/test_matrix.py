import pytest
from flask.testing import FlaskClient

from tests.apps import FLAVOR, SNAPSHOT, build_client, build_client_over
from tests.contract.document import find_operation, validate_response

TRACKED = f"{FLAVOR},quay.io/kairos/gone"


@pytest.fixture(scope="module")
def snapshot() -> FlaskClient:
    """Ask the lists that `make demo` asks."""
    return build_client_over(None, ADVISOR_SNAPSHOT_DIR=str(SNAPSHOT))


def test_tracked_repositories_are_surveyed_and_those_without_a_list_named() -> None:
    client = build_client(ADVISOR_TRACKED_REPOSITORIES=TRACKED)

    response = client.get("/v1/matrix")

    validate_response(response, find_operation("get_matrix"))
    body = response.get_json()
    assert body["latest_branch"] == "1.1"
    assert body["missing"] == ["quay.io/kairos/gone"]
    assert [(row["newest"]["tag"], row["verdict"]) for row in body["streams"]] == [
        ("1-core-amd64-generic-v1.1.0", "supported"),
        ("1-core-amd64-generic-v1.1.0-uki", "supported"),
        ("1-core-arm64-generic-v1.1.0", "supported"),
        ("1-standard-amd64-generic-v1.1.0-k3s-v1.32.1-k3s1", "supported"),
        ("1-standard-arm64-generic-v1.1.0", "supported"),
        ("2-core-amd64-generic-v2.0.0", "supported"),
    ]


def test_a_row_tells_what_its_images_share(snapshot: FlaskClient) -> None:
    rows = snapshot.get("/v1/matrix").get_json()["streams"]

    row = next(row for row in rows if row["flavor"] == "debian" and row["kubernetes"] == "k3s")
    newest = row.pop("newest")
    assert newest["reference"].startswith("quay.io/kairos/debian:testing-standard-amd64-generic-v3")
    assert row == {
        "flavor": "debian",
        "flavor_release": "testing",
        "variant": "standard",
        "arch": "amd64",
        "model": "generic",
        "kubernetes": "k3s",
        "trusted_boot": False,
        "verdict": "end_of_line",
        "fetched_at": "2026-08-21T00:00:00Z",
        "stale": False,
    }


def test_a_snapshot_is_surveyed_whole(snapshot: FlaskClient) -> None:
    response = snapshot.get("/v1/matrix")

    validate_response(response, find_operation("get_matrix"))
    body = response.get_json()
    assert {row["flavor"] for row in body["streams"]} == {"debian", "hadron", "opensuse", "ubuntu"}
    assert (body["latest_branch"], body["missing"]) == ("4.2", [])


def test_a_snapshot_is_surveyed_as_far_as_it_is_tracked() -> None:
    client = build_client_over(
        None, ADVISOR_SNAPSHOT_DIR=str(SNAPSHOT), ADVISOR_TRACKED_REPOSITORIES=TRACKED
    )

    body = client.get("/v1/matrix").get_json()

    assert body == {
        "latest_branch": "4.2",
        "streams": [],
        "missing": [FLAVOR, "quay.io/kairos/gone"],
    }


def test_a_snapshot_shows_nothing_that_may_not_be_asked_for() -> None:
    client = build_client_over(
        None,
        ADVISOR_SNAPSHOT_DIR=str(SNAPSHOT),
        ADVISOR_REPOSITORIES="quay.io/kairos/debian",
    )

    flavors = {row["flavor"] for row in client.get("/v1/matrix").get_json()["streams"]}

    assert flavors == {"debian", "hadron"}  # The reference repository may always be asked for.


def test_an_unknown_parameter_is_named(snapshot: FlaskClient) -> None:
    response = snapshot.get("/v1/matrix?flavor=ubuntu")

    assert response.status_code == 400
    validate_response(response, find_operation("get_matrix"))
    assert response.get_json(force=True)["errors"] == [
        {"field": "flavor", "message": "No such parameter."}
    ]


@pytest.mark.parametrize("accept", ["text/plain", "image/png", "application/json;q=0"])
def test_only_json_can_be_had(snapshot: FlaskClient, accept: str) -> None:
    response = snapshot.get("/v1/matrix", headers={"Accept": accept})

    assert response.status_code == 406
    validate_response(response, find_operation("get_matrix"))


@pytest.mark.parametrize("accept", ["application/json", "text/html, */*;q=0.1", "application/*"])
def test_json_is_answered_where_it_is_acceptable(snapshot: FlaskClient, accept: str) -> None:
    response = snapshot.get("/v1/matrix", headers={"Accept": accept})

    assert (response.status_code, response.mimetype) == (200, "application/json")
    assert response.headers["Vary"] == "Accept"
