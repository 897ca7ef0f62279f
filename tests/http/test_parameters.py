from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from tests.apps import FLAVOR, UPGRADABLE
from tests.parameters import BAD, GOOD

URL = f"/v1/upgrade?image={UPGRADABLE}"

UNKNOWN = [
    "maxstep",
    "MAX_STEP",
    "image[]",
    "exclude[]",
    "excluded",
    "image ",
    "_",
    "release_file",
    "é",
]

NASTY = [
    "\x00",
    "a\x00b",
    "\r\nX-Evil: 1",
    "\x1b[31m",
    "\u202e[",
    "\x85",
    "\u2028",
    "\uff11",
    "'",
    '"><script>',
    "{{7*7}}",
    "../../../etc/passwd",
    "%",
    "[",
    "a" * 50_000,
    "\uff11" * 5_000,
    "9" * 50_000,
    "-" * 50_000,
    "a/" * 25_000,
    "a." * 25_000,
]
INVALID_UTF8 = ["%ff", "%ff%fe", "%c3%28", "%ed%a0%80", "%ed%b2%80", "%f8%88%80%80%80", "%", "%zz"]
NAMES = ["image", "max_version", "exclude", "accept", "format", "arch", "prerelease"]


def _assert_named(response_json: object, *names: str) -> None:
    assert isinstance(response_json, dict)
    assert response_json["code"] == "invalid-request"
    assert [error["field"] for error in response_json["errors"]] == list(names)
    assert all(error["message"] for error in response_json["errors"])


@pytest.mark.parametrize(("name", "value"), GOOD)
def test_a_value_of_the_contract_is_taken(client: FlaskClient, name: str, value: str) -> None:
    response = client.get("/v1/upgrade", query_string={"image": UPGRADABLE, name: value})

    assert response.status_code == 200


@pytest.mark.parametrize(("name", "value"), BAD)
def test_any_other_value_is_named(client: FlaskClient, name: str, value: str) -> None:
    response = client.get("/v1/upgrade", query_string={"image": UPGRADABLE, name: value})

    assert response.status_code == 400
    field = f"{name}[0]" if name in {"exclude", "accept"} else name
    _assert_named(response.json, field)


def test_a_missing_image_is_named(client: FlaskClient) -> None:
    response = client.get("/v1/upgrade?max_step=patch")

    assert response.status_code == 400
    _assert_named(response.json, "image")


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_parameter_is_named(client: FlaskClient, name: str) -> None:
    response = client.get("/v1/upgrade", query_string={"image": UPGRADABLE, name: "1"})

    assert response.status_code == 400
    assert response.json is not None
    assert [error["field"].strip("'") for error in response.json["errors"]] == [name]


@pytest.mark.parametrize("step", [1, -1])
def test_all_unknown_parameters_are_named_in_one_order(client: FlaskClient, step: int) -> None:
    names = [f"unknown_{number}" for number in range(10, 30)]

    response = client.get(f"{URL}&{'&'.join(f'{name}=1' for name in names[::step])}")

    _assert_named(response.json, *names)


@pytest.mark.parametrize(
    "name",
    [
        "image",
        "max_step",
        "max_version",
        "kubernetes",
        "max_kubernetes",
        "flavor_release",
        "prerelease",
        "arch",
        "format",
        "unknown",
    ],
)
def test_a_repeated_parameter_is_named(client: FlaskClient, name: str) -> None:
    response = client.get(f"/v1/upgrade?{name}=same&{name}=same&max_step=major")

    assert response.status_code == 400
    _assert_named(response.json, name)


@pytest.mark.parametrize("name", ["exclude", "accept"])
def test_exclude_and_accept_may_be_repeated(client: FlaskClient, name: str) -> None:
    values = {"exclude": ["v1.0.5", "v1.0.6"], "accept": ["major_jump", "multiple_hops"]}[name]

    response = client.get("/v1/upgrade", query_string={"image": UPGRADABLE, name: values})

    assert response.status_code == 200


def test_each_bad_item_of_a_list_is_named_by_its_place(client: FlaskClient) -> None:
    response = client.get(f"{URL}&exclude=v1.1.0&exclude=nonsense&exclude=4.1")

    _assert_named(response.json, "exclude[1]", "exclude[2]")


def test_the_bad_items_of_a_list_are_named_in_their_order(client: FlaskClient) -> None:
    response = client.get(f"{URL}{'&exclude=x' * 12}")

    _assert_named(response.json, *(f"exclude[{index}]" for index in range(12)))


def test_all_bad_parameters_are_named_at_once(client: FlaskClient) -> None:
    response = client.get(f"{URL}&max_step=x&kubernetes=x&arch=x")

    _assert_named(response.json, "arch", "kubernetes", "max_step")


