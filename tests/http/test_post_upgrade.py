import json
from collections.abc import Mapping

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.apps import FLAVOR, UP_TO_DATE, UPGRADABLE, build_client
from tests.parameters import BAD, GOOD, OF_THE_FORM
from tests.release_files import V3_6_0, write_file

URL = "/v1/upgrade"
JSON = "application/json"
TEXT = "text/plain"
LATEST = f"{FLAVOR}:latest"
OWN = "registry.example/team/flavor"

# What the node says that runs UPGRADABLE.
FILE = write_file(
    V3_6_0,
    FLAVOR="flavor",
    FLAVOR_RELEASE="1",
    RELEASE="v1.0.0",
    VERSION="v1.0.0",
    VARIANT="core",
    SOFTWARE_VERSION=None,
)

POLICIES: list[dict[str, str]] = [
    {},
    {"max_step": "patch"},
    {"max_version": "1.0"},
    {"kubernetes": "latest"},
    {"max_kubernetes": "1.30"},
    {"flavor_release": "follow"},
    {"prerelease": "true"},
    {"arch": "x86_64"},
    {"boot_state": "passive"},
    {"boot_state": "recovery"},
    {"boot_state": "unknown"},
]

# A member of a JSON body that is not what the contract has, and the field that is named.
WRONG_TYPES: list[tuple[str, object, str]] = [
    ("image", None, "image"),
    ("image", 1, "image"),
    ("image", [UPGRADABLE], "image"),
    ("image", {"tag": "x"}, "image"),
    ("image", True, "image"),
    ("release_file", None, "release_file"),
    ("release_file", 1, "release_file"),
    ("release_file", {"KAIROS_FLAVOR": "flavor"}, "release_file"),
    ("release_file", ["KAIROS_FLAVOR=flavor"], "release_file"),
    ("release_file", "no file", "release_file"),
    ("max_step", 1, "max_step"),
    ("max_step", None, "max_step"),
    ("max_step", ["patch"], "max_step"),
    ("max_step", {}, "max_step"),
    ("max_version", 4.1, "max_version"),
    ("max_version", ["4.1"], "max_version"),
    ("kubernetes", {}, "kubernetes"),
    ("kubernetes", False, "kubernetes"),
    ("max_kubernetes", 1.33, "max_kubernetes"),
    ("flavor_release", [], "flavor_release"),
    ("prerelease", 1, "prerelease"),
    ("prerelease", 0, "prerelease"),
    ("prerelease", [], "prerelease"),
    ("prerelease", None, "prerelease"),
    ("prerelease", "yes", "prerelease"),
    ("prerelease", "true", "prerelease"),
    ("prerelease", "false", "prerelease"),
    ("exclude", "v1.1.0", "exclude"),
    ("exclude", None, "exclude"),
    ("exclude", {"0": "v1.1.0"}, "exclude"),
    ("exclude", [1], "exclude[0]"),
    ("exclude", ["v1.1.0", None], "exclude[1]"),
    ("exclude", [["v1.1.0"]], "exclude[0]"),
    ("exclude", ["v1.1.0"] * 51, "exclude"),
    ("arch", 64, "arch"),
    ("arch", ["amd64"], "arch"),
    ("boot_state", 1, "boot_state"),
    ("boot_state", None, "boot_state"),
    ("boot_state", "", "boot_state"),
    ("boot_state", "Active", "boot_state"),
    ("boot_state", "active\n", "boot_state"),
    ("boot_state", "a" * 33, "boot_state"),
    ("accept", "major_jump", "accept"),
    ("accept", [None], "accept[0]"),
    ("accept", ["everything"], "accept[0]"),
    ("format", "text", "format"),
    ("max_steps", "patch", "max_steps"),
    ("Image", UPGRADABLE, "Image"),
]

