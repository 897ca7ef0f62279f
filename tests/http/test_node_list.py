from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.apps import build_client
from tests.asking import standard
from tests.fleets import (
    LISTS,
    OWN,
    UBUNTU,
    ask,
    image,
    kubernetes_node,
    results_of,
    targets_of,
    warnings_of,
)

PLACE = "quay.io/kairos"
TARGET = standard("v3.3.0", "1.30.5")


@pytest.fixture(scope="module")
def fleet() -> FlaskClient:
    return build_client(LISTS, ADVISOR_REPOSITORIES=f"quay.io/kairos/*,{OWN}")


def ask_list(client: FlaskClient, *items: object, **query: str) -> list[dict[str, Any]]:
    body = {"apiVersion": "v1", "kind": "List", "metadata": {}, "items": items}
    return results_of(ask(client, body, **{"repository": PLACE, **query}))


@pytest.mark.parametrize("kind", ["List", "NodeList"])
def test_node_is_answered_as_its_image_is(fleet: FlaskClient, kind: str) -> None:
    alone = fleet.get("/v1/upgrade", query_string={"image": image("v3.1.0", "1.29.1")}).json
    node = kubernetes_node("node-1")
    if kind == "NodeList":
        del node["kind"]  # As the API server lists them.

    response = ask(fleet, {"kind": kind, "items": [node]}, repository=PLACE)

    upgrade = results_of(response)[0]["upgrade"]
    assert alone is not None
    # Put together from its parts, in the spelling of its time.
    spelled = upgrade["running"]["tag"]
    assert spelled == "24.04-standard-amd64-generic-v3.1.0-k3sv1.29.1-k3s1"
    assert {**upgrade, "running": 0, "warnings": 0} == {**alone, "running": 0, "warnings": 0}
    assert results_of(response)[0]["name"] == "node-1"


def test_place_is_an_organisation_or_the_repository_itself(fleet: FlaskClient) -> None:
    node = kubernetes_node()

    found = [
        ask_list(fleet, node, repository=place)[0]["upgrade"]["target"]["reference"]
        for place in (PLACE, UBUNTU, OWN)
    ]

    assert found == [f"{place}:{TARGET}" for place in (UBUNTU, UBUNTU, OWN)]


@pytest.mark.parametrize("place", ["docker.io/team", "registry.example:5000"])
def test_place_may_be_one_of_docker_hub_or_a_whole_registry(place: str) -> None:
    name = f"{place}/ubuntu"
    client = build_client({name: LISTS[UBUNTU]}, ADVISOR_REPOSITORIES=name)

    upgrade = ask_list(client, kubernetes_node(), repository=place)[0]["upgrade"]

    assert upgrade["target"]["reference"] == f"{name}:{TARGET}"


@pytest.mark.parametrize(
    ("place", "status", "code"),
    [
        ("quay.io/other", 403, "repository-not-allowed"),
        ("docker.io/library/debian", 403, "repository-not-allowed"),
    ],
)
def test_place_that_is_not_allowed_is_each_nodes_problem(
    fleet: FlaskClient, place: str, status: int, code: str
) -> None:
    problem = ask_list(fleet, kubernetes_node(), repository=place)[0]["problem"]

    assert (problem["status"], problem["code"]) == (status, code)


@pytest.mark.parametrize("place", ["", "oci:quay.io/kairos", f"{UBUNTU}:latest", "a b"])
def test_place_that_is_no_repository_is_refused_whole(fleet: FlaskClient, place: str) -> None:
    response = ask(fleet, {"kind": "List", "items": [kubernetes_node()]}, repository=place)

    assert response.status_code == 400
    assert response.json is not None
    assert response.json["code"] == "invalid-reference"


def test_without_a_place_the_default_organisation_is_asked() -> None:
    known = build_client(LISTS, ADVISOR_DEFAULT_ORGANISATION=PLACE)
    body = {"kind": "List", "items": [kubernetes_node()]}

    assert targets_of(ask(known, body)) == [TARGET]
    assert targets_of(ask(build_client(LISTS), body)) == ["repository-unknown"]


def test_policy_of_the_query_is_everybodys(fleet: FlaskClient) -> None:
    results = ask_list(fleet, kubernetes_node("a"), kubernetes_node("b"), max_version="3.2")

    tags = [result["upgrade"]["target"]["tag"] for result in results]
    assert tags == [standard("v3.2.0", "1.29.5")] * 2


@pytest.mark.parametrize(
    "query",
    [{"image": UBUNTU}, {"format": "json"}, {"max_step": "x"}, {"cluster": ""}, {"foo": "1"}],
)
def test_query_is_checked_whole(fleet: FlaskClient, query: dict[str, str]) -> None:
    response = ask(fleet, {"kind": "List", "items": [kubernetes_node()]}, **query)

    assert response.status_code == 400
    assert response.json is not None
    assert [error["field"] for error in response.json["errors"]] == list(query)


