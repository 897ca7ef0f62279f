import json
import logging
import logging.config
from collections.abc import Iterator

import pytest
import structlog

from service.adapters.log import configure_logging, describe_logging

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _configured_as_before() -> Iterator[None]:
    before = structlog.get_config()
    root = list(logging.getLogger().handlers)
    structlog.contextvars.clear_contextvars()
    yield
    structlog.configure(**before)
    logging.getLogger().handlers = root
    logging.getLogger("gunicorn.error").handlers = []


def test_an_event_is_one_line_of_json(capsys: Capture) -> None:
    configure_logging("info", "json")

    structlog.get_logger().info("listed", tags=3, host="é\n")

    line = capsys.readouterr().out
    assert line.count("\n") == 1
    event = json.loads(line)
    assert event.pop("timestamp").endswith("Z")
    assert event == {"event": "listed", "level": "info", "tags": 3, "host": "é\n"}


@pytest.mark.parametrize("value", ["\ud800", 2**64, object()])
def test_what_json_has_no_word_for_is_told_all_the_same(value: object, capsys: Capture) -> None:
    configure_logging("info", "json")

    structlog.get_logger().warning("odd", value=value)

    assert json.loads(capsys.readouterr().out)["event"] == "odd"


def test_an_error_is_told_with_its_way(capsys: Capture) -> None:
    configure_logging("info", "json")

    structlog.get_logger().error("unexpected", exc_info=RuntimeError("a bug"))

    assert "RuntimeError: a bug" in json.loads(capsys.readouterr().out)["exception"]


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_what_is_below_the_level_is_not_told(log_format: str, capsys: Capture) -> None:
    configure_logging("warning", log_format)

    structlog.get_logger().info("too quiet")

    assert capsys.readouterr().out == ""


def test_people_read_words(capsys: Capture) -> None:
    configure_logging("info", "console")

    structlog.get_logger().info("listed", tags=3)

    line = capsys.readouterr().out
    assert "listed" in line
    assert not line.startswith("{")


def test_gunicorn_tells_in_the_same_form(capsys: Capture) -> None:
    logging.config.dictConfig({"version": 1, **describe_logging("info", "json")})

    logging.getLogger("gunicorn.error").info("Booting worker with pid: %s", 7)

    event = json.loads(capsys.readouterr().out)
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "Booting worker with pid: 7",
        "level": "info",
        "logger": "gunicorn.error",
    }


def test_people_read_gunicorn_in_words(capsys: Capture) -> None:
    logging.config.dictConfig({"version": 1, **describe_logging("info", "console")})

    logging.getLogger("gunicorn.error").info("Booting")

    line = capsys.readouterr().out
    assert "Booting" in line
    assert not line.startswith("{")
