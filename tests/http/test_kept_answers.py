import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import pytest
from flask import Response
from structlog.testing import capture_logs

from service.adapters.snapshot import SnapshotTagSource
from service.domain.catalogue import TagListing
from service.domain.delivery import Delivery
from service.domain.reference import Repository
from tests.apps import FLAVOR, FLAVOR_TAGS, HADRON_TAGS
from tests.changing import CHANGES, LIFE, Change, World, ask, ask_flask
from tests.counting import Added
from tests.fakes import FakeTagSource

# Each chooses another answer, or another way to send it.
QUESTIONS = {
    "json": {},
    "by a browser": {"Accept": "text/html,application/json;q=0.9"},
    "as text": {"Accept": "text/plain"},
    "as env": {"query": "&format=env"},
    "as a resource": {"query": "&format=nodeopupgrade&accept=advisory:operator-exclude-path"},
    "without a target": {"query": "&format=text&exclude=v1.1.0&max_step=patch"},
    "head": {"method": "HEAD"},
    "not known": {"If_None_Match": 'W/"000000000000000000000000"'},
    "whatever": {"If_None_Match": "*"},
    "whatever, head": {"If_None_Match": "*", "method": "HEAD"},
}


class _Broken(dict[str, Delivery]):
    """Answers with a bug in them."""

    def get(self, *_: object) -> NoReturn:
        raise RuntimeError


class _Files(FakeTagSource):
    """A snapshot."""

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self._directory = directory
        self._snapshot = SnapshotTagSource(directory)

    def write(self, repository: str, tags: Sequence[str]) -> None:
        file = self._directory / f"{repository}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"tags": tags}))

    def list_tags(self, repository: Repository) -> TagListing:
        return replace(self._snapshot.list_tags(repository), fetched_at=self.clock())


@pytest.fixture
def world() -> World:
    return World()


def count_requests(world: World) -> list[str]:
    """Give a list that grows with each request that gets to Flask."""
    seen: list[str] = []
    world.app.before_request(lambda: seen.append("one"))
    return seen


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_a_kept_answer_is_the_one_that_would_be_made_now(world: World, change: Change) -> None:
    before = [ask(world.app) for _ in range(3)]

    world.change(change)

    after = [ask(world.app) for _ in range(3)]
    assert after == [ask(world.build_app())] * 3
    assert after[0].body != before[0].body


def test_a_file_that_changed_is_answered_from(tmp_path: Path) -> None:
    files = _Files(tmp_path)
    files.write(FLAVOR, FLAVOR_TAGS)
    files.write("quay.io/kairos/hadron", HADRON_TAGS)
    world = World(files)
    before = [ask(world.app) for _ in range(2)]

    files.write(FLAVOR, [*FLAVOR_TAGS, "1-core-amd64-generic-v1.2.0"])
    world.change(lambda _: None)

    after = ask(world.app)
    assert after == ask(world.build_app())
    assert b"v1.2.0" in after.body
    assert b"v1.2.0" not in before[-1].body


def test_the_answer_to_a_bug_is_not_sent_again(world: World) -> None:
    broken = True

    def fail(response: Response) -> Response:
        if broken:
            raise RuntimeError
        return response

    world.app.after_request(fail)
    assert [ask(world.app).status[:3] for _ in range(3)] == ["500"] * 3

    broken = False

    assert [ask(world.app).status[:3] for _ in range(3)] == ["200"] * 3


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=list(QUESTIONS))
def test_what_passes_flask_by_is_sent_as_flask_sends_it(
    world: World, question: dict[str, str]
) -> None:
    seen = count_requests(world)
    ask(world.app, **question)
    expected = ask_flask(world.app, **question)
    before = len(seen)

    found = ask(world.app, **question)

    assert len(seen) == before
    assert found == expected
    assert found == ask(world.build_app(), **question)


def test_what_passes_flask_by_is_logged_as_flask_logs_it(world: World) -> None:
    ask(world.app)
    with capture_logs() as lines:
        ask_flask(world.app, traceparent=f"00-{'a' * 32}-{'b' * 16}-01")
        ask(world.app, traceparent=f"00-{'a' * 32}-{'b' * 16}-01")

    by_flask, past_flask = lines
    assert by_flask.pop("duration_ms") > 0
    assert past_flask.pop("duration_ms") > 0
    assert past_flask == by_flask


@pytest.mark.parametrize("question", [{}, {"If_None_Match": "*"}, {"method": "HEAD"}])
def test_what_passes_flask_by_is_counted(world: World, question: dict[str, str]) -> None:
    status = ask(world.app, **question).status[:3]
    method = question.get("method", "GET")
    labels = {"route": "/v1/upgrade", "method": method, "status": status}
    requests = Added("advisor_requests_total", **labels)
    seconds = Added("advisor_request_seconds_count", route="/v1/upgrade")

    ask(world.app, **question)

    assert requests() == 1
    assert seconds() == 1


def test_each_request_has_its_own_id(world: World) -> None:
    ids = [ask(world.app, X_Request_ID=given).header("X-Request-ID") for given in ("a", "b", "c")]
    made = {ask(world.app, X_Request_ID="not harmless").header("X-Request-ID") for _ in range(3)}

    assert ids == ["a", "b", "c"]
    assert len(made) == 3


def test_the_age_is_told_anew(world: World) -> None:
    ask(world.app)
    world.clock.advance(timedelta(seconds=41))

    assert [ask(world.app).header("Age") for _ in range(2)] == ["41", "41"]


def test_a_kept_answer_has_what_is_due_listed_again(world: World) -> None:
    ask(world.app)
    ask(world.app)
    listed = len(world.source.asked)

    world.change(lambda _: None)

    assert len(world.source.asked) == listed + 2
    assert ask(world.app).header("Age") == "0"


def test_an_error_is_not_kept(world: World) -> None:
    seen = count_requests(world)

    found = [ask(world.app, query="&format=pdf").status for _ in range(3)]

    assert found == ["400 BAD REQUEST"] * 3
    assert len(seen) == 3


def test_what_a_failure_left_out_is_there_as_soon_as_it_can_be(world: World) -> None:
    world.fail()
    assert ask(world.app).status == "503 SERVICE UNAVAILABLE"

    world.list_tags()
    world.clock.advance(LIFE)

    assert ask(world.app).status == "200 OK"


def test_a_limit_counts_what_is_kept(world: World) -> None:
    app = world.build_app(ADVISOR_RATE_LIMIT="3/minute")

    statuses = [ask(app).status[:3] for _ in range(4)]

    assert statuses == ["200", "200", "200", "429"]


def test_what_is_kept_needs_a_token_each_time(world: World, tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text(f"{'t' * 32}\n")
    app = world.build_app(ADVISOR_API_TOKENS_FILE=str(file))
    ask(app, Authorization=f"Bearer {'t' * 32}")
    ask(app, Authorization=f"Bearer {'t' * 32}")

    assert ask(app).status == "401 UNAUTHORIZED"


@pytest.mark.parametrize("settings", [{}, {"ADVISOR_RATE_LIMIT": "1000/minute"}])
def test_a_bug_behind_a_kept_answer_is_a_problem(world: World, settings: dict[str, str]) -> None:
    app = world.build_app(**settings)
    ask(app)
    ask(app)
    world.verifier.answers = _Broken()

    found = ask(app)

    assert found.status == "500 INTERNAL SERVER ERROR"
    assert found.header("Content-Type") == "application/problem+json"
