from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from service.errors import RegistryUnavailableError
from tests.apps import (
    BLOCKED,
    FLAVOR,
    FLAVOR_TAGS,
    MAJOR_JUMP,
    MANUAL,
    UP_TO_DATE,
    UPGRADABLE,
    build_client,
)
from tests.http.page import Page

TRACKED = f"{FLAVOR},quay.io/kairos/hadron"
_NONE = "\N{EN DASH}"
HOSTILE = "<script>alert(1)</script>\"'"


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return build_client(ADVISOR_TRACKED_REPOSITORIES=TRACKED)


def read(client: FlaskClient, **query: str) -> Page:
    response = client.get("/", query_string=query)
    assert (response.status_code, response.mimetype) == (200, "text/html")
    return Page(response.text)


def column(page: Page, number: int) -> list[str]:
    return [row[number] for row in page.rows[1:]]


def first_words(page: Page, number: int) -> list[str]:
    return [cell.partition(",")[0] for cell in column(page, number)]


def test_the_matrix_has_a_row_for_each_stream(client: FlaskClient) -> None:
    page = read(client)

    streams = client.get("/v1/matrix").get_json()["streams"]
    shown = {(row[0], row[1], row[2].partition(",")[0], row[3], row[6]) for row in page.rows[1:]}
    assert len(page.rows[1:]) == len(streams)
    names = ("flavor", "flavor_release", "variant", "arch")
    assert shown == {
        (*(each[name] for name in names), each["newest"]["version"]) for each in streams
    }


def test_a_row_tells_all_of_a_stream(client: FlaskClient) -> None:
    page = read(client, flavor="flavor", variant="standard", arch="amd64")

    head, row = page.rows
    assert head == [
        *("Flavor", "Release", "Variant", "Arch", "Model"),
        *("Kubernetes", "Newest", "Branch", "Support", "Listed"),
    ]
    assert row[:9] == [
        *("flavor", "1", "standard", "amd64", "generic"),
        *("v1.32.1+k3s1", "v1.1.0", "1.1", "supported"),
    ]
    assert row[9].endswith(" ago")


@pytest.mark.parametrize(
    ("name", "value", "number", "shown"),
    [
        ("flavor", "hadron", 0, {"hadron"}),
        ("variant", "standard", 2, {"standard"}),
        ("arch", "arm64", 3, {"arm64"}),
        ("model", "generic", 4, {"generic"}),
        ("distribution", "k3s", 5, {"v1.32.1+k3s1"}),
        ("distribution", "none", 5, {_NONE}),
        ("distribution", "unknown", 5, {"unknown"}),
        ("verdict", "supported", 8, {"supported"}),
    ],
)
def test_a_filter_leaves_only_what_it_names(
    client: FlaskClient, name: str, value: str, number: int, shown: set[str]
) -> None:
    page = read(client, **{name: value})

    assert set(column(page, number)) == shown
    assert page.chosen[name] == value


def test_filters_narrow_each_other(client: FlaskClient) -> None:
    page = read(client, flavor="flavor", arch="arm64", variant="core")

    assert [row[:4] for row in page.rows[1:]] == [["flavor", "1", "core", "arm64"]]


def test_an_empty_filter_asks_for_nothing(client: FlaskClient) -> None:
    page = read(client, flavor="", variant="", sort="")

    assert page.rows == read(client).rows


def test_a_filter_that_nothing_passes_says_so_and_leads_back(client: FlaskClient) -> None:
    page = read(client, flavor="gentoo")

    assert page.rows[1:] == [["No stream is like that."]]
    assert page.links["Show all"] == "/#matrix"


@pytest.mark.parametrize("name", ["flavor", "release", "variant", "arch", "model", "newest"])
def test_a_column_is_sorted_both_ways(client: FlaskClient, name: str) -> None:
    number = [head.lower() for head in read(client).rows[0]].index(name)

    upwards = first_words(read(client, flavor="flavor", sort=name), number)
    downwards = first_words(read(client, flavor="flavor", sort=f"-{name}"), number)

    assert upwards == sorted(upwards)
    assert downwards == sorted(upwards, reverse=True)


