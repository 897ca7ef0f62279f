import re
from base64 import b64encode
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.apps import UPGRADABLE, build_client

TOKENS = ("first-token-of-ours", "c2Vjb25k/dG9rZW4+==")
OPEN = {"/livez", "/readyz", "/metrics", "/openapi.yaml", "/docs", "/problems", "/static"}
URL = f"/v1/upgrade?image={UPGRADABLE}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "tokens"
    file.write_text(f"# of the fleet\n{TOKENS[0]}\n\n  {TOKENS[1]}  \n")
    return file


@pytest.fixture
def guarded(file: Path) -> FlaskClient:
    return build_client(ADVISOR_API_TOKENS_FILE=str(file))


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER "])
def test_who_shows_a_token_is_answered(guarded: FlaskClient, scheme: str, token: str) -> None:
    response = guarded.get(URL, headers={"Authorization": f"{scheme} {token}"})

    assert response.status_code == 200
    assert "private" in response.headers["Cache-Control"].split(", ")


@pytest.mark.parametrize("shown", [None, "", "Bearer", "Bearer ", f"Basic {TOKENS[0]}", TOKENS[0]])
def test_who_shows_none_is_asked_for_one(guarded: FlaskClient, shown: str | None) -> None:
    response = guarded.get(URL, headers={} if shown is None else {"Authorization": shown})

    assert (response.status_code, response.mimetype) == (401, "application/problem+json")
    assert response.json is not None
    assert (response.json["code"], response.json["type"]) == (
        "unauthorized",
        "/problems/unauthorized",
    )
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "token",
    [TOKENS[0][:-1], f"{TOKENS[0]}x", TOKENS[0].upper(), "# of the fleet", "é", "x" * 8_000],
)
def test_a_wrong_token_is_refused(guarded: FlaskClient, token: str) -> None:
    shown = f"Bearer {token}".encode().decode("latin-1")

    response = guarded.get(URL, headers={"Authorization": shown})

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert token not in response.text


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("path", ["/", URL])
def test_a_token_may_be_the_password_of_any_name(
    guarded: FlaskClient, path: str, token: str
) -> None:
    assert guarded.get(path, auth=("anyone", token)).status_code == 200


@pytest.mark.parametrize(
    "shown",
    [
        f"Basic {b64encode(shown).decode()}"
        for shown in (
            b"",
            b":",
            f"{TOKENS[0]}:".encode(),
            TOKENS[0].encode(),
            b"a:wrong",
            b"\xff:\xff",
        )
    ]
    + [f"Token {TOKENS[0]}", f"Digest password={TOKENS[0]}", f"Bearer password={TOKENS[0]}"],
)
def test_no_other_way_shows_a_token(guarded: FlaskClient, shown: str) -> None:
    assert guarded.get("/", headers={"Authorization": shown}).status_code == 401


def test_a_browser_is_made_to_ask_for_a_password_by_the_page_alone(guarded: FlaskClient) -> None:
    closed = {
        path: guarded.get(path).headers.getlist("WWW-Authenticate")
        for path in ("/", URL, "/v1/matrix", "/nowhere")
    }

    assert closed.pop("/") == ["Bearer", 'Basic realm="Kairos Upgrade Advisor"']
    assert set(map(tuple, closed.values())) == {("Bearer",)}


def test_a_refusal_is_one_line_as_text(guarded: FlaskClient) -> None:
    response = guarded.get(f"{URL}&format=text")

    assert (response.status_code, response.mimetype) == (401, "text/plain")
    assert response.text.startswith("error: unauthorized: ")


def test_every_route_but_the_open_ones_needs_a_token(guarded: FlaskClient) -> None:
    rules = list(guarded.application.url_map.iter_rules())

    closed = [rule for rule in rules if not rule.rule.startswith(tuple(OPEN))]

    assert any(rule.rule == "/v1/upgrade" for rule in closed)
    for rule in closed:
        path = re.sub(r"<[^>]*>", "x", rule.rule)
        for method in rule.methods or ():
            assert guarded.open(path, method=method).status_code == 401, (method, path)


@pytest.mark.parametrize(
    "path",
    ["/", "/v1/", "/v1/nothing", "//v1/upgrade", "/v1//upgrade", "/livez/../v1/upgrade", "/LIVEZ"],
)
def test_no_other_path_is_answered_without_a_token(guarded: FlaskClient, path: str) -> None:
    assert guarded.get(path).status_code in {401, 404}


def test_open_routes_need_none(guarded: FlaskClient) -> None:
    rules = [
        rule
        for rule in guarded.application.url_map.iter_rules()
        if rule.rule.startswith(tuple(OPEN)) and "GET" in (rule.methods or ())
    ]

    assert len(rules) >= 4
    for rule in rules:
        path = rule.rule.replace("<slug>", "unauthorized")
        assert guarded.get(re.sub(r"<[^>]*>", "x", path)).status_code != 401


def test_without_the_setting_nobody_needs_a_token(client: FlaskClient) -> None:
    response = client.get(URL, headers={"Authorization": "Bearer anything-at-all"})

    assert response.status_code == 200
    assert "private" not in response.headers["Cache-Control"]