@pytest.mark.parametrize(("count", "status"), [(50, 200), (51, 400), (5_000, 400)])
@pytest.mark.parametrize("name", ["exclude", "accept"])
def test_a_list_has_at_most_50_items(
    client: FlaskClient,
    name: str,
    count: int,
    status: int,
) -> None:
    values = {"exclude": [f"v0.0.{n}" for n in range(count)], "accept": ["major_jump"] * count}

    response = client.get("/v1/upgrade", query_string={"image": UPGRADABLE, name: values[name]})

    assert response.status_code == status


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize("value", NASTY)
@pytest.mark.parametrize("name", NAMES)
def test_no_value_makes_more_than_a_short_bad_request(
    client: FlaskClient,
    name: str,
    value: str,
    form: str,
) -> None:
    query = {"image": UPGRADABLE, "format": form, name: value}

    response = client.get("/v1/upgrade", query_string=query)

    assert response.status_code == 400
    assert "X-Evil" not in response.headers
    assert len(response.data) < 2_000


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize("name", NASTY)
def test_no_name_makes_more_than_a_short_bad_request(
    client: FlaskClient,
    name: str,
    form: str,
) -> None:
    query = {"image": UPGRADABLE, "format": form, name: "1"}

    response = client.get("/v1/upgrade", query_string=query)

    assert response.status_code == 400
    assert len(response.data) < 2_000


@pytest.mark.parametrize("name", NASTY)
def test_no_name_brings_a_control_character_into_a_line_of_text(
    client: FlaskClient,
    name: str,
) -> None:
    query = {"image": UPGRADABLE, "format": "text", name: "1"}

    response = client.get("/v1/upgrade", query_string=query)

    assert response.text[:-1].isprintable()


@pytest.mark.parametrize("value", INVALID_UTF8)
@pytest.mark.parametrize("name", NAMES)
def test_invalid_utf8_in_a_value_is_a_bad_request(
    client: FlaskClient,
    name: str,
    value: str,
) -> None:
    image = "" if name == "image" else f"image={UPGRADABLE}&"

    response = client.get(f"/v1/upgrade?{image}{name}={value}")

    assert response.status_code == 400


@pytest.mark.parametrize("name", INVALID_UTF8)
def test_invalid_utf8_in_a_name_is_a_bad_request(client: FlaskClient, name: str) -> None:
    response = client.get(f"{URL}&{name}=1")

    assert response.status_code == 400


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_raw_bytes_in_a_query_are_a_bad_request(client: FlaskClient, method: str) -> None:
    response = client.open(
        "/v1/upgrade",
        method=method,
        environ_overrides={"QUERY_STRING": f"image={UPGRADABLE}\xff&\xfe=\x80"},
    )

    assert response.status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("DELETE", "/v1/upgrade", 405), ("GET", "/livez", 200)],
)
def test_raw_bytes_in_a_query_change_no_other_answer(
    client: FlaskClient,
    method: str,
    path: str,
    status: int,
) -> None:
    response = client.open(path, method=method, environ_overrides={"QUERY_STRING": "\xff"})

    assert response.status_code == status


@pytest.mark.parametrize(
    "path",
    ["/\0", "/\xff", "/problems/\0", "/problems/\r\nX-Evil:1", "//evil.example"],
)
def test_no_path_makes_more_than_a_not_found(client: FlaskClient, path: str) -> None:
    response = client.get("/", environ_overrides={"PATH_INFO": path})

    assert response.status_code == 404
    assert "X-Evil" not in response.headers


def test_ten_thousand_parameters_are_a_short_bad_request(client: FlaskClient) -> None:
    response = client.get(f"{URL}&{'&'.join(f'x{number}=1' for number in range(10_000))}")

    assert response.status_code == 400
    assert len(response.data) < 10_000


def test_one_parameter_ten_thousand_times_is_a_short_bad_request(client: FlaskClient) -> None:
    response = client.get(f"{URL}{'&max_step=patch' * 10_000}")

    assert response.status_code == 400
    _assert_named(response.json, "max_step")


@pytest.mark.parametrize("header", ["Accept", "X-Request-ID", "Host", "Content-Type"])
@pytest.mark.parametrize(
    "value", ["\xff", "a" * 50_000, ",;=" * 10_000, "\uff11".encode().decode("latin-1")]
)
def test_no_header_makes_a_failure(client: FlaskClient, header: str, value: str) -> None:
    response = client.get(URL, headers={header: value})

    assert response.status_code < 500


@pytest.mark.parametrize("body", [b"", b"\xff" * 50_000, b"image=x"])
def test_the_body_of_a_get_is_not_read(client: FlaskClient, body: bytes) -> None:
    response = client.get(URL, data=body, content_type="application/x-www-form-urlencoded")

    assert response.status_code == 200


@pytest.mark.parametrize(
    "tag",
    [
        "1-core-amd64-generic-v1.0.0-rc" + "1" * 90,
        "1-core-amd64-generic-v" + "9" * 90 + ".0.0",
        "1-standard-amd64-generic-v1.0.0-k3s-v1.30.1-k3s" + "9" * 70,
        "1-core-amd64-" + "generic-v1.0.0-" * 7 + "v1.0.0",
        "-".join(["1-core-amd64-generic-v1.0.0"] * 4),
    ],
)
def test_a_strange_tag_is_answered_or_refused(client: FlaskClient, tag: str) -> None:
    response = client.get("/v1/upgrade", query_string={"image": f"{FLAVOR}:{tag}"})

    assert response.status_code in {200, 400, 404, 422}


@pytest.mark.parametrize("name", NAMES)
def test_a_surrogate_escape_is_a_bad_request(client: FlaskClient, name: str) -> None:
    value = quote("\udcff", errors="surrogateescape")

    response = client.get(
        "/v1/upgrade",
        query_string=f"image={UPGRADABLE}&{name}={value}",
    )

    assert response.status_code == 400