NOT_JSON: list[tuple[str, bytes]] = [
    ("empty", b""),
    ("blank", b" \n"),
    ("cut off", b'{"image": "x'),
    ("single quotes", b"{'image': 'x'}"),
    ("a trailing comma", b'{"image": "x",}'),
    ("two documents", b"{}{}"),
    ("a comment", b"{} // c"),
    ("invalid UTF-8", b'{"image": "\xff"}'),
    ("UTF-16", '{"image": "x"}'.encode("utf-16")),
    ("a byte order mark", b'\xef\xbb\xbf{"image": "x"}'),
    ("an array", b'[{"image": "x"}]'),
    ("a string", b'"image"'),
    ("a number", b"1"),
    ("null", b"null"),
    ("NaN", b"NaN"),
    ("a form", b"image=x"),
    ("a deep array", 100_000 * b"["),
    ("a deep object", 50_000 * b'{"a":'),
    ("a deep member", b'{"exclude": ' + 100_000 * b"[" + 100_000 * b"]" + b"}"),
    ("a huge number alone", 100_000 * b"1"),
]

# Bodies that JSON's grammar or Python's reading of it lets pass.
NASTY: list[tuple[str, bytes]] = [
    ("NaN", b'{"image": NaN}'),
    ("NaN for a flag", b'{"image": "x", "prerelease": NaN}'),
    ("Infinity", b'{"max_version": Infinity}'),
    ("a huge int", b'{"max_version": ' + 100_000 * b"1" + b"}"),
    ("an int of the most digits", b'{"prerelease": ' + 4_300 * b"1" + b"}"),
    ("a huge exponent", b'{"prerelease": 1e999999999}'),
    ("nested as deep as can be read", b'{"exclude": [' + 300 * b"[" + 300 * b"]" + b"]}"),
    ("objects as deep as can be read", 300 * b'{"exclude":' + b"1" + 300 * b"}"),
    ("a member that stands twice", b'{"image": "x", "image": "x"}'),
    ("a nested member that stands twice", b'{"exclude": [{"a": 1, "a": 2}]}'),
    ("an escaped member that stands twice", b'{"image": "x", "im\\u0061ge": "y"}'),
    ("a lone surrogate in the image", b'{"image": "\\ud800"}'),
    ("a lone surrogate in the file", b'{"release_file": "A=\\ud800"}'),
    ("a lone surrogate in a key of the file", b'{"release_file": "\\ud800=a"}'),
    ("a lone surrogate in a value", b'{"max_version": "\\udfff"}'),
    ("a lone surrogate in a list", b'{"exclude": ["\\udfff"]}'),
    ("a lone surrogate in a name", b'{"\\ud800": 1}'),
    ("a lone surrogate in a name like a place", b'{"[\\ud800": 1}'),
    ("an escape sequence in a name", b'{"\\u001b[31m": 1}'),
    ("an escape sequence in a name like a place", b'{"a[0]\\u001b]0;x": 1}'),
    ("a NUL in a name", b'{"\\u0000": 1}'),
    ("a newline in a name", b'{"[\\nUPGRADE_TARGET=x": 1}'),
    ("a long name", b'{"' + 100_000 * b"a" + b'": 1}'),
    ("a long name like a place", b'{"[' + 100_000 * b"a" + b'": 1}'),
    ("many names", json.dumps({f"n{n}": n for n in range(10_000)}).encode()),
    ("a long image", b'{"image": "' + 100_000 * b"a" + b'"}'),
    ("a long key in the file", b'{"release_file": "' + 60_000 * b"A" + b'=\\u0000"}'),
    ("a NUL in the file", b'{"release_file": "A=\\u0000"}'),
    ("an empty object", b"{}"),
    ("a policy alone", b'{"max_step": "patch"}'),
]

