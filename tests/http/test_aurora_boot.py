from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.apps import FLAVOR, UPGRADABLE, build_client
from tests.fleets import ask, aurora_node, results_of
from tests.release_files import OF_FLAVOR

PLACE = "quay.io/kairos"
VALUES: dict[str, str] = aurora_node()["osRelease"]


@pytest.fixture(scope="module")
def fleet() -> FlaskClient:
    return build_client()


def ask_array(client: FlaskClient, *nodes: object, **query: str) -> list[dict[str, Any]]:
    return results_of(ask(client, list(nodes), **{"repository": PLACE, **query}))


def test_node_is_answered_as_its_image_is(fleet: FlaskClient) -> None:
    alone = fleet.get("/v1/upgrade", query_string={"image": UPGRADABLE}).json

    results = ask_array(fleet, aurora_node("one"), aurora_node("two"))

    assert results == [{"name": name, "upgrade": alone} for name in ("one", "two")]


@pytest.mark.parametrize(
    "values",
    [
        {key.removeprefix("KAIROS_"): value for key, value in VALUES.items()},
        {key: value for key, value in VALUES.items() if key != "ARCH"},
        {key: value for key, value in VALUES.items() if key != "KAIROS_TARGETARCH"},
        {**VALUES, "ID": "ubuntu", "VERSION": "24.04", "KAIROS_ARCH": "amd64"},
        {**VALUES, "number": 1, "nothing": None},
    ],
)
def test_release_file_is_read_with_and_without_its_prefix(
    fleet: FlaskClient, values: dict[str, object]
) -> None:
    result = ask_array(fleet, aurora_node(osRelease=values))[0]

    assert result["upgrade"]["running"]["reference"] == UPGRADABLE


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("active", "upgrade_available"),
        ("active_boot", "upgrade_available"),
        ("unknown", "upgrade_available"),
        ("", "upgrade_available"),
        (None, "upgrade_available"),
        (1, "upgrade_available"),
        ("passive", "blocked"),
        ("passive_boot", "blocked"),
        ("recovery_boot", "blocked"),
        ("autoreset_boot", "blocked"),
    ],
)
def test_boot_state_is_read_in_both_spellings(
    fleet: FlaskClient, state: object, status: str
) -> None:
    result = ask_array(fleet, aurora_node(bootState=state))[0]

    assert result["upgrade"]["status"] == status


def test_what_a_node_does_not_say_is_taken_from_the_query(fleet: FlaskClient) -> None:
    silent, fit = ask_array(fleet, aurora_node(bootState=None), aurora_node(), boot_state="passive")

    assert silent["upgrade"]["status"] == "blocked"
    assert fit["upgrade"]["status"] == "upgrade_available"


def test_repository_that_a_node_names_serves_without_a_place(fleet: FlaskClient) -> None:
    named = aurora_node(osRelease={**VALUES, "KAIROS_REGISTRY_AND_ORG": "quay.io/kairos"})

    results = results_of(ask(fleet, [named, aurora_node()]))

    assert results[0]["upgrade"]["target"]["reference"].startswith(FLAVOR)
    assert results[1]["problem"]["code"] == "repository-unknown"


def test_machine_of_another_architecture_is_a_problem(fleet: FlaskClient) -> None:
    result = ask_array(fleet, aurora_node(osRelease={**VALUES, "ARCH": "aarch64"}))[0]

    assert result["problem"]["code"] == "identity-mismatch"


@pytest.mark.parametrize(
    "node",
    [
        None,
        1,
        "node",
        [],
        {},
        {"hostname": "x"},
        {"hostname": "x", "osRelease": None},
        {"hostname": "x", "osRelease": OF_FLAVOR},
        {"hostname": "x", "osRelease": {}},
        {"hostname": "x", "osRelease": {"KAIROS_FLAVOR": 1}},
        {"hostname": "x", "osRelease": {"KAIROS_FLAVOR": "x" * 70_000}},
        {"hostname": "x", "osRelease": {"KAIROS_FLAVOR": "a\nb"}},
        {"name": "x", "image": UPGRADABLE},
    ],
)
def test_what_is_no_node_of_aurora_boot_fails_itself(fleet: FlaskClient, node: object) -> None:
    failed, good = ask_array(fleet, node, aurora_node())

    assert failed["problem"]["code"] == "invalid-request"
    assert "upgrade" in good


def test_cluster_is_refused_for_there_are_no_roles(fleet: FlaskClient) -> None:
    response = ask(fleet, [aurora_node()], cluster="edge", repository=PLACE)

    assert response.status_code == 400
    assert response.json is not None
    assert response.json["errors"][0]["field"] == "cluster"
