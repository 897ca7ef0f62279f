import re
import subprocess
import sys

import pytest
from flask.testing import FlaskClient

from tests.apps import ROOT, BrokenSource, build_client_over

TWO_PROCESSES = """
import os
from service.web.request_id import begin_request

child = os.fork()
os.write(1, f"{begin_request({})}\\n".encode())
if child:
    os.waitpid(child, 0)
"""
MADE = re.compile(r"[0-9a-f]{32}")


@pytest.mark.parametrize("given", ["a", "4bf92f35-77b3", "a.b_c:d/e+f=g", "x" * 128])
def test_a_harmless_id_is_echoed(client: FlaskClient, given: str) -> None:
    response = client.get("/livez", headers={"X-Request-ID": given})

    assert response.headers["X-Request-ID"] == given


@pytest.mark.parametrize(
    "given", ["", " ", "a b", "x" * 129, "é", "a;b", "<script>", "\uff11", "a\tb"]
)
def test_any_other_id_is_replaced(client: FlaskClient, given: str) -> None:
    response = client.get("/livez", headers={"X-Request-ID": given.encode().decode("latin-1")})

    assert MADE.fullmatch(response.headers["X-Request-ID"])


def test_an_id_is_made_for_each_request(client: FlaskClient) -> None:
    ids = {client.get("/livez").headers["X-Request-ID"] for _ in range(3)}

    assert len(ids) == 3


@pytest.mark.parametrize(("path", "status"), [("/v1/upgrade", 400), ("/nowhere", 404)])
def test_a_problem_carries_the_id_of_its_header(
    client: FlaskClient,
    path: str,
    status: int,
) -> None:
    response = client.get(path, headers={"X-Request-ID": "mine"})

    assert response.status_code == status
    assert response.json is not None
    assert response.json["request_id"] == response.headers["X-Request-ID"] == "mine"


def test_a_failure_is_logged_under_the_id_that_the_caller_gets(
    capsys: pytest.CaptureFixture[str],
) -> None:
    client = build_client_over(BrokenSource())

    response = client.get(
        "/v1/upgrade?image=quay.io/kairos/x:1-core-amd64-generic-v1.0.0",
        headers={"X-Request-ID": "mine"},
    )

    assert response.status_code == 500
    log = capsys.readouterr()
    assert '"request_id":"mine"' in log.out + log.err


def test_workers_that_were_forked_make_different_ids() -> None:
    command = [sys.executable, "-c", TWO_PROCESSES]

    told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603

    ids = told.stdout.split()
    assert len(set(ids)) == 2
    assert all(map(MADE.fullmatch, ids))