# Release files as bodies, and the problem that each is.
BAD_FILES: list[tuple[str, bytes, int, str]] = [
    ("invalid UTF-8", b'KAIROS_NAME="\xff"\n', 400, "invalid-request"),
    ("Latin-1", 'KAIROS_NAME="ü"'.encode("latin-1"), 400, "invalid-request"),
    ("UTF-16", FILE.encode("utf-16"), 400, "invalid-request"),
    ("an encoded surrogate", b'KAIROS_NAME="\xed\xa0\x80"', 400, "invalid-request"),
    ("binary", b"\x7fELF\x02\x01\x01\x00\x00", 400, "invalid-request"),
    ("a NUL", b'KAIROS_NAME="\x00"', 400, "invalid-request"),
    ("a quote too few", b'KAIROS_NAME="', 400, "invalid-request"),
    ("a command", b"$(reboot)", 400, "invalid-request"),
    ("10,000 lines", 10_000 * b"A=1\n", 400, "invalid-request"),
    ("100 KB", 100_000 * b"#", 400, "invalid-request"),
    ("1 MB", 1_048_576 * b"#", 413, "content-too-large"),
    ("JSON", b'{"image": "x"}', 400, "invalid-request"),
    ("nothing", b"", 422, "repository-unknown"),
    ("comments alone", b"# nothing\n", 422, "repository-unknown"),
    ("no repository", V3_6_0.encode(), 422, "repository-unknown"),
    (
        "a repository that is not allowed",
        write_file(FILE, REGISTRY_AND_ORG="ghcr.io/kairos").encode(),
        403,
        "repository-not-allowed",
    ),
    (
        "a repository that is none",
        write_file(FILE, IMAGE_REPO="QUAY.IO/Kairos").encode(),
        400,
        "invalid-request",
    ),
    (
        "a repository that is not there",
        write_file(FILE, IMAGE_REPO="quay.io/kairos/gone", FLAVOR="gone").encode(),
        404,
        "repository-not-found",
    ),
    (
        "a stream that is not there",
        write_file(FILE, IMAGE_REPO=FLAVOR, FLAVOR_RELEASE="9").encode(),
        404,
        "stream-not-found",
    ),
    (
        "an official image with FIPS",
        write_file(FILE, IMAGE_REPO=FLAVOR, FIPS="true").encode(),
        404,
        "stream-not-found",
    ),
    (
        "too little",
        write_file(FILE, IMAGE_REPO=FLAVOR, VARIANT=None).encode(),
        400,
        "invalid-request",
    ),
    (
        "a release that is not legible",
        write_file(FILE, IMAGE_REPO=FLAVOR, RELEASE="master").encode(),
        400,
        "invalid-request",
    ),
    (
        "a value that cannot be",
        write_file(FILE, IMAGE_REPO=FLAVOR, VARIANT="full").encode(),
        400,
        "invalid-request",
    ),
    (
        "a Kubernetes that cannot be",
        write_file(FILE, IMAGE_REPO=FLAVOR, VARIANT="standard", SOFTWARE_VERSION="v1").encode(),
        400,
        "invalid-request",
    ),
]

HUGE = "1" * 5_000
HUGE_VALUES = [
    ("RELEASE", f"v1.0.0-rc{HUGE}"),
    ("RELEASE", f"v1.0.0-{HUGE}-gabc"),
    ("RELEASE", f"v{HUGE}.0.0"),
    ("SOFTWARE_VERSION", f"v1.30.1+k3s{HUGE}"),
    ("MODEL", "x" * 60_000),
    ("FLAVOR_RELEASE", "1." * 30_000),
    ("FLAVOR", "x" * 60_000),
]


@pytest.fixture(scope="module")
def owner() -> FlaskClient:
    """Ask an app that knows where files without a repository belong."""
    return build_client(ADVISOR_DEFAULT_ORGANISATION="quay.io/kairos")


def post_json(client: FlaskClient, body: object, query: str = "", **headers: str) -> TestResponse:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(f"{URL}{query}", data=content, content_type=JSON, headers=headers)


def post_file(
    client: FlaskClient,
    file: str | bytes,
    query: Mapping[str, str | list[str]] | None = None,
    **headers: str,
) -> TestResponse:
    return client.post(URL, data=file, query_string=query, content_type=TEXT, headers=headers)


def fields_of(response: TestResponse) -> list[str]:
    assert response.json is not None
    return [error["field"] for error in response.json["errors"]]


def as_member(name: str, value: str) -> object:
    """Say in JSON what a query says in text; a text that is no flag stays one."""
    if name == "prerelease":
        return {"true": True, "false": False}.get(value, value)
    return [value] if name in {"exclude", "accept"} else value


