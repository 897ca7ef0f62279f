import pytest
from flask.testing import FlaskClient

from tests.apps import (
    AHEAD,
    BLOCKED,
    FLAVOR,
    MAJOR_JUMP,
    MANUAL,
    SNAPSHOT,
    UP_TO_DATE,
    UPGRADABLE,
    build_client,
    build_client_over,
)
from tests.worked_examples import HADRON

# The operator fails on versions such as those of the small lists, unless it is an old one.
OLD_OPERATOR = "advisory:operator-exclude-path"
ACTING = ["text", "env", "nodeopupgrade", "auroraboot"]
UNKNOWN_KUBERNETES = f"{FLAVOR}:1-standard-arm64-generic-v1.0.0"


def test_text_is_the_target_and_a_newline(client: FlaskClient) -> None:
    response = client.get("/v1/upgrade", query_string={"image": UPGRADABLE, "format": "text"})

    assert response.status_code == 200
    assert response.text == f"{UP_TO_DATE}\n"


def test_env_is_assignments_one_a_line(client: FlaskClient) -> None:
    response = client.get("/v1/upgrade", query_string={"image": UPGRADABLE, "format": "env"})

    assert (response.status_code, response.content_type) == (200, "application/x-sh")
    assert response.text == (
        "UPGRADE_STATUS=upgrade_available\n"
        f"UPGRADE_TARGET={UP_TO_DATE}\n"
        f"UPGRADE_SOURCE=oci:{UP_TO_DATE}\n"
        "UPGRADE_WARNINGS='advisory:v3-eol running_branch_unsupported'\n"
    )


def test_auroraboot_is_the_body_of_its_command(client: FlaskClient) -> None:
    query = {"image": UPGRADABLE, "format": "auroraboot"}

    response = client.get("/v1/upgrade", query_string=query)

    assert response.mimetype == "application/json"
    assert response.json == {"command": "upgrade", "args": {"source": f"oci:{UP_TO_DATE}"}}


WITHOUT_TARGET = [
    (UP_TO_DATE, {}, "up_to_date"),
    (AHEAD, {}, "ahead"),
    (UPGRADABLE, {"exclude": "v1.1.0"}, "withheld"),
]


@pytest.mark.parametrize("form", ["text", "nodeopupgrade", "auroraboot"])
@pytest.mark.parametrize(("image", "policy", "status"), WITHOUT_TARGET)
def test_no_target_is_no_content(
    client: FlaskClient,
    image: str,
    policy: dict[str, str],
    status: str,
    form: str,
) -> None:
    query = {"image": image, "format": form, **policy}

    response = client.get("/v1/upgrade", query_string=query)

    assert (response.status_code, response.data) == (204, b"")
    assert response.headers["Upgrade-Status"] == status
    assert "Content-Type" not in response.headers


@pytest.mark.parametrize(("image", "policy", "status"), WITHOUT_TARGET)
def test_env_without_a_target_empties_what_an_earlier_answer_left(
    client: FlaskClient,
    image: str,
    policy: dict[str, str],
    status: str,
) -> None:
    query = {"image": image, "format": "env", **policy}

    response = client.get("/v1/upgrade", query_string=query)

    assert response.status_code == 200
    assert response.text.splitlines()[:3] == [
        f"UPGRADE_STATUS={status}",
        "UPGRADE_TARGET=''",
        "UPGRADE_SOURCE=''",
    ]


@pytest.mark.parametrize(("form", "code"), [("text", 204), ("env", 200), ("auroraboot", 204)])
def test_the_end_of_a_line_is_not_an_error(form: str, code: int) -> None:
    ahead = build_client({"quay.io/kairos/hadron": ["v0.2.0-core-amd64-generic-v9.0.0"]})

    response = ahead.get("/v1/upgrade", query_string={"image": UP_TO_DATE, "format": form})

    assert response.status_code == code
    assert response.headers["Upgrade-Status"] == "end_of_line"


@pytest.mark.parametrize(("image", "code"), [(BLOCKED, "blocked"), (MANUAL, "manual")])
@pytest.mark.parametrize("form", ["text", "env"])
def test_a_form_for_shells_refuses_in_one_line(
    client: FlaskClient,
    image: str,
    code: str,
    form: str,
) -> None:
    response = client.get("/v1/upgrade", query_string={"image": image, "format": form})

    assert (response.status_code, response.mimetype) == (409, "text/plain")
    assert response.text.startswith(f"error: {code}: ")
    assert response.headers["Upgrade-Status"] == code


