"""What calls for many nodes leave behind in a worker."""

import json
from pathlib import Path

from tests.apps import SNAPSHOT
from tests.e2e.service import Service, start_service
from tests.fleets import kubernetes_node

NODES = 5_000
CALLS = 10
# A body has eleven, takes ten times that while it is parsed, and may leave next to nothing.
MAX_GROWTH_MIB = 32

PATH = "/v1/upgrades?repository=quay.io/kairos&cluster=edge"


def test_memory_stays_flat_over_ten_calls_of_five_thousand_nodes(tmp_path: Path) -> None:
    with start_service(tmp_path, {"ADVISOR_SNAPSHOT_DIR": str(SNAPSHOT)}) as service:
        before = _measure_after(service, 1)
        after = [_measure_after(service, NODES) for _ in range(CALLS)]

    print(f"{before:.0f} MiB, and after each call {after}")  # noqa: T201 - the figures
    assert max(after) - before <= MAX_GROWTH_MIB


def _describe_node(number: int) -> dict[str, object]:
    node = kubernetes_node(f"node-{number}", server=number < 3)
    images = [{"names": [f"registry.example/{each}@sha256:{'0' * 64}"]} for each in range(20)]
    return {**node, "status": {**node["status"], "images": images}}


def _measure_after(service: Service, nodes: int) -> float:
    body = json.dumps({"kind": "NodeList", "items": list(map(_describe_node, range(nodes)))})
    reply = service.post(PATH, body.encode(), "application/json")
    assert len(reply.json["results"]) == nodes
    (worker,) = _list_children(service.process.pid)
    status = Path(f"/proc/{worker}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))


def _list_children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
