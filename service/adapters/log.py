"""The log: one line an event on stdout, of the service's own and of gunicorn's alike."""

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, Processor

_JSON = "json"


def _stamp(_: object, __: str, event: EventDict) -> EventDict:
    """Tell when it was; orjson writes times itself, ten times as fast as structlog does."""
    event["timestamp"] = datetime.now(UTC)
    return event


def _dump(event: object, **options: Callable[[object], object]) -> bytes:
    try:
        return orjson.dumps(event, options["default"], orjson.OPT_UTC_Z)
    except orjson.JSONEncodeError:
        # Half a character, or a number of more than 64 bits; what is told must not fail who tells.
        return json.dumps(event, default=str).encode()


def _dump_text(event: object, **options: Callable[[object], object]) -> str:
    return _dump(event, **options).decode()


# What every event is given, whoever tells of it.
_COMMON: tuple[Processor, ...] = (
    structlog.processors.add_log_level,
    _stamp,
    structlog.processors.format_exc_info,
)


def configure_logging(level: str, log_format: str) -> None:
    """Let structlog write from here on.

    Args:
        level: The lowest that is written, such as ``info``.
        log_format: ``json``, or ``console`` for people.
    """
    is_json = log_format == _JSON
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            *_COMMON,
            structlog.processors.JSONRenderer(_dump)
            if is_json
            else structlog.dev.ConsoleRenderer(),
        ],
        logger_factory=structlog.BytesLoggerFactory()
        if is_json
        else structlog.PrintLoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()],
        ),
    )


def describe_logging(level: str, log_format: str) -> dict[str, Any]:
    """Describe the same for what logs by Python's ``logging``, as ``dictConfig`` takes it.

    Args:
        level: As for ``configure_logging``, of gunicorn.
        log_format: As for ``configure_logging``.
    """
    is_json = log_format == _JSON
    return {
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.JSONRenderer(_dump_text)
                    if is_json
                    else structlog.dev.ConsoleRenderer(),
                ],
                "foreign_pre_chain": [structlog.stdlib.add_logger_name, *_COMMON],
            },
        },
        "handlers": {
            "stdout": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "stream": "ext://sys.stdout",
            },
        },
        "root": {"level": "WARNING", "handlers": ["stdout"]},
        "loggers": {
            "gunicorn.error": {
                "level": level.upper(),
                "handlers": ["stdout"],
                "propagate": False,
            },
        },
    }
