from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.adapters.refresh import Lives
from service.app import create_app
from service.domain.delivery import Delivery
from service.domain.reference import Repository
from service.errors import RegistryUnavailableError
from service.settings import Settings
from tests.apps import (
    BLOCKED,
    FLAVOR,
    FLAVOR_TAGS,
    HADRON_TAGS,
    SNAPSHOT,
    UP_TO_DATE,
    UPGRADABLE,
    build_client,
    build_source,
)
from tests.fakes import FakeBackground, FakeClock, FakeTagSource, FakeVerifier, build_cache
from tests.worked_examples import HADRON

FORMS = ["json", "text"]
LIFE = timedelta(minutes=15)
REPOSITORY = Repository.parse(FLAVOR)


class Listing:
    """A client of an app over lists that age and fail."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.source = FakeTagSource(self.clock)
        hadron = Repository.parse("quay.io/kairos/hadron")
        self.source.answers = {REPOSITORY: FLAVOR_TAGS, hadron: HADRON_TAGS}
        self.background = FakeBackground()
        lives = Lives(LIFE, timedelta(days=1), jitter=lambda life: life)
        cache = build_cache(self.source, lives=lives, background=self.background)
        self.client = create_app(Settings.from_env({}), cache, clock=self.clock).test_client()

    def ask(self, form: str = "json") -> TestResponse:
        return ask(self.client, UPGRADABLE, format=form)

    def refresh(self) -> None:
        """Let the listing become due, and be asked for again."""
        self.clock.advance(LIFE + timedelta(seconds=1))
        self.ask()
        self.background.finish()


@pytest.fixture
def listing() -> Listing:
    return Listing()


def ask(
    client: FlaskClient, image: str, if_none_match: str | None = None, **query: str
) -> TestResponse:
    headers = {"If-None-Match": if_none_match} if if_none_match else {}
    return client.get("/v1/upgrade", query_string={"image": image, **query}, headers=headers)


@pytest.mark.parametrize("form", FORMS)
def test_an_answer_tells_how_long_it_is_good(listing: Listing, form: str) -> None:
    listing.ask()
    listing.clock.advance(timedelta(seconds=41))

    headers = listing.ask(form).headers

    assert headers["Cache-Control"] == "max-age=900, stale-if-error=86400"
    assert headers["Age"] == "41"
    assert headers["ETag"].startswith('W/"')
    assert headers["Vary"] == "Accept"


def test_how_long_is_a_setting() -> None:
    client = build_client(ADVISOR_FRESH_SECONDS="60", ADVISOR_STALE_SECONDS="120")

    headers = ask(client, UPGRADABLE).headers

    assert headers["Cache-Control"] == "max-age=60, stale-if-error=120"


@pytest.mark.parametrize("form", FORMS)
def test_the_same_decision_has_the_same_tag_after_a_refresh(listing: Listing, form: str) -> None:
    before = listing.ask(form)

    listing.refresh()

    after = listing.ask(form)
    assert after.headers["ETag"] == before.headers["ETag"]
    assert after.headers["Age"] == "0"
    assert form == "text" or after.json != before.json


@pytest.mark.parametrize("form", FORMS)
def test_another_target_has_another_tag(listing: Listing, form: str) -> None:
    before = listing.ask(form)
    listing.source.answers[REPOSITORY] = [*FLAVOR_TAGS, "1-core-amd64-generic-v1.2.0"]

    listing.refresh()

    assert listing.ask(form).headers["ETag"] != before.headers["ETag"]


@pytest.mark.parametrize("form", FORMS)
def test_a_stale_answer_has_another_tag_and_is_good_for_now_alone(
    listing: Listing, form: str
) -> None:
    before = listing.ask(form)
    listing.source.answers[REPOSITORY] = RegistryUnavailableError("the registry is silent")

    listing.refresh()

    after = listing.ask(form)
    assert after.headers["ETag"] != before.headers["ETag"]
    assert after.headers["Cache-Control"] == "max-age=0, stale-if-error=86400"
    assert after.headers["Age"] == "901"


def test_an_answer_without_its_verdict_is_good_for_as_long_as_others() -> None:
    client = build_client({"quay.io/kairos/hadron": RegistryUnavailableError("silent")})

    assert ask(client, UPGRADABLE).headers["Cache-Control"].startswith("max-age=900, ")


def test_an_answer_that_is_not_verified_is_good_for_now_alone() -> None:
    verifier = FakeVerifier()
    verifier.answers = {"1-core-amd64-generic-v1.1.0": Delivery(trouble="no answer")}
    source = build_source({FLAVOR: FLAVOR_TAGS, "quay.io/kairos/hadron": HADRON_TAGS})
    client = create_app(Settings.from_env({}), source, verifier).test_client()

    before = ask(client, UPGRADABLE)
    verifier.answers = {}
    after = ask(client, UPGRADABLE)

    assert before.headers["Cache-Control"].startswith("max-age=0, ")
    assert after.headers["Cache-Control"].startswith("max-age=900, ")
    assert before.headers["ETag"] != after.headers["ETag"]


@pytest.mark.parametrize("image", [UPGRADABLE, UP_TO_DATE])
def test_each_form_has_its_own_tag(client: FlaskClient, image: str) -> None:
    forms = ["json", "text", "env", "auroraboot"]

    tags = {ask(client, image, format=form).headers["ETag"] for form in forms}

    assert len(tags) == len(forms)


def test_a_tag_does_not_depend_on_how_the_form_was_asked_for(client: FlaskClient) -> None:
    query = {"image": UPGRADABLE}

    told = client.get("/v1/upgrade", query_string=query, headers={"Accept": "text/plain"})

    assert told.headers["ETag"] == ask(client, UPGRADABLE, format="text").headers["ETag"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("image", [UPGRADABLE, UP_TO_DATE])
@pytest.mark.parametrize("shape", ["{}", '"other", {}', "*"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_who_has_the_answer_gets_its_headers_alone(
    client: FlaskClient, form: str, image: str, shape: str, method: str
) -> None:
    query = {"image": image, "format": form}
    told = ask(client, **query).headers

    response = client.open(
        "/v1/upgrade",
        method=method,
        query_string=query,
        headers={"If-None-Match": shape.format(told["ETag"])},
    )

    assert (response.status_code, response.data) == (304, b"")
    # Source: RFC 9110, section 15.4.5.
    for name in ("ETag", "Cache-Control", "Vary", "Upgrade-Status", "Upgrade-Warnings"):
        assert response.headers[name] == told[name]
    assert "Age" in response.headers
    assert "Content-Type" not in response.headers
    assert "Content-Length" not in response.headers


@pytest.mark.parametrize("shape", ['"other"', "other", 'W/"'])
def test_who_has_another_answer_gets_the_new_one(client: FlaskClient, shape: str) -> None:
    assert ask(client, UPGRADABLE, shape).status_code == 200


def test_a_tag_of_another_form_is_no_match(client: FlaskClient) -> None:
    tag = ask(client, UPGRADABLE, format="text").headers["ETag"]

    assert ask(client, UPGRADABLE, tag, format="json").status_code == 200


@pytest.mark.parametrize(
    ("query", "status"),
    [({"image": BLOCKED}, 409), ({"image": UPGRADABLE, "max_step": "x"}, 400), ({}, 400)],
)
def test_an_error_is_told_whatever_the_caller_has_and_is_not_kept(
    client: FlaskClient, query: dict[str, str], status: int
) -> None:
    response = client.get(
        "/v1/upgrade", query_string={"format": "text", **query}, headers={"If-None-Match": "*"}
    )

    assert response.status_code == status
    assert response.headers["Cache-Control"] == "no-store"
    assert "ETag" not in response.headers


@pytest.mark.parametrize("path", ["/nowhere", "/livez", "/readyz"])
def test_nothing_else_is_kept(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers

    assert headers["Cache-Control"] == "no-store"
    assert "ETag" not in headers


def test_the_answer_to_a_post_is_not_kept(client: FlaskClient) -> None:
    response = client.post(
        "/v1/upgrade", json={"image": UPGRADABLE}, headers={"If-None-Match": "*"}
    )

    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert "ETag" not in response.headers


@pytest.mark.parametrize("path", ["/openapi.yaml", "/problems/blocked"])
def test_a_page_is_kept_and_asked_about_each_time(client: FlaskClient, path: str) -> None:
    told = client.get(path)

    again = client.get(path, headers={"If-None-Match": told.headers["ETag"]})

    assert (told.status_code, told.headers["Cache-Control"]) == (200, "no-cache")
    assert (again.status_code, again.data) == (304, b"")


def test_an_answer_from_a_snapshot_is_as_old_as_its_file() -> None:
    clock = FakeClock()
    settings = Settings.from_env({"ADVISOR_SNAPSHOT_DIR": str(SNAPSHOT)})

    answer = ask(create_app(settings, clock=clock).test_client(), f"quay.io/kairos/{HADRON}")

    assert answer.headers["Cache-Control"] == "max-age=900, stale-if-error=86400"
    assert answer.json is not None
    age = clock() - datetime.fromisoformat(answer.json["catalogue"]["fetched_at"])
    assert answer.headers["Age"] == str(int(age.total_seconds()))


@pytest.mark.parametrize("path", [f"/v1/upgrade?image={UPGRADABLE}", "/livez", "/openapi.yaml"])
def test_head_has_the_headers_of_get(client: FlaskClient, path: str) -> None:
    headers = {"X-Request-ID": "mine"}

    got, head = client.get(path, headers=headers), client.head(path, headers=headers)

    assert head.data == b""
    assert head.headers == got.headers
