import re

import pytest
from flask.testing import FlaskClient

from service.domain.warning import WarningCode
from tests.apps import MAJOR_JUMP, UP_TO_DATE, UPGRADABLE, build_client

SAMPLE = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)")


def _read(client: FlaskClient) -> dict[str, float]:
    """Give the value of each series as it is told."""
    text = client.get("/metrics").text
    found = (SAMPLE.fullmatch(line) for line in text.splitlines() if not line.startswith("#"))
    return {f"{each[1]}{{{each[2] or ''}}}": float(each[3]) for each in found if each}


def _count(client: FlaskClient, series: str) -> float:
    """Give the value of a series, to which all tests of this process add."""
    return _read(client).get(series, 0)


def test_metrics_are_told_as_prometheus_reads_them(client: FlaskClient) -> None:
    response = client.get("/metrics")

    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=")
    assert "# TYPE advisor_requests_total counter" in response.text


@pytest.mark.parametrize(
    ("method", "path", "route", "status"),
    [
        ("GET", f"/v1/upgrade?image={UPGRADABLE}", "/v1/upgrade", 200),
        ("HEAD", f"/v1/upgrade?image={UPGRADABLE}", "/v1/upgrade", 200),
        ("GET", "/v1/upgrade", "/v1/upgrade", 400),
        ("GET", "/problems/blocked", "/problems/<slug>", 200),
        ("GET", "/livez", "/livez", 200),
        ("PUT", "/livez", "unmatched", 405),
        ("GET", "/no/such/page", "unmatched", 404),
    ],
)
def test_a_request_is_counted_by_its_route(
    client: FlaskClient, method: str, path: str, route: str, status: int
) -> None:
    series = f'advisor_requests_total{{method="{method}",route="{route}",status="{status}"}}'
    before = _count(client, series)

    client.open(path, method=method)

    assert _count(client, series) == before + 1


def test_the_time_of_a_request_is_measured(client: FlaskClient) -> None:
    series = 'advisor_request_seconds_count{route="/livez"}'
    before = _count(client, series)

    client.get("/livez")

    assert _count(client, series) == before + 1


def test_a_caller_makes_no_labels(client: FlaskClient) -> None:
    client.get("/livez")
    client.open("/livez", method="MINE")
    before = len(_read(client))

    for number in range(50):
        client.get(f"/mine-{number}")
        client.get(f"/problems/mine-{number}")
        client.get(f"/v1/upgrade?image=quay.io/kairos/mine-{number}&mine={number}")
        client.open("/livez", method=f"MINE{number}")

    text = client.get("/metrics").text
    assert "mine" not in text.lower()
    # Of the pages that were not asked for before: each a counter, and its time.
    assert len(_read(client)) - before < 50


def test_a_decision_is_counted_by_status_and_verdict(client: FlaskClient) -> None:
    series = 'advisor_decisions_total{status="up_to_date",verdict="supported"}'
    before = _count(client, series)

    client.get(f"/v1/upgrade?image={UP_TO_DATE}")

    assert _count(client, series) == before + 1


def test_decisions_that_come_close_together_are_all_counted(client: FlaskClient) -> None:
    series = 'advisor_decisions_total{status="up_to_date",verdict="supported"}'
    before = _count(client, series)

    for _ in range(7):
        client.get(f"/v1/upgrade?image={UP_TO_DATE}")

    assert _count(client, series) == before + 7


def test_a_warning_is_counted_by_its_code_though_its_form_refuses_it(client: FlaskClient) -> None:
    series = f'advisor_warnings_total{{code="{WarningCode.MAJOR_JUMP}"}}'
    before = _count(client, series)

    refused = client.get(f"/v1/upgrade?format=text&image={MAJOR_JUMP}")

    assert refused.status_code == 409
    assert _count(client, series) == before + 1


def test_what_runs_is_told(client: FlaskClient) -> None:
    build = [series for series in _read(client) if series.startswith("advisor_build_info")]

    assert len(build) == 1
    assert re.search(r'rules="[0-9a-f]{12}"', build[0])
    assert f'version="{client.application.config["VERSION"]}"' in build[0]


def test_the_age_of_a_tracked_listing_is_told_once_there_is_one() -> None:
    client = build_client(ADVISOR_TRACKED_REPOSITORIES="quay.io/kairos/hadron")

    assert not any(series.startswith("advisor_listing_age_seconds") for series in _read(client))