def asked_in_each_way(client: FlaskClient, policy: Mapping[str, str]) -> dict[str, TestResponse]:
    """Ask for the same node by each method, type of body and combination of sources."""
    members = {name: as_member(name, value) for name, value in policy.items()}
    return {
        "GET": client.get(URL, query_string={"image": UPGRADABLE, **policy}),
        "JSON: the image": post_json(client, {"image": UPGRADABLE, **members}),
        "JSON: both": post_json(client, {"image": UPGRADABLE, "release_file": FILE, **members}),
        "JSON: the file": post_json(client, {"release_file": FILE, **members}),
        "JSON: latest": post_json(client, {"image": LATEST, "release_file": FILE, **members}),
        "text: the file": post_file(client, FILE, policy),
        "text: both": post_file(client, FILE, {"image": UPGRADABLE, **policy}),
        "text: latest": post_file(client, FILE, {"image": LATEST, **policy}),
    }


@pytest.mark.parametrize("policy", [*POLICIES, {"exclude": "v1.1.0"}], ids=str)
def test_the_same_node_gets_the_same_answer_however_it_is_asked(
    owner: FlaskClient,
    policy: dict[str, str],
) -> None:
    responses = asked_in_each_way(owner, policy)

    expected = responses["GET"]
    assert expected.status_code == 200
    assert expected.json is not None
    assert expected.json["running"]["reference"] == UPGRADABLE
    for way, response in responses.items():
        assert response.json == expected.json, way
        assert response.headers["Upgrade-Status"] == expected.headers["Upgrade-Status"], way
        assert response.headers["Upgrade-Warnings"] == expected.headers["Upgrade-Warnings"], way


@pytest.mark.parametrize(("name", "value"), [pair for pair in GOOD if pair[0] not in OF_THE_FORM])
def test_a_value_of_the_contract_is_taken_in_a_body_and_beside_a_file(
    owner: FlaskClient,
    name: str,
    value: str,
) -> None:
    body = {"image": UPGRADABLE, name: as_member(name, value)}

    assert post_json(owner, body).status_code == 200
    assert post_file(owner, FILE, {name: value}).status_code == 200


@pytest.mark.parametrize(("name", "value"), [pair for pair in BAD if pair[0] not in OF_THE_FORM])
def test_any_other_value_is_named_in_a_body_and_beside_a_file(
    owner: FlaskClient,
    name: str,
    value: str,
) -> None:
    field = f"{name}[0]" if name in {"exclude", "accept"} else name

    for response in (
        post_json(owner, {"image": UPGRADABLE, name: as_member(name, value)}),
        post_file(owner, FILE, {name: value}),
    ):
        assert response.status_code == 400
        assert fields_of(response) == [field]


@pytest.mark.parametrize("flag", [True, False])
def test_a_flag_in_a_body_is_a_json_one(client: FlaskClient, *, flag: object) -> None:
    assert post_json(client, {"image": UPGRADABLE, "prerelease": flag}).status_code == 200


@pytest.mark.parametrize(("name", "value", "field"), WRONG_TYPES)
def test_a_member_that_is_not_of_the_contract_is_named(
    client: FlaskClient,
    name: str,
    value: object,
    field: str,
) -> None:
    response = post_json(client, {"image": UPGRADABLE, name: value})

    assert response.status_code == 400
    assert response.json is not None
    assert response.json["code"] == "invalid-request"
    assert fields_of(response) == [field]


def test_all_bad_members_are_named_at_once(client: FlaskClient) -> None:
    body = {"image": UPGRADABLE, "max_step": 1, "exclude": ["x", "v1.1.0", 2], "unknown": 1}

    response = post_json(client, body)

    assert sorted(fields_of(response)) == ["exclude[0]", "exclude[2]", "max_step", "unknown"]


@pytest.mark.parametrize("body", [row[1] for row in NOT_JSON], ids=[row[0] for row in NOT_JSON])
def test_a_body_that_is_no_json_object_is_named(client: FlaskClient, body: bytes) -> None:
    response = post_json(client, body)

    assert response.status_code == 400
    assert fields_of(response) == ["body"]
    assert len(response.data) < 1_000


@pytest.mark.parametrize("accept", [JSON, TEXT])
@pytest.mark.parametrize("body", [row[1] for row in NASTY], ids=[row[0] for row in NASTY])
def test_no_body_makes_more_than_a_short_bad_request(
    client: FlaskClient,
    body: bytes,
    accept: str,
) -> None:
    response = post_json(client, body, Accept=accept)

    assert response.status_code == 400
    assert len(response.data) < 10_000
    if accept == TEXT:
        assert response.text.startswith("error: invalid-re")
        assert response.text[:-1].isprintable()


