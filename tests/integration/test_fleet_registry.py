"""Many nodes over a registry that stalls: the answer is there in time, with all that is known."""

from collections.abc import Sequence
from time import monotonic

from flask.testing import FlaskClient

from service.app import create_app
from service.settings import Settings
from tests.fleets import ask, results_of
from tests.integration.registry_server import Handler, RegistryServer, stall

# One timeout for those that are waited for; then what an answer can do without gets two seconds,
# for four repositories at most.
_ENOUGH_SECONDS = 15
TAGS = [f"1-core-amd64-generic-v1.{minor}.0" for minor in range(30)]


def build(registry: RegistryServer) -> FlaskClient:
    address = registry.address
    settings = {
        "ADVISOR_REPOSITORIES": f"{address}/team/*",
        "ADVISOR_OFFICIAL_REPOSITORIES": "quay.io/kairos/*",
        "ADVISOR_TRACKED_REPOSITORIES": ",",
        "ADVISOR_INSECURE_REGISTRIES": address,
        "ADVISOR_PRIVATE_REGISTRIES": address,
        "ADVISOR_REGISTRY_TIMEOUT_SECONDS": "1",
    }
    return create_app(Settings.from_env(settings)).test_client()


def list_tags(handler: Handler) -> None:
    handler.reply_page(TAGS)


def name_nodes(registry: RegistryServer, names: Sequence[str]) -> dict[str, object]:
    images = [f"{registry.address}/team/{name}:{TAGS[0]}" for name in names]
    return {"nodes": [{"name": image, "image": image} for image in images]}


def test_registry_that_stalls_costs_its_own_nodes_alone(faulty: RegistryServer) -> None:
    stalled = [f"stalled-{number}" for number in range(20)]
    for name in stalled:
        faulty.routes[f"/v2/team/{name}/tags/list"] = stall
    faulty.routes["/v2/team/known/tags/list"] = list_tags
    client = build(faulty)
    assert "upgrade" in results_of(ask(client, name_nodes(faulty, ["known"])))[0]

    begun = monotonic()
    results = results_of(ask(client, name_nodes(faulty, [*stalled * 10, "known"])))

    assert monotonic() - begun < _ENOUGH_SECONDS
    assert "upgrade" in results[-1]
    assert {result["problem"]["code"] for result in results[:-1]} == {"registry-unavailable"}
    listed = [path for path in faulty.requests if path.startswith("/v2/team/stalled")]
    assert len(listed) == len(set(listed))


def test_targets_are_verified_within_one_time_for_all(faulty: RegistryServer) -> None:
    faulty.routes["/v2/team/os/tags/list"] = list_tags
    for tag in TAGS:
        faulty.routes[f"/v2/team/os/manifests/{tag}"] = stall
    client = build(faulty)
    body = name_nodes(faulty, ["os"] * 20)
    nodes = body["nodes"]
    assert isinstance(nodes, list)
    # Each of these nodes has a target of its own.
    for number, node in enumerate(nodes):
        node["max_version"] = f"1.{number + 1}"

    begun = monotonic()
    results = results_of(ask(client, body))

    assert monotonic() - begun < _ENOUGH_SECONDS
    targets = [result["upgrade"]["target"] for result in results]
    assert [target["version"] for target in targets] == [f"v1.{n + 1}.0" for n in range(20)]
    assert not any(target["verified"] for target in targets)
