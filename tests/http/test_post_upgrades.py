import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.app import create_app
from service.domain.reference import Repository
from service.errors import RegistryError, RegistryUnavailableError
from service.settings import Settings
from tests.apps import FLAVOR, UP_TO_DATE, UPGRADABLE, build_client, build_client_over
from tests.asking import standard
from tests.fakes import FakeTagSource, FakeVerifier, build_cache
from tests.fleets import LISTS, UBUNTU, ask, image, results_of, targets_of, warnings_of
from tests.http.test_post_upgrade import NOT_JSON, WRONG_TYPES
from tests.release_files import OF_FLAVOR

URL = "/v1/upgrades"
OLD = image("v3.1.0", "1.29.1")
NODE = {"name": "node-1", "image": OLD}

# What a node may not have beside what a single question may not.
WRONG_MEMBERS: list[tuple[str, object, str]] = [
    ("name", None, "name"),
    ("name", "", "name"),
    ("name", 1, "name"),
    ("name", "a" * 254, "name"),
    ("name", "a\nb", "name"),
    ("cluster", "edge", "role"),
    ("cluster", "", "cluster"),
    ("cluster", None, "cluster"),
    ("cluster", ["edge"], "cluster"),
    ("role", "master", "role"),
    ("role", None, "role"),
    ("role", {}, "role"),
    ("nodes", [], "nodes"),
    ("hostname", "x", "hostname"),
]


@pytest.fixture(scope="module")
def fleet() -> FlaskClient:
    return build_client(
        {
            **LISTS,
            "quay.io/kairos/unusable": RegistryError("the registry said no"),
            "quay.io/kairos/silent": RegistryUnavailableError("the registry said nothing"),
        }
    )


def ask_nodes(client: FlaskClient, *nodes: object, **policy: object) -> list[dict[str, Any]]:
    return results_of(ask(client, {"nodes": nodes, **policy}))


@pytest.mark.parametrize(
    "question",
    [
        {"image": OLD},
        {"image": OLD, "max_step": "patch"},
        {"image": OLD, "kubernetes": "latest", "exclude": ["v3.4.0"]},
        {"image": UPGRADABLE, "boot_state": "passive"},
        {"image": UP_TO_DATE, "release_file": OF_FLAVOR.replace("v1.0.0", "v1.1.0")},
    ],
)
def test_each_node_is_answered_as_alone(fleet: FlaskClient, question: dict[str, object]) -> None:
    alone = fleet.post("/v1/upgrade", json=question).json

    result = ask_nodes(fleet, {"name": "node-1", **question})[0]

    assert result == {"name": "node-1", "upgrade": alone}


@pytest.mark.parametrize(
    "question",
    [
        {},
        {"image": f"{UBUNTU}:latest"},
        {"image": "oci:x"},
        {"image": "docker.io/library/debian:12"},
        {"image": "quay.io/kairos/gone:1-core-amd64-generic-v1.0.0"},
        {"image": f"{UBUNTU}:9-core-amd64-generic-v1.0.0"},
        {"image": OLD, "arch": "arm64"},
        {"image": OLD, "max_step": "huge", "foo": 1, "exclude": ["x"]},
        {"release_file": OF_FLAVOR},
        {"image": "quay.io/kairos/unusable:1-core-amd64-generic-v1.0.0"},
        {"image": "quay.io/kairos/silent:1-core-amd64-generic-v1.0.0"},
    ],
)
def test_bad_node_fails_itself_alone_as_a_single_question_does(
    fleet: FlaskClient, question: dict[str, object]
) -> None:
    headers = {"X-Request-ID": "one-id"}
    alone = fleet.post("/v1/upgrade", json=question, headers=headers)
    nodes = [NODE, {"name": "bad", **question}, NODE]

    response = fleet.post(URL, json={"nodes": nodes}, headers=headers)

    good, bad, other = results_of(response)
    assert alone.json is not None
    assert bad == {"name": "bad", "problem": {**alone.json, "instance": URL}}
    assert good == other
    assert good["upgrade"]["status"] == "upgrade_available"
    assert response.json is not None
    assert response.json["summary"] == {"upgrade_available": 2, alone.json["code"]: 1}