def test_a_body_that_names_no_node_is_told_to(client: FlaskClient) -> None:
    assert fields_of(post_json(client, {})) == ["image"]


def test_an_image_that_is_no_reference_is_a_problem_of_its_own(client: FlaskClient) -> None:
    response = post_json(client, {"image": "oci:quay.io/kairos/flavor"})

    assert response.status_code == 400
    assert response.json is not None
    assert response.json["code"] == "invalid-reference"


@pytest.mark.parametrize(
    ("file", "status", "code"),
    [row[1:] for row in BAD_FILES],
    ids=[row[0] for row in BAD_FILES],
)
def test_a_file_that_does_not_tell_is_a_problem(
    client: FlaskClient,
    file: bytes,
    status: int,
    code: str,
) -> None:
    response = post_file(client, file)

    assert response.status_code == status
    assert response.json is not None
    assert (response.json["status"], response.json["code"]) == (status, code)
    assert len(response.data) < 2_000


def test_official_images_are_not_built_for_fips(client: FlaskClient) -> None:
    response = post_file(client, write_file(FILE, IMAGE_REPO=FLAVOR, FIPS="true"))

    assert response.json is not None
    assert "fips" in response.json["detail"].lower()


@pytest.mark.parametrize("image", [None, UPGRADABLE, LATEST])
@pytest.mark.parametrize(
    ("key", "value"), HUGE_VALUES, ids=[f"{key}-{value[:12]}" for key, value in HUGE_VALUES]
)
def test_a_huge_value_is_a_short_problem_or_none(
    owner: FlaskClient,
    key: str,
    value: str,
    image: str | None,
) -> None:
    query = {"image": image} if image else {}

    response = post_file(owner, write_file(FILE, **{key: value}), query)

    assert response.status_code < 500
    assert len(response.data) < 5_000


def test_an_empty_file_adds_nothing_to_the_image(client: FlaskClient) -> None:
    expected = client.get(URL, query_string={"image": UPGRADABLE})

    assert post_file(client, "", {"image": UPGRADABLE}).json == expected.json


@pytest.mark.parametrize(
    "file",
    [
        f"\ufeff{FILE}",
        FILE.replace("\n", "\r\n"),
        FILE.replace('"', ""),
        FILE.replace('"', "'"),
        f"# a comment\n\n{FILE}\n",
        FILE.replace("KAIROS_", ""),
        f'{FILE}NAME="Ubuntu"\nVERSION="24.04"\nVARIANT="Server Edition"\n',
    ],
    ids=["BOM", "CRLF", "unquoted", "single quotes", "comments", "no prefix", "both"],
)
@pytest.mark.parametrize("way", ["json", "text"])
def test_a_file_is_the_same_however_it_is_written(owner: FlaskClient, file: str, way: str) -> None:
    expected = owner.get(URL, query_string={"image": UPGRADABLE})

    response = (
        post_file(owner, file.encode())
        if way == "text"
        else post_json(owner, {"release_file": file})
    )

    assert response.json == expected.json


@pytest.mark.parametrize(
    ("changes", "of_image", "of_file"),
    [
        ({"RELEASE": "v1.1.0"}, "v1.0.0", "v1.1.0"),
        ({"TARGETARCH": "arm64"}, "amd64", "arm64"),
        ({"MODEL": "rpi4"}, "generic", "rpi4"),
        ({"VARIANT": "standard"}, "core", "standard"),
        ({"FLAVOR": "debian"}, "flavor", "debian"),
        ({"FLAVOR_RELEASE": "2"}, "says 1,", "file 2"),
        ({"IMAGE_REPO": "quay.io/kairos/debian"}, "repository: ", "debian"),
        ({"IMAGE_LABEL": "1-core-amd64-generic-v1.1.0"}, "tag: ", "generic-v1.1.0"),
    ],
)
@pytest.mark.parametrize("way", ["json", "text"])
def test_a_file_that_contradicts_the_image_is_a_problem_with_both_values(
    client: FlaskClient,
    changes: dict[str, str],
    of_image: str,
    of_file: str,
    way: str,
) -> None:
    file = write_file(FILE, **changes)

    response = (
        post_file(client, file, {"image": UPGRADABLE})
        if way == "text"
        else post_json(client, {"image": UPGRADABLE, "release_file": file})
    )

    assert response.status_code == 422
    assert response.json is not None
    assert response.json["code"] == "identity-mismatch"
    assert of_image in response.json["detail"]
    assert of_file in response.json["detail"]


