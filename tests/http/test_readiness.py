import tomllib
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from service.domain.health import CatalogueHealth, Health, Readiness, SourceHealth
from service.domain.reference import Repository
from tests.apps import ROOT, build_client, build_client_over
from tests.contract.document import find_operation, validate_response

HADRON = Repository("quay.io", "kairos/hadron")
SOURCE = SourceHealth("quay.io", Health.FAIL, "quay.io answered HTTP 500")


def _build_client(health: Health, redis: Health | None) -> FlaskClient:
    client = build_client()
    problem = "not reachable" if redis is Health.WARN else None
    catalogue = CatalogueHealth(HADRON, timedelta(seconds=41.7), Health.PASS)
    client.application.extensions["readiness"] = lambda: Readiness(
        health, redis, problem, (catalogue,), (SOURCE,)
    )
    return client


@pytest.mark.parametrize(
    ("health", "redis", "status"),
    [
        (Health.PASS, None, 200),
        (Health.PASS, Health.PASS, 200),
        (Health.WARN, Health.WARN, 200),
        (Health.FAIL, Health.PASS, 503),
    ],
)
def test_readiness_is_as_the_document_says(
    health: Health, redis: Health | None, status: int
) -> None:
    response = _build_client(health, redis).get("/readyz")

    assert response.status_code == status
    assert response.get_json(force=True)["status"] == health
    validate_response(response, find_operation("get_readyz"))


def test_checks_tell_what_is_wrong_and_how_old_listings_are() -> None:
    body = _build_client(Health.WARN, Health.WARN).get("/readyz").get_json(force=True)

    assert body["checks"]["redis:ping"] == [
        {"componentType": "datastore", "status": "warn", "output": "not reachable"}
    ]
    assert body["checks"]["catalogue:age"] == [
        {
            "componentId": "quay.io/kairos/hadron",
            "observedValue": 41,
            "observedUnit": "s",
            "status": "pass",
        }
    ]
    assert body["checks"]["catalogue:source"] == [
        {"componentId": "quay.io", "status": "fail", "output": "quay.io answered HTTP 500"}
    ]


def test_version_is_the_one_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    body = build_client().get("/readyz").get_json(force=True)

    assert body["version"] == project["version"]


def test_snapshot_without_a_list_fails(tmp_path: Path) -> None:
    client = build_client_over(None, ADVISOR_SNAPSHOT_DIR=str(tmp_path))

    empty = client.get("/readyz")
    (tmp_path / "registry.example").mkdir()
    (tmp_path / "registry.example" / "os.json").write_text('{"tags": ["a"]}')

    assert (empty.status_code, client.get("/readyz").status_code) == (503, 200)
    assert empty.get_json(force=True)["checks"]["catalogue:source"] == [
        {"componentId": "snapshot", "status": "fail", "output": "no list can be read"}
    ]