def test_numbers_are_sorted_as_numbers() -> None:
    tags = [f"1-core-amd64-generic-v1.{minor}.0" for minor in (9, 10)]
    tags += [f"{base}-core-arm64-generic-v1.1.0" for base in ("9.04", "10.04")]
    client = build_client({FLAVOR: tags}, ADVISOR_TRACKED_REPOSITORIES=TRACKED)

    page = read(client, sort="release", flavor="flavor")

    assert column(page, 1) == ["1", "9.04", "10.04"]


def test_the_head_of_a_column_keeps_the_filter_and_turns_the_order(client: FlaskClient) -> None:
    page = read(client, flavor="flavor", sort="newest")

    query = parse_qs(urlsplit(page.links["Newest"]).query)
    assert query == {"flavor": ["flavor"], "sort": ["-newest"]}
    assert 'aria-sort="ascending"' in page.text


def test_what_is_supported_stands_first() -> None:
    tags = [*FLAVOR_TAGS, "0-core-amd64-generic-v0.9.0"]
    page = read(build_client({FLAVOR: tags}, ADVISOR_TRACKED_REPOSITORIES=TRACKED))

    verdicts = column(page, 8)
    assert verdicts[0] == "supported"
    assert verdicts == sorted(verdicts, reverse=True)
    assert "end of the line" in verdicts


def test_a_list_that_is_missing_is_named() -> None:
    silent = RegistryUnavailableError("the registry is silent")
    page = read(
        build_client({"quay.io/kairos/hadron": silent}, ADVISOR_TRACKED_REPOSITORIES=TRACKED)
    )

    assert "Not listed yet: quay.io/kairos/hadron." in page.text
    assert "The latest release branch is not known" in page.text


@pytest.mark.parametrize(
    ("image", "headline"),
    [
        (UPGRADABLE, "An upgrade is available"),
        (MAJOR_JUMP, "An upgrade is available"),
        (UP_TO_DATE, "Up to date"),
        (BLOCKED, "Blocked by a safety rule"),
        (MANUAL, "An upgrade by hand"),
        (f"{FLAVOR}:1-core-amd64-generic-v9.0.0", "Ahead of every release"),
    ],
)
def test_the_status_is_told_in_words(client: FlaskClient, image: str, headline: str) -> None:
    page = read(client, image=image)

    assert f'<h2 id="answer-title">{headline}</h2>' in page.text
    assert f"<title>{headline} · " in page.text


def test_the_answer_is_that_of_the_service(client: FlaskClient) -> None:
    page = read(client, image=MAJOR_JUMP)

    answer = client.get("/v1/upgrade", query_string={"image": MAJOR_JUMP}).get_json()
    told = [answer["target"]["reference"], answer["commands"]["kairos_agent"]]
    told += [warning["code"] for warning in answer["warnings"]]
    assert [each for each in told if each not in page.text] == []


def test_each_way_to_read_more_says_about_what(client: FlaskClient) -> None:
    page = read(client, image=MAJOR_JUMP)

    answer = client.get("/v1/upgrade", query_string={"image": MAJOR_JUMP}).get_json()
    codes = [warning["code"] for warning in answer["warnings"] if warning["url"]]
    assert codes
    assert {f"about {code}" for code in codes} <= page.links.keys()


def test_the_policy_of_the_form_is_followed_and_shown_again(client: FlaskClient) -> None:
    policy = {
        "max_step": "patch",
        "kubernetes": "keep",
        "flavor_release": "follow",
        "prerelease": "true",
    }
    page = read(client, image=UPGRADABLE, **policy)

    assert "Held back by policy" in page.text
    assert page.chosen == policy


