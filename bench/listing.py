"""What our registry client costs for each page of a listing."""

import json
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median

from bench.bare import build_registry_app
from bench.baseline import start_baseline
from bench.connection import Connection, build_request, connect
from bench.estimate import estimate
from bench.row import Measure, Row, Rows
from service.domain.reference import Repository
from tests.integration.clients import make_source
from tests.lists import load_listing

_LIST = "ubuntu"
# As many as we ask for, and as many as quay.io gives.
_PAGE_SIZES = (1_000, 100)
_SECONDS = 6.0


def measure_listing(directory: Path) -> Rows:
    """List the largest repository, and fetch the same pages without reading them."""
    name, tags = f"kairos/{_LIST}", load_listing(_LIST).tags
    file = directory / "list.json"
    file.write_text(json.dumps({"name": name, "tags": tags}))
    for size in _PAGE_SIZES:
        starts = range(0, len(tags), size)
        requests = [build_request(f"/v2/{name}/tags/list?n={size}&next={n}") for n in starts]
        app = f"{build_registry_app.__name__}({str(file)!r}, {size})"
        with start_baseline(directory, app) as registry, connect(registry.port) as connection:
            place = Repository(f"127.0.0.1:{registry.port}", name)
            beside = _compare(
                partial(make_source().list_tags, place), partial(_fetch, connection, requests)
            )
        found = estimate([seconds / len(starts) * 1e3 for seconds in beside], median)
        yield Row(f"listing-{size}", found.figure, found.error)


def _compare(work: Callable[[], object], bare: Callable[[], object]) -> list[float]:
    """Give how much longer one takes than the other, in seconds, again and again."""
    beside = []
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        took = _time(bare)
        beside.append(_time(work) - took)
    return beside


def _fetch(connection: Connection, requests: Sequence[bytes]) -> None:
    for request in requests:
        connection.ask(request)


def _time(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


LISTING_ROWS: tuple[Measure, ...] = (measure_listing,)
