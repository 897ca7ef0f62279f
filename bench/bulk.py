"""What a fleet costs, asked for in one question."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from bench.estimate import estimate
from bench.process import weigh_tree
from bench.row import Measure, Row, Rows
from service.domain.image import Image
from service.domain.reference import Reference
from service.errors import ServiceError
from tests.e2e.deployment import Deployment, start_deployment
from tests.e2e.service import Service
from tests.lists import REAL, load_listing
from tests.servers import add_tags

# Of six repositories, beside Hadron's own; each is one of its own, whatever it holds.
_LISTS = ("debian", "opensuse", "ubuntu", REAL, "debian", "opensuse")
_IMAGES_PER_LIST = 10
_NODES, _MANY_NODES = 1_000, 5_000
_CALLS, _SETTLED_AFTER = 10, 2


def measure_bulk(directory: Path) -> Rows:
    """Ask for a fleet of 1,000 until that costs the same, then for one of 5,000."""
    with start_deployment(directory, {"WEB_CONCURRENCY": "1"}, instances=1) as deployment:
        images, service = _fill(deployment), deployment.services[0]
        body = _build_fleet(images, _NODES)
        for _ in range(_SETTLED_AFTER):
            _ask(service, body)
        whole = estimate([_ask(service, body) for _ in range(_CALLS * 2)], median)
        node = whole.figure / _NODES * 1e6
        note = f"{len(images)} images"
        yield Row("bulk-node", node, whole.error / _NODES * 1e6, note=note)
        yield Row("bulk-whole", whole.figure, whole.error)
        many = _build_fleet(images, _MANY_NODES)
        weights = []
        for _ in range(_CALLS):
            _ask(service, many)
            weights.append(weigh_tree(service.process.pid))
    grown = weights[-1] / weights[_SETTLED_AFTER - 1]
    yield Row("bulk-memory", grown, note=f"{weights[-1] / 1024:.0f} MiB")


def _fill(deployment: Deployment) -> list[str]:
    """Fill six repositories beside the first with a list each, and give images of all seven."""
    images = []
    for number, name in enumerate(_LISTS):
        tags = load_listing(name).tags
        add_tags(deployment.directory, f"kairos/cold-{number}", tags)
        images += _choose(f"{deployment.front.address}/kairos/cold-{number}", tags)
    return images + _choose(deployment.image.partition(":v")[0], load_listing("hadron").tags)


def _choose(repository: str, tags: Sequence[str]) -> list[str]:
    """Choose images that nodes run, from all over a list."""
    images = [image for tag in tags if _is_image(image := f"{repository}:{tag}")]
    return images[:: len(images) // _IMAGES_PER_LIST][:_IMAGES_PER_LIST]


def _is_image(reference: str) -> bool:
    try:
        Image.identify(Reference.parse(reference))
    except ServiceError:
        return False
    return True


def _build_fleet(images: Sequence[str], count: int) -> bytes:
    nodes = [{"name": f"node-{n}", "image": images[n % len(images)]} for n in range(count)]
    return json.dumps({"nodes": nodes}).encode()


def _ask(service: Service, body: bytes) -> float:
    """Give the seconds that a question about a fleet takes."""
    begun = time.perf_counter()
    reply = service.post("/v1/upgrades", body, "application/json")
    seconds = time.perf_counter() - begun
    if reply.status != 200:
        raise RuntimeError(reply.text[:500])
    return seconds


BULK_ROWS: tuple[Measure, ...] = (measure_bulk,)
