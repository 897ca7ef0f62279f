"""What holds for every operation: caches, tokens, limits."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.apps import UP_TO_DATE, UPGRADABLE, build_client
from tests.contract.document import (
    OF_THE_SERVER,
    Node,
    list_operations,
    load_document,
    resolve,
    validate_response,
)

TOKEN = "a-token-of-ours"  # noqa: S105 - of no service
UNCOUNTED = {"/livez", "/readyz", "/metrics"}
OPERATIONS = [
    pytest.param(path, method, operation, id=operation["operationId"])
    for path, method, operation in list_operations()
]
# What makes the good answer of an operation that can be asked about again.
CACHEABLE = [
    ("/v1/upgrade", {"image": UPGRADABLE}),
    ("/v1/upgrade", {"image": UPGRADABLE, "format": "text"}),
    ("/v1/upgrade", {"image": UP_TO_DATE, "format": "text"}),
    ("/v1/check", {"from": UPGRADABLE, "to": UP_TO_DATE}),
    ("/v1/releases", {"image": UPGRADABLE}),
    ("/v1/matrix", {}),
    ("/openapi.yaml", {}),
    ("/docs", {}),
    ("/static/{name}", {}),
    ("/problems", {}),
    ("/problems/{slug}", {}),
]


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("tokens") / "tokens"
    file.write_text(f"{TOKEN}\n")
    return file


@pytest.fixture
def guarded(tokens: Path) -> FlaskClient:
    return build_client(ADVISOR_API_TOKENS_FILE=str(tokens), ADVISOR_RATE_LIMIT="1/hour")


def fill(path: str) -> str:
    return path.replace("{slug}", "blocked").replace("{name}", "style.css")


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_an_operation_without_a_token_is_as_the_document_says(
    guarded: FlaskClient, path: str, method: str, operation: Node
) -> None:
    is_open = operation.get("security", load_document()["security"]) == []

    response = guarded.open(fill(path), method=method)

    assert (response.status_code == 401) is not is_open
    assert ("401" in operation["responses"]) is not is_open
    validate_response(response, operation)


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_an_operation_that_is_asked_too_often_is_as_the_document_says(
    guarded: FlaskClient, path: str, method: str, operation: Node
) -> None:
    guarded.open(fill(path), method=method)

    response = guarded.open(fill(path), method=method)

    assert (response.status_code == 429) is (path not in UNCOUNTED)
    assert ("429" in operation["responses"]) is (path not in UNCOUNTED)
    validate_response(response, operation)


@pytest.mark.parametrize(("path", "query"), CACHEABLE)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_answer_that_the_caller_has_is_as_the_document_says(
    path: str, query: dict[str, str], method: str
) -> None:
    client = build_client(ADVISOR_RATE_LIMIT="10/hour")
    operation = next(each for written, _, each in list_operations() if written == path)
    tag = client.get(fill(path), query_string=query).headers["ETag"]

    response = client.open(
        fill(path), method=method, query_string=query, headers={"If-None-Match": tag}
    )

    assert response.status_code == 304
    validate_response(response, operation)


def test_every_operation_that_can_be_asked_about_again_has_a_case() -> None:
    documented = {path for path, _, each in list_operations() if "304" in each["responses"]}

    assert documented == {path for path, _ in CACHEABLE}


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_every_answer_says_whether_it_may_be_kept(path: str, method: str, operation: Node) -> None:
    for status, told in operation["responses"].items():
        if status not in OF_THE_SERVER:
            assert "Cache-Control" in resolve(told)["headers"], (method, path, status)


def test_the_schemes_of_the_document_are_those_of_the_challenges(guarded: FlaskClient) -> None:
    challenges = guarded.get("/").headers.getlist("WWW-Authenticate")

    schemes = load_document()["components"]["securitySchemes"].values()
    assert [each["scheme"] for each in schemes] == [
        challenge.partition(" ")[0].lower() for challenge in challenges
    ]
