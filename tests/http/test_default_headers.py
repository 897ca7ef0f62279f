import re

import pytest
from flask import Response
from flask.testing import FlaskClient

from service.web.default_headers import SECURITY_HEADERS
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


def test_every_route_does_so_whatever_its_method(client: FlaskClient) -> None:
    statuses = set()
    for rule in client.application.url_map.iter_rules():
        path = re.sub(r"<[^>]*>", "x", rule.rule)
        for method in ("GET", "HEAD", "POST", "PUT", "OPTIONS", "TRACE", "MINE"):
            response = client.open(path, method=method)
            statuses.add(response.status_code)
            sent = {name: len(response.headers.getlist(name)) for name in SECURITY_HEADERS}
            assert sent == dict.fromkeys(SECURITY_HEADERS, 1), (method, path)

    assert statuses >= {200, 400, 404, 405, 415}


def test_what_is_not_modified_or_too_large_does_so_too(client: FlaskClient) -> None:
    path = f"/v1/upgrade?image={UPGRADABLE}"
    tag = client.get(path).headers["ETag"]

    unmodified = client.get(path, headers={"If-None-Match": tag})
    large = client.post("/v1/upgrade", data=b"#" * 300_000, content_type="text/plain")

    assert (unmodified.status_code, large.status_code) == (304, 413)
    for response in (unmodified, large):
        assert SECURITY_HEADERS.items() <= dict(response.headers).items()


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
