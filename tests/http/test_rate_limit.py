import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.web.rate_limit import name_client
from tests.apps import UPGRADABLE, build_client

URL = f"/v1/upgrade?image={UPGRADABLE}"


@pytest.fixture
def limited() -> FlaskClient:
    return build_client(ADVISOR_RATE_LIMIT="2/hour")


def ask(client: FlaskClient, address: str = "192.0.2.1", path: str = URL) -> TestResponse:
    return client.get(path, environ_overrides={"REMOTE_ADDR": address})


def test_who_asks_too_often_is_told_when_to_ask_again(limited: FlaskClient) -> None:
    answers = [ask(limited) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    refused = answers[-1]
    assert refused.mimetype == "application/problem+json"
    assert refused.json is not None
    assert (refused.json["code"], refused.json["type"]) == (
        "rate-limited",
        "/problems/rate-limited",
    )
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    assert refused.headers["Cache-Control"] == "no-store"


def test_every_answer_tells_what_is_left(limited: FlaskClient) -> None:
    answers = [ask(limited) for _ in range(4)]

    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {'"client";q=2;w=3600'}
    left = [answer.headers["RateLimit"].rpartition(";t=")[0] for answer in answers]
    assert left == ['"client";r=1', '"client";r=0', '"client";r=0', '"client";r=0']


def test_each_client_has_its_own_count(limited: FlaskClient) -> None:
    for _ in range(3):
        ask(limited)

    assert ask(limited, "192.0.2.2").status_code == 200


def test_one_network_of_ipv6_is_one_client(limited: FlaskClient) -> None:
    answers = [ask(limited, f"2001:db8::{number}") for number in range(1, 4)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert ask(limited, "2001:db8:0:1::1").status_code == 200


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_who_watches_is_not_counted(limited: FlaskClient, path: str) -> None:
    answers = [ask(limited, path=path) for _ in range(4)]

    assert {answer.status_code for answer in answers} == {200}
    assert "RateLimit" not in answers[0].headers


@pytest.mark.parametrize("path", ["/v1/upgrade", "/nowhere", "/openapi.yaml"])
def test_every_other_request_counts(limited: FlaskClient, path: str) -> None:
    for _ in range(2):
        ask(limited, path=path)

    assert ask(limited, path=path).status_code == 429


def test_a_refusal_is_one_line_as_text(limited: FlaskClient) -> None:
    for _ in range(2):
        ask(limited)

    refused = ask(limited, path=f"{URL}&format=text")

    assert (refused.status_code, refused.mimetype) == (429, "text/plain")
    assert refused.text.startswith("error: rate-limited: ")


def test_who_guesses_at_tokens_is_counted(tmp_path_factory: pytest.TempPathFactory) -> None:
    tokens = tmp_path_factory.mktemp("tokens") / "tokens"
    tokens.write_text("a-token-of-ours\n")
    client = build_client(ADVISOR_RATE_LIMIT="2/hour", ADVISOR_API_TOKENS_FILE=str(tokens))

    assert [ask(client).status_code for _ in range(3)] == [401, 401, 429]


def test_without_the_setting_nothing_is_counted(client: FlaskClient) -> None:
    assert "RateLimit" not in ask(client).headers
    assert not any("rate_limit" in hook.__module__ for hook in _list_hooks(client))


def _list_hooks(client: FlaskClient) -> list[object]:
    app = client.application
    return [*app.before_request_funcs[None], *app.after_request_funcs[None]]


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("unknown", "unknown"),
        ("_hidden", "unknown"),
        ("192.0.2.1:4711", "unknown"),
        ("x" * 10_000, "unknown"),
    ],
)
def test_a_client_is_named_by_its_address(address: str, name: str) -> None:
    assert name_client(address) == name
