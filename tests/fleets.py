"""Fleets for tests, in the shapes that callers send, and what is answered to them."""

from collections.abc import Mapping
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.asking import standard
from tests.release_files import OF_FLAVOR

UBUNTU = "quay.io/kairos/ubuntu"
OWN = "registry.example/team/os"

# Each release ships three Kubernetes minors, and the next one moves them up.
TAGS = [
    standard(f"v3.{minor}.0", f"1.{lowest + above}.{patch}")
    for minor, lowest in ((1, 28), (2, 29), (3, 30), (4, 31))
    for above in range(3)
    for patch in (1, 5)
]
LISTS: Mapping[str, list[str]] = {
    UBUNTU: TAGS,
    OWN: TAGS,
    "quay.io/kairos/hadron": ["v0.0.1-core-amd64-generic-v3.4.0"],
}


def image(version: str, kubernetes: str) -> str:
    return f"{UBUNTU}:{standard(version, kubernetes)}"


def kubernetes_node(
    name: str = "node-1",
    *,
    kubelet: str | None = "v1.29.1+k3s1",
    server: bool = False,
    **labels: str | None,
) -> dict[str, Any]:
    """Make a node as Kubernetes tells it; a label of None is left out."""
    told = {
        "arch": "amd64",
        "boot-state": "active",
        "family": "debian",
        "fips": "false",
        "flavor": "ubuntu",
        "flavor-release": "24.04",
        "id": "kairos",
        "managed": "true",
        "model": "generic",
        "release": "v3.1.0",
        "software-version": "v1.29.1-k3s1",
        "software-version-prefix": "k3s",
        "variant": "standard",
        **{label.replace("_", "-"): value for label, value in labels.items()},
    }
    kairos = {f"kairos.io/{label}": value for label, value in told.items() if value is not None}
    role = {"node-role.kubernetes.io/control-plane": "true"} if server else {}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/os": "linux",
                **role,
                **kairos,
            },
        },
        "status": {"nodeInfo": {"kubeletVersion": kubelet, "osImage": "Kairos"}, "images": []},
    }


def aurora_node(hostname: str = "node-1", **members: object) -> dict[str, Any]:
    """Make a node as AuroraBoot tells it."""
    values = dict(line.replace('"', "").split("=", 1) for line in OF_FLAVOR.splitlines())
    return {
        "id": "0f3c",
        "machineID": "x",
        "hostname": hostname,
        "agentVersion": "v2.27.0",
        "osRelease": {**values, "ARCH": "x86_64"},
        "bootState": "active_boot",
        **members,
    }


def ask(client: FlaskClient, nodes: object, **query: str) -> TestResponse:
    """Ask for a body of any shape; a list of our own nodes is ``{"nodes": …}``."""
    return client.post("/v1/upgrades", json=nodes, query_string=query)


def results_of(response: TestResponse) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.text
    assert response.json is not None
    results: list[dict[str, Any]] = response.json["results"]
    return results


def targets_of(response: TestResponse) -> list[str | None]:
    """Give the tag of each target; None without one, the code of a problem in its place."""
    return [
        result["problem"]["code"]
        if "problem" in result
        else (result["upgrade"]["target"] or {}).get("tag")
        for result in results_of(response)
    ]


def warnings_of(result: Mapping[str, Any]) -> dict[str, str]:
    return {warning["code"]: warning["message"] for warning in result["upgrade"]["warnings"]}
