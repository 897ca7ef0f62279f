import pytest
from flask import Response
from flask.testing import FlaskClient

from service.web.security_headers import SECURITY_HEADERS
from tests.apps import UP_TO_DATE, UPGRADABLE, BrokenSource, build_client, build_client_over

PATHS = [
    (f"/v1/upgrade?image={UPGRADABLE}", 200),
    (f"/v1/upgrade?image={UP_TO_DATE}&format=text", 204),
    ("/v1/upgrade", 400),
    ("/livez", 200),
    ("/openapi.yaml", 200),
    ("/static/style.css", 200),
    ("/nowhere", 404),
]


@pytest.mark.parametrize(("path", "status"), PATHS)
def test_every_answer_tells_browsers_to_do_nothing_with_it(
    client: FlaskClient, path: str, status: int
) -> None:
    response = client.get(path)

    assert response.status_code == status
    assert {name: response.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS


def test_a_failure_does_so_too() -> None:
    client = build_client_over(BrokenSource())

    response = client.get("/v1/upgrade", query_string={"image": UPGRADABLE})

    assert response.status_code == 500
    assert SECURITY_HEADERS.items() <= dict(response.headers).items()


def test_nothing_may_be_loaded_framed_or_guessed() -> None:
    assert SECURITY_HEADERS["X-Content-Type-Options"] == "nosniff"
    policy = SECURITY_HEADERS["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "frame-ancestors 'none'", "form-action 'none'"} <= set(policy)


def test_a_page_keeps_a_policy_of_its_own() -> None:
    app = build_client().application
    own = "default-src 'none'; style-src 'self'"
    app.add_url_rule(
        "/page", view_func=lambda: Response("x", headers={"Content-Security-Policy": own})
    )

    response = app.test_client().get("/page")

    assert response.headers.getlist("Content-Security-Policy") == [own]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