@pytest.mark.parametrize(
    ("image", "code"),
    [(BLOCKED, "blocked"), (MANUAL, "manual"), (MAJOR_JUMP, "needs-acceptance")],
)
@pytest.mark.parametrize("form", ["nodeopupgrade", "auroraboot"])
def test_a_form_for_programs_refuses_with_a_problem(
    client: FlaskClient,
    image: str,
    code: str,
    form: str,
) -> None:
    response = client.get("/v1/upgrade", query_string={"image": image, "format": form})

    assert (response.status_code, response.mimetype) == (409, "application/problem+json")
    assert response.json is not None
    assert response.json["code"] == code


@pytest.mark.parametrize(
    ("image", "code"),
    [
        (MAJOR_JUMP, "major_jump"),
        (UNKNOWN_KUBERNETES, "kubernetes_version_unknown"),
    ],
)
@pytest.mark.parametrize("form", ACTING)
def test_a_critical_warning_that_is_not_accepted_is_refused(
    client: FlaskClient,
    image: str,
    code: str,
    form: str,
) -> None:
    query = {"image": image, "format": form, "accept": OLD_OPERATOR}

    response = client.get("/v1/upgrade", query_string=query)

    assert response.status_code == 409
    assert "needs-acceptance" in response.text
    assert f"accept={code}" in response.text
    assert response.headers["Upgrade-Status"] == "upgrade_available"
    assert code in response.headers["Upgrade-Warnings"].split(", ")


@pytest.mark.parametrize(
    ("image", "code"),
    [
        (MAJOR_JUMP, "major_jump"),
        (UNKNOWN_KUBERNETES, "kubernetes_version_unknown"),
    ],
)
@pytest.mark.parametrize("form", ACTING)
def test_the_target_is_given_once_its_critical_warning_is_accepted(
    client: FlaskClient,
    image: str,
    code: str,
    form: str,
) -> None:
    query = {"image": image, "format": form, "accept": [code, OLD_OPERATOR]}

    response = client.get("/v1/upgrade", query_string=query)

    assert response.status_code == 200
    assert f"{FLAVOR}:" in response.text


def test_accepting_another_warning_is_not_enough(client: FlaskClient) -> None:
    query = {"image": MAJOR_JUMP, "format": "text", "accept": "kubernetes_minor_change"}

    response = client.get("/v1/upgrade", query_string=query)

    assert response.status_code == 409


def test_acceptance_does_not_open_what_is_blocked(client: FlaskClient) -> None:
    query = {
        "image": BLOCKED,
        "format": "text",
        "accept": ["major_jump", "kubernetes_minor_change"],
    }

    response = client.get("/v1/upgrade", query_string=query)

    assert response.status_code == 409


@pytest.mark.parametrize("image", [BLOCKED, MANUAL, MAJOR_JUMP, UNKNOWN_KUBERNETES])
def test_json_tells_and_never_withholds(client: FlaskClient, image: str) -> None:
    response = client.get("/v1/upgrade", query_string={"image": image, "format": "json"})

    assert response.status_code == 200


@pytest.mark.parametrize("accept", [{}, {"accept": "major_jump"}])
def test_json_is_the_same_whatever_is_accepted(
    client: FlaskClient,
    accept: dict[str, str],
) -> None:
    response = client.get("/v1/upgrade", query_string={"image": MAJOR_JUMP, **accept})

    assert response.json is not None
    assert response.json["target"]["version"] == "v2.0.0"


@pytest.mark.parametrize("form", ["json", "text", "env", "auroraboot"])
@pytest.mark.parametrize("image", [UPGRADABLE, UP_TO_DATE, BLOCKED, MANUAL, MAJOR_JUMP, AHEAD])
def test_every_form_carries_the_status_and_the_warnings_of_the_body(
    client: FlaskClient,
    image: str,
    form: str,
) -> None:
    told = client.get("/v1/upgrade", query_string={"image": image}).json

    response = client.get("/v1/upgrade", query_string={"image": image, "format": form})

    assert told is not None
    assert response.headers["Upgrade-Status"] == told["status"]
    codes = ", ".join(warning["code"] for warning in told["warnings"])
    assert response.headers["Upgrade-Warnings"] == codes


def test_an_error_carries_no_status_of_an_answer(client: FlaskClient) -> None:
    client.get("/v1/upgrade", query_string={"image": UPGRADABLE})

    response = client.get("/v1/upgrade")

    assert "Upgrade-Status" not in response.headers


def test_the_worked_example_crosses_a_major_version_only_when_told_to() -> None:
    client = build_client_over(None, ADVISOR_SNAPSHOT_DIR=str(SNAPSHOT))
    query = {"image": f"quay.io/kairos/{HADRON}", "format": "text"}

    refused = client.get("/v1/upgrade", query_string=query)
    given = client.get("/v1/upgrade", query_string=query | {"accept": "major_jump"})

    assert (refused.status_code, "major_jump" in refused.text) == (409, True)
    assert given.text == (
        "quay.io/kairos/hadron:v0.5.1-standard-amd64-generic-v4.2.0-k3s-v1.34.10-k3s1\n"
    )