@pytest.mark.parametrize(
    ("name", "value", "field"), [*WRONG_MEMBERS, *(case for case in WRONG_TYPES)]
)
def test_bad_member_of_a_node_is_named_in_its_problem(
    fleet: FlaskClient, name: str, value: object, field: str
) -> None:
    bad, good = ask_nodes(fleet, {**NODE, name: value}, NODE)

    assert bad["problem"]["code"] == "invalid-request"
    assert bad["problem"]["status"] == 400
    assert [error["field"] for error in bad["problem"]["errors"]] == [field]
    assert "upgrade" in good


@pytest.mark.parametrize("node", [None, 1, "node", [], [NODE], True])
def test_what_is_no_node_gets_a_problem_without_a_name(fleet: FlaskClient, node: object) -> None:
    bad, good = ask_nodes(fleet, node, NODE)

    assert bad["name"] is None
    assert bad["problem"]["code"] == "invalid-request"
    assert good["name"] == "node-1"


def test_all_that_is_wrong_with_a_node_is_told_at_once(fleet: FlaskClient) -> None:
    wrong = {"name": 1, "cluster": "c", "max_step": "x", "foo": 1, "image": OLD}

    problem = ask_nodes(fleet, wrong)[0]["problem"]

    assert {error["field"] for error in problem["errors"]} == {"name", "role", "max_step", "foo"}


def test_answers_come_in_the_order_asked_under_equal_names(fleet: FlaskClient) -> None:
    images = [UPGRADABLE, UP_TO_DATE, OLD, UPGRADABLE]

    results = ask_nodes(fleet, *({"name": "same", "image": image} for image in images))

    assert [result["name"] for result in results] == ["same"] * 4
    assert [result["upgrade"]["running"]["reference"] for result in results] == images


def test_each_answer_names_the_image_as_its_node_spelt_it(fleet: FlaskClient) -> None:
    images = [f"{FLAVOR}:1-core-amd64-generic-v1.1.0-{stage}" for stage in ("RC1", "rc.1", "rc1")]

    results = ask_nodes(fleet, *({"name": image, "image": image} for image in images))

    assert [result["upgrade"]["running"]["reference"] for result in results] == images


def test_policy_beside_the_nodes_is_their_default(fleet: FlaskClient) -> None:
    nodes = [NODE, {**NODE, "max_version": "3.3"}, {**NODE, "max_version": "3.4"}]

    response = ask(fleet, {"nodes": nodes, "max_version": "3.2"})

    tags = [
        standard("v3.2.0", "1.29.5"),
        standard("v3.3.0", "1.30.5"),
        standard("v3.3.0", "1.30.5"),
    ]
    assert targets_of(response) == tags


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "nodes"),
        ({"nodes": []}, "nodes"),
        ({"nodes": None}, "nodes"),
        ({"nodes": {}}, "nodes"),
        ({"nodes": NODE}, "nodes"),
        ({"nodes": [None] * 5_001}, "nodes"),
        ({"nodes": [NODE], "max_step": "huge"}, "max_step"),
        ({"nodes": [NODE], "prerelease": "true"}, "prerelease"),
        ({"nodes": [NODE], "image": OLD}, "image"),
        ({"nodes": [NODE], "release_file": ""}, "release_file"),
        ({"nodes": [NODE], "cluster": "edge"}, "cluster"),
        ({"nodes": [NODE], "format": "text"}, "format"),
        ({"kind": "List"}, "items"),
        ({"kind": "NodeList", "items": []}, "items"),
        ({"kind": "NodeList", "items": {}}, "items"),
        ({"kind": "NodeList", "items": [None] * 5_001}, "items"),
        ({"kind": "Node", "nodes": [NODE]}, "kind"),
        ({"kind": ["List"], "nodes": [NODE]}, "kind"),
        ([], "body"),
        ([None] * 5_001, "body"),
        (None, "body"),
        ("nodes", "body"),
    ],
)
def test_body_that_is_no_fleet_is_refused_whole(
    fleet: FlaskClient, body: object, field: str
) -> None:
    response = fleet.post(URL, data=json.dumps(body), content_type="application/json")

    assert response.status_code == 400
    assert response.json is not None
    assert response.json["code"] == "invalid-request"
    assert [error["field"] for error in response.json["errors"]] == [field]


