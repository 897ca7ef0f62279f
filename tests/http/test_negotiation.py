import pytest
from flask.testing import FlaskClient

from tests.apps import UPGRADABLE

JSON = "application/json"
TEXT = "text/plain"
ENV = "application/x-sh"
YAML = "application/yaml"
# The operator would fail on the versions of these small lists, which every form shall answer here.
ACCEPTED_ADVISORY = "advisory:operator-exclude-path"
URL = f"/v1/upgrade?image={UPGRADABLE}&accept={ACCEPTED_ADVISORY}"

ACCEPTED = [
    ("", JSON),
    ("*/*", JSON),
    ("application/*", JSON),
    ("application/json", JSON),
    ("APPLICATION/JSON", JSON),
    ("text/plain", TEXT),
    ("text/*", TEXT),
    ("TEXT/Plain", TEXT),
    ("text/plain;charset=utf-8", TEXT),
    ("text/plain; charset=UTF-8", TEXT),
    ("text/plain;charset=utf-8, */*;q=0.1", TEXT),
    ("application/json;charset=utf-8, text/plain;q=0.5", TEXT),
    ("application/json;q=0.4, text/plain;q=0.5", TEXT),
    ("text/plain;q=0.4, application/json;q=0.5", JSON),
    ("application/json;q=0.5, text/*", TEXT),
    ("text/*;q=0.5, application/json;q=0.5", JSON),
    ("text/plain, */*;q=0.1", TEXT),
    ("image/png, text/plain;q=0.1", TEXT),
    ("*/*, application/json;q=0", TEXT),
    ("application/json;q=0, */*", TEXT),
    ("application/x-sh", ENV),
    ("application/x-sh, application/json;q=0.9", ENV),
    ("application/json;q=0, application/*", ENV),
    ("application/*, application/x-sh;q=0.1, application/json;q=0.2", YAML),
    ("application/yaml", YAML),
    ("text/plain;q=0, application/json;q=0, */*", ENV),
    ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", JSON),
]

REFUSED = [
    "text/html",
    "image/*",
    "*/*;q=0",
    "application/json;q=0",
    "text/plain;q=0",
    "application/json;q=0, text/plain;q=0",
    "application/problem+json",
    "application/yaml;charset=latin1",
    "text/*, text/plain;q=0",
    "nonsense",
]


@pytest.mark.parametrize(("accept", "media_type"), ACCEPTED)
def test_accept_chooses_the_form(client: FlaskClient, accept: str, media_type: str) -> None:
    response = client.get(URL, headers={"Accept": accept})

    assert (response.status_code, response.mimetype) == (200, media_type)


def test_a_request_without_accept_is_answered_as_json(client: FlaskClient) -> None:
    response = client.get(URL)

    assert response.mimetype == JSON


@pytest.mark.parametrize("accept", REFUSED)
def test_an_accept_without_any_of_our_forms_is_a_problem(client: FlaskClient, accept: str) -> None:
    response = client.get(URL, headers={"Accept": accept})

    assert response.status_code == 406
    assert response.mimetype == "application/problem+json"
    assert response.json is not None
    assert f"{JSON}, {TEXT}, {ENV} or {YAML}" in response.json["detail"]


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("json", JSON),
        ("text", TEXT),
        ("env", ENV),
        ("nodeopupgrade", YAML),
        ("auroraboot", JSON),
    ],
)
@pytest.mark.parametrize("accept", ["*/*", JSON, TEXT, "image/png", "*/*;q=0"])
def test_format_wins_over_accept(
    client: FlaskClient,
    accept: str,
    name: str,
    media_type: str,
) -> None:
    response = client.get(f"{URL}&format={name}", headers={"Accept": accept})

    assert (response.status_code, response.mimetype) == (200, media_type)


@pytest.mark.parametrize("name", ["xml", "", "JSON", "text ", "sh", "json,text"])
def test_an_unknown_format_is_a_bad_parameter(client: FlaskClient, name: str) -> None:
    response = client.get("/v1/upgrade", query_string={"image": UPGRADABLE, "format": name})

    assert response.status_code == 400
    assert response.json is not None
    assert [error["field"] for error in response.json["errors"]] == ["format"]


def test_a_bad_request_is_told_in_the_form_that_was_asked_for(client: FlaskClient) -> None:
    response = client.get("/v1/upgrade", headers={"Accept": TEXT})

    assert (response.status_code, response.mimetype) == (400, TEXT)
    assert response.text.startswith("error: invalid-request: image: ")


def test_a_bad_request_with_nothing_acceptable_is_told_as_json(client: FlaskClient) -> None:
    response = client.get(f"{URL}&max_step=x", headers={"Accept": "image/png"})

    assert (response.status_code, response.mimetype) == (400, "application/problem+json")