@pytest.mark.parametrize(
    ("kubelet", "label", "running"),
    [
        ("v1.29.5+k3s1", "v1.29.1-k3s1", "v1.29.5+k3s1"),
        ("v1.29.5+k3s1", None, "v1.29.5+k3s1"),
        (None, "v1.29.1-k3s1", "v1.29.1+k3s1"),
        ("v1.29.5", "v1.29.1-k3s1", "v1.29.1+k3s1"),
        ("v1.29.5+k0s", "v1.29.1-k3s1", "v1.29.1+k3s1"),
        ("x" * 10_000, "v1.29.1-k3s1", "v1.29.1+k3s1"),
    ],
)
def test_kubelet_says_best_which_kubernetes_runs(
    fleet: FlaskClient, kubelet: str | None, label: str | None, running: str
) -> None:
    node = kubernetes_node(kubelet=kubelet, software_version=label)

    result = ask_list(fleet, node)[0]

    assert result["upgrade"]["running"]["kubernetes"]["version"] == running


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("active", "upgrade_available"),
        ("unknown", "upgrade_available"),
        (None, "upgrade_available"),
        ("passive", "blocked"),
        ("recovery", "blocked"),
        ("livecd", "blocked"),
    ],
)
def test_boot_state_is_that_of_the_label(
    fleet: FlaskClient, state: str | None, status: str
) -> None:
    assert ask_list(fleet, kubernetes_node(boot_state=state))[0]["upgrade"]["status"] == status


def test_architecture_of_kubernetes_serves_where_there_is_no_other(fleet: FlaskClient) -> None:
    result = ask_list(fleet, kubernetes_node(arch=None))[0]

    assert result["upgrade"]["running"]["arch"] == "amd64"


def test_architectures_that_contradict_each_other_are_a_problem(fleet: FlaskClient) -> None:
    assert ask_list(fleet, kubernetes_node(arch="arm64"))[0]["problem"]["status"] == 422


def test_core_node_is_answered_whatever_its_kubelet_runs(fleet: FlaskClient) -> None:
    node = kubernetes_node(
        variant="core",
        flavor="flavor",
        flavor_release="1",
        release="v1.0.0",
        software_version=None,
        software_version_prefix=None,
        kubelet="v1.30.0+k3s1",
    )

    result = ask_list(fleet, node)[0]

    assert result["upgrade"]["target"]["tag"] == "1-core-amd64-generic-v1.1.0"


def test_node_that_is_not_kairos_fails_itself(fleet: FlaskClient) -> None:
    other = kubernetes_node("other")
    other["metadata"]["labels"] = {"kubernetes.io/arch": "amd64"}

    failed, good = ask_list(fleet, other, kubernetes_node("node-1"))

    assert failed["name"] == "other"
    assert failed["problem"]["code"] == "invalid-request"
    assert failed["problem"]["errors"][0]["field"] == "metadata.labels"
    assert "no Kairos node" in failed["problem"]["detail"]
    assert good["upgrade"]["status"] == "upgrade_available"


@pytest.mark.parametrize(
    "item",
    [
        None,
        1,
        [],
        {},
        {"metadata": None},
        {"metadata": []},
        {"metadata": {"name": 1, "labels": None}},
        {"metadata": {"name": ["x"], "labels": ["kairos.io/flavor"]}},
        {"metadata": {"labels": {"kairos.io/flavor": 1}}},
        {"metadata": {"labels": {"kairos.io/managed": "true"}}, "status": []},
        {"kind": "Pod", "metadata": kubernetes_node()["metadata"]},
        {"metadata": {"labels": {"kairos.io/flavor": "x" * 100_000}}},
        {"metadata": {"labels": {"kairos.io/flavor": "a\u0000b"}}},
        {"metadata": {"labels": {"kairos.io/flavor": "A/../B"}}},
        {**kubernetes_node(variant="both")},
        {**kubernetes_node(release="latest")},
        {**kubernetes_node(trusted_boot="perhaps")},
        {**kubernetes_node(software_version_prefix="k0s")},
    ],
)
def test_item_that_is_no_kairos_node_fails_itself(fleet: FlaskClient, item: object) -> None:
    failed, good = ask_list(fleet, item, kubernetes_node())

    assert 400 <= failed["problem"]["status"] < 500
    assert "upgrade" in good


def test_cluster_of_the_query_is_held_by_its_control_plane(fleet: FlaskClient) -> None:
    server = kubernetes_node("server-1", server=True)
    agent = kubernetes_node("agent-1")

    first, second = ask_list(fleet, server, agent, cluster="edge")

    assert first["upgrade"]["target"]["tag"] == TARGET
    assert second["upgrade"]["target"]["tag"] == standard("v3.2.0", "1.29.1")
    assert "'server-1', which runs v1.29.1+k3s1" in warnings_of(second)["cluster_held"]
    assert targets_of(ask(fleet, {"kind": "List", "items": [server, agent]}, repository=PLACE)) == [
        TARGET,
        TARGET,
    ]


def test_server_that_is_not_kairos_holds_its_cluster(fleet: FlaskClient) -> None:
    server = kubernetes_node("server-1", server=True, kubelet="v1.29.5+k3s1")
    labels = server["metadata"]["labels"]
    server["metadata"]["labels"] = {
        label: value for label, value in labels.items() if not label.startswith("kairos.io/")
    }

    failed, held = ask_list(fleet, server, kubernetes_node("agent-1"), cluster="edge")

    assert "problem" in failed
    assert held["upgrade"]["target"]["tag"] == standard("v3.2.0", "1.29.5")
    assert "'server-1', which runs v1.29.5+k3s1" in warnings_of(held)["cluster_held"]


def test_server_whose_kubelet_tells_no_distribution_keeps_the_agents(fleet: FlaskClient) -> None:
    server = kubernetes_node("server-1", server=True, kubelet="v1.31.0", flavor=None)

    held = ask_list(fleet, server, kubernetes_node("agent-1"), cluster="edge")[1]

    assert held["upgrade"]["target"]["tag"] == standard("v3.2.0", "1.29.1")
    assert "is not known" in warnings_of(held)["cluster_held"]
