import html

import pytest
from flask.testing import FlaskClient

from service.web.problems import PROBLEMS
from tests.apps import ROOT, UPGRADABLE


def test_livez_answers_without_a_source(client: FlaskClient) -> None:
    response = client.get("/livez")

    assert (response.status_code, response.mimetype) == (200, "application/health+json")
    assert response.get_json(force=True) == {"status": "pass"}


def test_the_contract_is_served_as_it_is_written(client: FlaskClient) -> None:
    response = client.get("/openapi.yaml")

    assert response.mimetype == "application/yaml"
    assert response.data == (ROOT / "openapi.yaml").read_bytes()


@pytest.mark.parametrize("slug", PROBLEMS)
def test_every_problem_has_a_page_that_says_what_to_do(client: FlaskClient, slug: str) -> None:
    response = client.get(f"/problems/{slug}")

    assert (response.status_code, response.mimetype) == (200, "text/html")
    assert PROBLEMS[slug].error.title in html.unescape(response.text)
    assert "What to do" in response.text


@pytest.mark.parametrize(
    "path",
    ["/livez", "/openapi.yaml", "/problems/blocked", f"/v1/upgrade?image={UPGRADABLE}"],
)
def test_head_is_get_without_its_body(client: FlaskClient, path: str) -> None:
    headers = {"X-Request-ID": "same"}

    told = client.get(path, headers=headers)
    response = client.head(path, headers=headers)

    assert (response.status_code, response.data) == (200, b"")
    assert response.headers == told.headers


def test_head_of_an_error_has_its_status_and_no_body(client: FlaskClient) -> None:
    response = client.head("/v1/upgrade")

    assert (response.status_code, response.data) == (400, b"")