def test_an_answer_leads_to_itself_as_json(client: FlaskClient) -> None:
    page = read(client, image=UPGRADABLE, max_step="minor", kubernetes="")

    answer = client.get(page.links["The same as JSON"])

    assert answer.get_json()["running"]["reference"] == UPGRADABLE
    assert parse_qs(urlsplit(page.links["The same as JSON"]).query) == {
        "image": [UPGRADABLE],
        "max_step": ["minor"],
    }


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        ({"image": ""}, 400, "Give an image"),
        ({"image": "oci:x"}, 400, "leave out the leading &#39;oci:&#39;"),
        ({"image": UPGRADABLE, "max_step": "huge"}, 400, "<code>max_step</code>: Must be one of"),
        ({"sort": "size"}, 400, "<code>sort</code>: Must be the name of a column"),
        ({"flavour": "x"}, 400, "<code>flavour</code>: No such parameter."),
        ({"flavor": "x" * 129}, 400, "<code>flavor</code>: Longer than maximum length 128."),
        ({"image": "docker.io/library/debian:12"}, 403, "Repository not allowed"),
        ({"image": f"{FLAVOR}:9-core-amd64-generic-v1.0.0"}, 404, "No image of this stream"),
        ({"image": f"{FLAVOR}:latest"}, 422, "The tag carries no version"),
    ],
)
def test_an_error_is_told_in_the_page_with_its_status(
    client: FlaskClient, query: dict[str, str], status: int, told: str
) -> None:
    response = client.get("/", query_string=query)

    assert (response.status_code, response.mimetype) == (status, "text/html")
    assert told in response.text
    assert "What to do." in response.text
    assert len(Page(response.text).rows) > 5


@pytest.mark.parametrize(
    "query", [{"flavour": "x"}, {"sort": "size"}, {"flavor": "x" * 129}, {"kubernetes": "none"}]
)
def test_what_was_typed_stays_in_the_form_beside_an_error(
    client: FlaskClient, query: dict[str, str]
) -> None:
    typed = {"image": UPGRADABLE, "max_step": "patch"}

    response = client.get("/", query_string={**typed, **query})

    assert response.status_code == 400
    assert f'value="{UPGRADABLE}"' in response.text
    assert Page(response.text).chosen["max_step"] == "patch"


def test_a_silent_registry_is_told_with_when_to_ask_again() -> None:
    silent = RegistryUnavailableError("the registry is silent", retry_after_seconds=7)
    client = build_client({"quay.io/kairos/failing": silent}, ADVISOR_TRACKED_REPOSITORIES=TRACKED)

    response = client.get("/?image=quay.io/kairos/failing:1-core-amd64-generic-v1.0.0")

    assert (response.status_code, response.headers["Retry-After"]) == (503, "7")
    assert "the registry is silent" in response.text


@pytest.mark.parametrize("name", ["image", "max_step", "flavor", "sort", HOSTILE])
def test_hostile_input_is_escaped(client: FlaskClient, name: str) -> None:
    response = client.get("/", query_string={"image": UPGRADABLE, name: HOSTILE})

    page = Page(response.text)
    assert "<script>alert" not in page.text
    assert page.inline == []


@pytest.mark.parametrize("path", ["/", f"/?image={MAJOR_JUMP}", "/docs", "/problems"])
def test_a_page_holds_no_script_and_no_style_and_loads_nothing_from_elsewhere(
    client: FlaskClient, path: str
) -> None:
    response = client.get(path)

    page = Page(response.text)
    policy = response.headers["Content-Security-Policy"]
    assert page.inline == []
    assert page.loaded
    assert [address for address in page.loaded if not address.startswith("/static/")] == []
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_what_a_page_loads_may_be_kept_for_ever(client: FlaskClient) -> None:
    for address in Page(client.get("/docs").text).loaded:
        response = client.get(address)

        assert response.status_code == 200
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_what_is_asked_for_by_another_digest_is_asked_for_again(client: FlaskClient) -> None:
    told = client.get("/static/style.css?v=old")

    again = client.get("/static/style.css", headers={"If-None-Match": told.headers["ETag"]})

    assert told.headers["Cache-Control"] == "no-cache"
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("name", ["index.css", "swagger-ui.js", "..%2fassets.py", "assets.py"])
def test_nothing_else_is_served(client: FlaskClient, name: str) -> None:
    assert client.get(f"/static/{name}").status_code == 404
