"""What a start costs: what is loaded for it, and what becomes of that."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.apps import SNAPSHOT
from tests.e2e.service import Service, start_service

_COMMAND = (sys.executable, "-m", "gunicorn", "tests.e2e.opened:app")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    settings = {"ADVISOR_SNAPSHOT_DIR": str(SNAPSHOT)}
    with start_service(tmp_path_factory.mktemp("start"), settings, _COMMAND) as service:
        yield service


def look(service: Service) -> dict[str, Any]:
    return service.get("/opened").json


def test_who_has_no_redis_loads_no_client_of_it(service: Service) -> None:
    loaded = set(look(service)["modules"])

    assert "service.adapters.redis_sharing" in loaded
    assert "redis" not in loaded


def test_a_worker_looks_for_garbage_but_not_in_what_was_loaded(service: Service) -> None:
    seen = look(service)

    assert seen["collects"]
    assert seen["left_alone"] > 50_000