def test_kubernetes_comes_from_the_file_where_the_tag_names_none(client: FlaskClient) -> None:
    changes = {"VARIANT": "standard", "SOFTWARE_VERSION": "v1.30.1+k3s1"}
    image = f"{FLAVOR}:1-standard-amd64-generic-v1.0.0"

    without = post_file(client, "", {"image": image})
    told = post_file(client, write_file(FILE, **changes), {"image": image})

    assert without.status_code == 422
    assert told.json is not None
    assert told.json["running"]["kubernetes"] == {"distribution": "k3s", "version": "v1.30.1+k3s1"}
    assert told.json["status"] == "blocked"


@pytest.mark.parametrize("boot_state", ["passive", "recovery", "autoreset"])
def test_a_node_that_rolled_back_is_blocked(client: FlaskClient, boot_state: str) -> None:
    body = {"image": UPGRADABLE, "boot_state": boot_state}

    response = post_json(client, body)
    acting = post_json(client, body, "?format=text")

    assert response.json is not None
    assert (response.json["status"], response.json["target"]) == ("blocked", None)
    codes = {warning["code"] for warning in response.json["warnings"]}
    told = "booted_passive" if boot_state == "passive" else "booted_recovery"
    assert codes & {"booted_passive", "booted_recovery"} == {told}
    assert acting.status_code == 409
    assert acting.text.startswith("error: blocked: ")


@pytest.mark.parametrize("boot_state", ["active", "unknown"])
def test_a_node_that_booted_its_system_is_upgraded(client: FlaskClient, boot_state: str) -> None:
    response = post_json(client, {"image": UPGRADABLE, "boot_state": boot_state})

    assert response.json is not None
    assert response.json["status"] == "upgrade_available"


@pytest.mark.parametrize(
    ("query", "accept", "mimetype"),
    [
        ("", "*/*", JSON),
        ("", JSON, JSON),
        ("", TEXT, TEXT),
        ("?format=text", "*/*", TEXT),
        ("?format=text", JSON, TEXT),
        ("?format=json", TEXT, JSON),
    ],
)
@pytest.mark.parametrize("way", ["json", "text"])
def test_the_form_of_the_answer_does_not_follow_the_body(
    owner: FlaskClient,
    query: str,
    accept: str,
    mimetype: str,
    way: str,
) -> None:
    body = FILE if way == "text" else json.dumps({"image": UPGRADABLE})
    content_type = TEXT if way == "text" else JSON

    response = owner.post(
        f"{URL}{query}", data=body, content_type=content_type, headers={"Accept": accept}
    )

    assert (response.status_code, response.mimetype) == (200, mimetype)
    assert mimetype == JSON or response.text == f"{UP_TO_DATE}\n"


@pytest.mark.parametrize("way", ["json", "text"])
def test_nothing_acceptable_is_a_problem(owner: FlaskClient, way: str) -> None:
    response = (
        post_file(owner, FILE, Accept="image/png")
        if way == "text"
        else post_json(owner, {"image": UPGRADABLE}, Accept="image/png")
    )

    assert response.status_code == 406


@pytest.mark.parametrize("form", ["xml", "", "JSON"])
def test_an_unknown_form_is_named_for_every_body(owner: FlaskClient, form: str) -> None:
    for response in (
        post_json(owner, {"image": UPGRADABLE}, f"?format={form}"),
        post_file(owner, FILE, {"format": form}),
    ):
        assert response.status_code == 400
        assert fields_of(response) == ["format"]


@pytest.mark.parametrize("parameter", ["max_step=patch", "image=x", "accept=major_jump", "a=b"])
def test_beside_a_json_body_the_query_names_the_form_alone(
    client: FlaskClient,
    parameter: str,
) -> None:
    response = post_json(client, {"image": UPGRADABLE}, f"?{parameter}")

    assert response.status_code == 400
    assert fields_of(response) == [parameter.partition("=")[0]]