@pytest.mark.parametrize("body", [body for _, body in NOT_JSON], ids=[name for name, _ in NOT_JSON])
def test_what_is_not_json_is_refused(fleet: FlaskClient, body: bytes) -> None:
    response = fleet.post(URL, data=body, content_type="application/json")

    assert response.status_code == (400 if body != b'[{"image": "x"}]' else 200)


@pytest.mark.parametrize("depth", [100, 500, 900, 990])
def test_deep_member_fails_its_node_or_the_body(fleet: FlaskClient, depth: int) -> None:
    deep = "[" * depth + "]" * depth
    body = f'{{"nodes": [{{"name": "a", "image": "x", "exclude": {deep}}}]}}'

    response = fleet.post(URL, data=body, content_type="application/json")

    assert response.status_code in (200, 400)
    assert "invalid-request" in response.text


def test_our_own_nodes_take_no_query(fleet: FlaskClient) -> None:
    response = ask(fleet, {"nodes": [NODE]}, max_step="patch", repository="quay.io/kairos")

    assert response.status_code == 400
    assert response.json is not None
    assert {error["field"] for error in response.json["errors"]} == {"max_step", "repository"}


def test_five_thousand_nodes_are_answered(fleet: FlaskClient) -> None:
    nodes = [{"name": f"node-{number}", "image": OLD} for number in range(5_000)]

    results = ask_nodes(fleet, *nodes)

    assert [result["name"] for result in results] == [node["name"] for node in nodes]


def test_body_above_the_limit_of_single_questions_is_read(fleet: FlaskClient) -> None:
    nodes = [{"name": "a" * 253, "image": OLD}] * 1_000
    assert len(json.dumps(nodes)) > 256 * 1024

    assert len(ask_nodes(fleet, *nodes)) == 1_000


