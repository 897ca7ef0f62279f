import pytest
from flask.testing import FlaskClient

from service.errors import RegistryError, RegistryUnavailableError, ServiceError
from tests.apps import FLAVOR, SECRET, UPGRADABLE, BrokenSource, build_client, build_client_over

FAILING = "quay.io/kairos/failing"
OF_FAILING = f"{FAILING}:1-core-amd64-generic-v1.0.0"
DIGEST = "sha256:" + "a" * 64

PROBLEMS = [
    ("", 400, "invalid-reference"),
    ("oci:quay.io/kairos/flavor:1-core-amd64-generic-v1.0.0", 400, "invalid-reference"),
    ("docker://quay.io/kairos/flavor:1", 400, "invalid-reference"),
    (f"{FLAVOR}:1-standard-amd64-generic-v1.0.0-k3s-v1.30.1 k3s1", 400, "invalid-reference"),
    ("docker.io/kairos/flavor:1-core-amd64-generic-v1.0.0", 403, "repository-not-allowed"),
    ("quay.io/kairos/deeper/flavor:1-core-amd64-generic-v1.0.0", 403, "repository-not-allowed"),
    ("127.0.0.1/kairos/flavor:1-core-amd64-generic-v1.0.0", 403, "repository-not-allowed"),
    ("quay.io/kairos/gone:1-core-amd64-generic-v1.0.0", 404, "repository-not-found"),
    (f"{FLAVOR}:3-core-amd64-generic-v1.0.0", 404, "stream-not-found"),
    (FLAVOR, 422, "unversioned-tag"),
    (f"{FLAVOR}@{DIGEST}", 422, "unversioned-tag"),
    (f"{FLAVOR}:latest", 422, "unversioned-tag"),
    (f"{FLAVOR}:1-core-amd64-generic-master", 422, "unversioned-tag"),
    (f"{FLAVOR}:1-core-amd64-generic-v1.0.0-img", 422, "not-an-os-image"),
    (f"{FLAVOR}:sha256-{'a' * 64}.sig", 422, "not-an-os-image"),
    ("quay.io/kairos/framework:v2.7.0", 422, "not-an-os-image"),
    (f"{FLAVOR}:1-standard-amd64-generic-v1.0.0", 422, "kubernetes-version-unknown"),
]

FAILURES = [
    (RegistryError("the registry said no"), 502, "registry-error"),
    (RegistryUnavailableError("the registry is silent"), 503, "registry-unavailable"),
]


@pytest.mark.parametrize(("image", "status", "code"), PROBLEMS)
def test_each_error_is_a_problem_with_its_status_and_code(
    client: FlaskClient,
    image: str,
    status: int,
    code: str,
) -> None:
    response = client.get("/v1/upgrade", query_string={"image": image})

    assert (response.status_code, response.mimetype) == (status, "application/problem+json")
    body = response.json
    assert body is not None
    assert (body["status"], body["code"]) == (status, code)
    assert body["type"] == f"/problems/{code}"
    assert body["instance"] == "/v1/upgrade"
    assert body["detail"]


@pytest.mark.parametrize(("image", "status", "code"), PROBLEMS)
def test_each_error_is_one_line_as_text(
    client: FlaskClient,
    image: str,
    status: int,
    code: str,
) -> None:
    response = client.get("/v1/upgrade", query_string={"image": image, "format": "text"})

    assert (response.status_code, response.mimetype) == (status, "text/plain")
    assert response.text.startswith(f"error: {code}: ")
    assert response.text.endswith("\n")
    assert response.text[:-1].isprintable()


@pytest.mark.parametrize(("failure", "status", "code"), FAILURES)
def test_a_registry_failure_with_nothing_cached_is_a_problem(
    failure: ServiceError,
    status: int,
    code: str,
) -> None:
    client = build_client({FAILING: failure})

    response = client.get("/v1/upgrade", query_string={"image": OF_FAILING})

    assert response.status_code == status
    assert response.json is not None
    assert (response.json["code"], response.json["detail"]) == (code, str(failure))