@pytest.mark.parametrize("parameter", ["release_file=x", "max_steps=patch", "Image=x"])
def test_an_unknown_parameter_beside_a_file_is_named(client: FlaskClient, parameter: str) -> None:
    response = client.post(f"{URL}?image={UPGRADABLE}&{parameter}", data=FILE, content_type=TEXT)

    assert response.status_code == 400
    assert fields_of(response) == [parameter.partition("=")[0]]


@pytest.mark.parametrize("parameter", ["image", "max_step", "boot_state", "format"])
def test_a_repeated_parameter_beside_a_file_is_named(client: FlaskClient, parameter: str) -> None:
    response = client.post(f"{URL}?{parameter}=a&{parameter}=a", data=FILE, content_type=TEXT)

    assert response.status_code == 400
    assert fields_of(response) == [parameter]


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/octet-stream",
        "application/yaml",
        "application/problem+json",
        "text/json",
        "text/html",
        "text",
        "*/*",
    ],
)
def test_a_body_of_another_type_is_a_problem(client: FlaskClient, content_type: str | None) -> None:
    response = client.post(URL, data=b'{"image": "x"}', content_type=content_type)

    assert (response.status_code, response.mimetype) == (415, "application/problem+json")
    assert response.json is not None
    assert "text/plain" in response.json["detail"]


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        "application/json;charset=iso-8859-1",
    ],
)
def test_parameters_of_the_type_do_not_matter(client: FlaskClient, content_type: str) -> None:
    response = client.post(URL, data=json.dumps({"image": UPGRADABLE}), content_type=content_type)

    assert response.status_code == 200


@pytest.mark.parametrize("content_type", [JSON, TEXT])
@pytest.mark.parametrize(("size", "status"), [(262_144, 400), (262_145, 413), (5_000_000, 413)])
def test_a_body_has_a_limit(
    client: FlaskClient,
    content_type: str,
    size: int,
    status: int,
) -> None:
    response = client.post(URL, data=size * b"#", content_type=content_type)

    assert (response.status_code, response.mimetype) == (status, "application/problem+json")
    assert response.json is not None
    told = response.json["detail"] == "A body has at most 262144 bytes."
    assert told is (status == 413)


@pytest.mark.parametrize(
    "body",
    [b'{"max_version": ' + 100_000 * b"1" + b"}", b'{"exclude": [' + 5_000 * b"9" + b"]}"],
)
def test_a_number_that_is_too_long_is_told(client: FlaskClient, body: bytes) -> None:
    response = post_json(client, body)

    assert response.status_code == 400
    assert response.json is not None
    assert response.json["errors"] == [{"field": "body", "message": "It holds too long a number."}]


def test_a_refusal_is_one_line_as_text(client: FlaskClient) -> None:
    response = post_file(client, b'KAIROS_NAME="', Accept=TEXT)

    assert (response.status_code, response.mimetype) == (400, TEXT)
    assert response.text.startswith("error: invalid-request: release_file: Line 1 ")


def test_a_file_of_ones_own_repository_is_answered_from_there() -> None:
    tags = ["1-core-amd64-generic-v1.0.0", "1-core-amd64-generic-v1.1.0"]
    own = build_client({OWN: tags}, ADVISOR_REPOSITORIES="registry.example/team/*")

    response = post_file(own, write_file(FILE, IMAGE_REPO=OWN, FLAVOR=None))

    assert response.json is not None
    assert response.json["target"]["reference"] == f"{OWN}:{tags[1]}"


def test_a_critical_warning_is_accepted_in_the_body_and_beside_a_file(owner: FlaskClient) -> None:
    file = write_file(FILE, FLAVOR_RELEASE="2")
    image = f"{FLAVOR}:2-core-amd64-generic-v1.0.0"

    refused = post_file(owner, file, {"format": "text"})
    in_query = post_file(owner, file, {"format": "text", "accept": ["major_jump"]})
    in_body = post_json(owner, {"image": image, "accept": ["major_jump"]}, "?format=text")

    assert refused.status_code == 409
    assert in_query.text == in_body.text == f"{FLAVOR}:2-core-amd64-generic-v2.0.0\n"
