import pytest
from flask import request
from structlog.testing import capture_logs
from structlog.typing import EventDict

from service.domain.status import Status
from service.domain.support import Verdict
from service.web.access_log import AccessLog, Outcome
from service.web.decision import Decision
from tests.apps import MAJOR_JUMP, UP_TO_DATE, UPGRADABLE, build_client

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def _log(path: str, method: str = "GET", **headers: str) -> list[EventDict]:
    """Give what is logged of one request."""
    client = build_client()
    with capture_logs() as lines:
        client.open(path, method=method, headers=headers)
    return [line for line in lines if line["event"] in ("request", "decision")]


def test_a_request_has_one_line() -> None:
    (line,) = _log("/problems/blocked")

    assert 0 < line.pop("duration_ms") < 10_000
    assert line == {
        "event": "request",
        "log_level": "info",
        "caller": "127.0.0.1",
        "method": "GET",
        "route": "/problems/<slug>",
        "status": 200,
    }


@pytest.mark.parametrize("path", ["/livez", "/metrics"])
def test_who_looks_after_the_service_is_not_logged(path: str) -> None:
    assert _log(path) == []


def test_a_decision_can_be_found_again() -> None:
    (line,) = _log(f"/v1/upgrade?image={MAJOR_JUMP}")

    decision = line["decision"]
    assert decision.pop("rules") == build_client().application.config["RULES_VERSION"]
    assert decision == {
        "running": MAJOR_JUMP,
        "target": MAJOR_JUMP.replace("v1.0.0", "v2.0.0"),
        "status": "upgrade_available",
        "verdict": "unsupported",
        "warnings": ("major_jump", "advisory:v3-eol", "running_branch_unsupported"),
        "listed_at": "2026-11-22T19:07:00+00:00",
    }


def test_a_decision_of_the_page_is_that_of_the_answer() -> None:
    (told,) = _log(f"/v1/upgrade?image={MAJOR_JUMP}")
    (shown,) = _log(f"/?image={MAJOR_JUMP}")

    assert shown["route"] == "/"
    assert shown["decision"] == told["decision"]


def test_a_decision_without_a_target_says_so() -> None:
    (line,) = _log(f"/v1/upgrade?image={UP_TO_DATE}")

    assert (line["decision"]["status"], line["decision"]["target"]) == ("up_to_date", None)


def test_a_decision_is_logged_though_its_form_refuses_it() -> None:
    (line,) = _log(f"/v1/upgrade?format=text&image={MAJOR_JUMP}")

    assert (line["status"], line["code"]) == (409, "needs-acceptance")
    assert line["decision"]["status"] == "upgrade_available"


@pytest.mark.parametrize(
    ("path", "status", "code", "route"),
    [
        ("/v1/upgrade", 400, "invalid-request", "/v1/upgrade"),
        ("/v1/upgrade?image=quay.io/other/x:v1.0.0", 403, "repository-not-allowed", "/v1/upgrade"),
        ("/?image=quay.io/other/x:v1.0.0", 403, "repository-not-allowed", "/"),
        ("/nowhere", 404, "not-found", None),
    ],
)
def test_a_problem_is_logged_by_its_code(
    path: str, status: int, code: str, route: str | None
) -> None:
    (line,) = _log(path)

    assert (line["status"], line["code"], line["route"]) == (status, code, route)
    assert "decision" not in line


def test_the_trace_of_the_caller_is_logged() -> None:
    (line,) = _log("/nowhere", traceparent=TRACEPARENT)

    assert line["traceparent"] == TRACEPARENT


@pytest.mark.parametrize("given", ["", "mine", TRACEPARENT.upper(), f"{TRACEPARENT}-x", "00-" * 30])
def test_what_is_no_trace_is_not_logged(given: str) -> None:
    (line,) = _log("/nowhere", traceparent=given)

    assert "traceparent" not in line


def test_the_line_carries_the_id_of_its_request(
    capsys: pytest.CaptureFixture[str],
) -> None:
    client = build_client()

    client.get(f"/v1/upgrade?image={UPGRADABLE}", headers={"X-Request-ID": "mine"})

    lines = [line for line in capsys.readouterr().out.splitlines() if '"event":"request"' in line]
    assert ['"request_id":"mine"' in line for line in lines] == [True]


def test_nothing_is_logged_below_the_level(capsys: pytest.CaptureFixture[str]) -> None:
    client = build_client(ADVISOR_LOG_LEVEL="warning")

    client.get(f"/v1/upgrade?image={UPGRADABLE}")

    assert '"event":"request"' not in capsys.readouterr().out


def test_each_node_of_a_fleet_has_a_line() -> None:
    nodes = [{"name": "one", "image": UPGRADABLE}, {"name": "two", "image": UP_TO_DATE}]
    client = build_client()

    with capture_logs() as lines:
        client.post("/v1/upgrades", json={"nodes": nodes})

    told = [line["decision"] for line in lines if line["event"] == "decision"]
    assert [(each["node"], each["running"], each["status"]) for each in told] == [
        ("one", UPGRADABLE, "upgrade_available"),
        ("two", UP_TO_DATE, "up_to_date"),
    ]


def test_many_decisions_have_a_line_each() -> None:
    app = build_client().application
    decisions = [
        Decision(
            running=UPGRADABLE,
            target=None,
            status=Status.AHEAD,
            verdict=Verdict.UNKNOWN,
            warnings=(),
            listed_at="2026-11-22T19:07:00+00:00",
            node=name,
        )
        for name in ("one", "two")
    ]
    outcome = Outcome("/v1/upgrades", "POST", 200, 0.01, None, decisions)

    with app.test_request_context("/v1/upgrades"), capture_logs() as lines:
        AccessLog("rules").write(request.environ, outcome)

    assert [line["event"] for line in lines] == ["request", "decision", "decision"]
    assert [line["decision"]["node"] for line in lines[1:]] == ["one", "two"]
    assert "decision" not in lines[0]