def test_an_unavailable_registry_says_when_to_ask_again() -> None:
    failure = RegistryUnavailableError("the registry is silent", retry_after_seconds=7)
    client = build_client({FAILING: failure})

    response = client.get("/v1/upgrade", query_string={"image": OF_FAILING})

    assert response.headers["Retry-After"] == "7"


def test_the_detail_of_a_raw_disk_names_its_os_image(client: FlaskClient) -> None:
    response = client.get("/v1/upgrade", query_string={"image": f"{UPGRADABLE}-img"})

    assert response.json is not None
    assert UPGRADABLE in response.json["detail"].split()


@pytest.mark.parametrize("said", ["arm64", "aarch64", "riscv64"])
def test_an_arch_that_contradicts_the_image_is_a_problem(client: FlaskClient, said: str) -> None:
    response = client.get("/v1/upgrade", query_string={"image": UPGRADABLE, "arch": said})

    assert response.status_code == 422
    assert response.json is not None
    assert response.json["code"] == "identity-mismatch"
    assert "amd64" in response.json["detail"]


@pytest.mark.parametrize("said", ["amd64", "x86_64"])
def test_an_arch_that_agrees_with_the_image_changes_nothing(
    client: FlaskClient,
    said: str,
) -> None:
    response = client.get("/v1/upgrade", query_string={"image": UPGRADABLE, "arch": said})

    assert response.status_code == 200


def test_the_base_url_of_problems_is_a_setting() -> None:
    client = build_client(ADVISOR_PROBLEM_BASE_URL="https://docs.example/problems/")

    response = client.get("/v1/upgrade")

    assert response.json is not None
    assert response.json["type"] == "https://docs.example/problems/invalid-request"


@pytest.mark.parametrize(
    "path", ["/nowhere", "/v1/upgrade/", "/problems/", "/problems/none", "/static/../style.css"]
)
def test_an_unknown_page_is_a_problem_about_nothing_of_ours(
    client: FlaskClient,
    path: str,
) -> None:
    response = client.get(path)

    assert (response.status_code, response.mimetype) == (404, "application/problem+json")
    assert response.json is not None
    assert (response.json["type"], response.json["code"]) == ("about:blank", "not-found")
    assert response.json["instance"] == path


@pytest.mark.parametrize(
    ("path", "method"),
    [
        (path, method)
        for path in ("/v1/upgrade", "/livez", "/openapi.yaml", "/problems/blocked")
        for method in ("POST", "PUT", "PATCH", "DELETE")
        if (path, method) != ("/v1/upgrade", "POST")
    ],
)
def test_another_method_is_a_problem_that_keeps_allow(
    client: FlaskClient,
    path: str,
    method: str,
) -> None:
    response = client.open(path, method=method)

    assert (response.status_code, response.mimetype) == (405, "application/problem+json")
    assert {"GET", "HEAD"} <= set(response.headers["Allow"].split(", "))
    assert response.json is not None
    assert (response.json["type"], response.json["code"]) == ("about:blank", "method-not-allowed")


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_bug_is_told_without_a_word_of_the_inside(
    form: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    client = build_client_over(BrokenSource())

    response = client.get(
        "/v1/upgrade",
        query_string={"image": UPGRADABLE, "format": form},
        headers={"X-Request-ID": "mine"},
    )

    assert response.status_code == 500
    everything = response.text + str(response.headers)
    assert SECRET not in everything
    assert "Traceback" not in everything
    assert "RuntimeError" not in everything
    assert response.headers["X-Request-ID"] == "mine"
    log = capsys.readouterr()
    assert SECRET in log.out + log.err


def test_a_bug_is_a_problem_with_the_request_id(capsys: pytest.CaptureFixture[str]) -> None:
    client = build_client_over(BrokenSource())

    response = client.get("/v1/upgrade", query_string={"image": UPGRADABLE})

    assert response.mimetype == "application/problem+json"
    assert response.json is not None
    assert response.json["code"] == "internal-server-error"
    assert response.json["request_id"] == response.headers["X-Request-ID"]
    assert response.json["request_id"] in "".join(capsys.readouterr())