def test_body_above_sixteen_mebibytes_is_refused_and_others_keep_their_limit(
    fleet: FlaskClient,
) -> None:
    many = fleet.post(URL, data=b" " * (2**24 + 1), content_type="application/json")
    one = fleet.post("/v1/upgrade", data=b" " * (2**18 + 1), content_type="application/json")

    assert (many.status_code, one.status_code) == (413, 413)
    assert many.json is not None
    assert one.json is not None
    assert str(2**24) in many.json["detail"]
    assert str(2**18) in one.json["detail"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_fleet_is_json(fleet: FlaskClient, kind: str) -> None:
    response = fleet.post(URL, data=json.dumps({"nodes": [NODE]}), content_type=kind)

    assert response.status_code == 415


@pytest.mark.parametrize(("accept", "status"), [("*/*", 200), ("text/csv", 406), ("text/*", 406)])
def test_answer_is_json(fleet: FlaskClient, accept: str, status: int) -> None:
    response = fleet.post(URL, json={"nodes": [NODE]}, headers={"Accept": accept})

    assert response.status_code == status


def test_repository_is_listed_once_and_its_failure_is_everybodys() -> None:
    source = FakeTagSource()
    silent = Repository.parse("quay.io/kairos/silent")
    source.answers = {
        Repository.parse(name): tags for name, tags in LISTS.items() if name != "silent"
    }
    source.answers[silent] = RegistryUnavailableError("the registry said nothing")
    client = build_client_over(build_cache(source))
    quiet = f"{silent}:1-core-amd64-generic-v1.0.0"
    nodes = [{"name": "n", "image": image} for image in (OLD, quiet, OLD, quiet, quiet)]

    response = ask(client, {"nodes": nodes})

    target = standard("v3.3.0", "1.30.5")
    failed = "registry-unavailable"
    assert targets_of(response) == [target, failed, target, failed, failed]
    assert sorted(map(str, source.asked)) == [
        "quay.io/kairos/hadron",
        "quay.io/kairos/silent",
        UBUNTU,
    ]


def test_each_target_is_verified_once() -> None:
    verifier = FakeVerifier()
    source = FakeTagSource()
    source.answers = {Repository.parse(name): tags for name, tags in LISTS.items()}
    client = create_app(Settings.from_env({}), build_cache(source), verifier).test_client()
    # Different questions, one target.
    nodes = [{"name": "n", "image": OLD, "exclude": [f"v9.0.{number}"]} for number in range(9)]

    results = ask_nodes(client, *nodes)

    assert all(result["upgrade"]["target"]["verified"] for result in results)
    assert len(verifier.asked) == 2


def test_cluster_is_held_by_its_lowest_server(fleet: FlaskClient) -> None:
    server = {"cluster": "edge", "role": "server"}
    agent = {"cluster": "edge", "role": "agent"}
    nodes = [
        {"name": "high", "image": image("v3.3.0", "1.30.1"), **server},
        {"name": "low", "image": image("v3.1.0", "1.29.1"), **server},
        {"name": "agent", "image": image("v3.1.0", "1.28.5"), **agent},
        {"name": "alone", "image": image("v3.3.0", "1.30.1")},
    ]

    response = ask(fleet, {"nodes": nodes, "kubernetes": "latest"})

    high, low, held, alone = results_of(response)
    assert targets_of(response) == [
        standard("v3.3.0", "1.30.5"),
        standard("v3.3.0", "1.30.5"),
        standard("v3.2.0", "1.29.1"),
        standard("v3.4.0", "1.31.5"),
    ]
    assert "'low', which runs v1.29.1+k3s1" in warnings_of(high)["cluster_held"]
    assert standard("v3.4.0", "1.31.5") in warnings_of(high)["cluster_held"]
    assert "no agent in 'edge' passes" in warnings_of(held)["cluster_held"]
    assert "cluster_held" not in warnings_of(alone)
    assert [each["tag"] for each in low["upgrade"]["path"]] == [standard("v3.3.0", "1.30.5")]
    refused = {each["code"] for each in held["upgrade"]["rejected"]}
    assert "above_max_kubernetes" in refused


def test_each_cluster_reads_of_its_own_server(fleet: FlaskClient) -> None:
    nodes = [
        {"name": f"{role}-{cluster}", "image": OLD, "cluster": cluster, "role": role}
        for cluster in ("a", "b")
        for role in ("server", "agent")
    ]

    results = ask_nodes(fleet, *nodes)

    for cluster, agent in (("a", results[1]), ("b", results[3])):
        assert f"'server-{cluster}'" in warnings_of(agent)["cluster_held"]
        assert f"'{cluster}'" in warnings_of(agent)["cluster_held"]


def test_role_without_a_cluster_changes_nothing(fleet: FlaskClient) -> None:
    one, other = ask_nodes(fleet, NODE, {**NODE, "role": "agent"})

    assert one == other


@pytest.mark.parametrize("wrong", [{"image": f"{UBUNTU}:latest"}, {"max_step": "x"}, {}])
def test_server_that_cannot_be_understood_holds_its_cluster(
    fleet: FlaskClient, wrong: dict[str, str]
) -> None:
    server = {"name": "lost", "cluster": "edge", "role": "server", **wrong}
    agent = {**NODE, "cluster": "edge", "role": "agent"}

    lost, held = ask_nodes(fleet, server, agent)

    assert "problem" in lost
    assert held["upgrade"]["target"]["tag"] == standard("v3.2.0", "1.29.1")
    assert "'lost' in 'edge' is not known" in warnings_of(held)["cluster_held"]


def test_server_whose_registry_fails_is_still_known(fleet: FlaskClient) -> None:
    silent = f"quay.io/kairos/silent:{standard('v3.1.0', '1.29.5')}"
    server = {"name": "s", "image": silent, "cluster": "edge", "role": "server"}

    failed, held = ask_nodes(fleet, server, {**NODE, "cluster": "edge", "role": "agent"})

    assert failed["problem"]["code"] == "registry-unavailable"
    assert held["upgrade"]["target"]["tag"] == standard("v3.2.0", "1.29.5")


def test_flavors_of_any_registry_are_answered_together(fleet: FlaskClient) -> None:
    images = [OLD, UPGRADABLE, f"{FLAVOR}:2-core-amd64-generic-v1.0.0"]

    results = ask_nodes(fleet, *({"name": each, "image": each} for each in images))

    repositories = [result["upgrade"]["running"]["repository"] for result in results]
    assert repositories == ["kairos/ubuntu", "kairos/flavor", "kairos/flavor"]
