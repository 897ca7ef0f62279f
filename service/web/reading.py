"""Requests to plain values: what a query or a body holds, before anyone asks what it means."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from flask import Request
from marshmallow import Schema, ValidationError
from werkzeug.exceptions import RequestEntityTooLarge

from service.domain.reference import quote
from service.errors import FieldError, InvalidRequestError

# How many errors are told, and how many values a list may have.
MAX_LISTED = 50

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
REPEATABLE = frozenset({"exclude", "accept"})


class ParametersSchema(Schema):
    """A query in which nothing unknown is ignored; it has no parameters by itself."""

    error_messages = {"unknown": "No such parameter."}  # noqa: RUF012 - as marshmallow has it


def load_parameters(schema: ParametersSchema, request: Request) -> Any:  # noqa: ANN401 - a schema's
    """Load a query by a schema; every bad parameter is named.

    Raises:
        InvalidRequestError: A parameter is missing, unknown, repeated or out of range.
    """
    return load(schema, read_parameters(request))


def load(schema: Schema, values: Mapping[str, object], *, partial: bool = False) -> Any:  # noqa: ANN401 - a schema's
    """Load values by a schema; every bad one is named.

    Args:
        schema: What the values should be.
        values: By their names.
        partial: Whether to leave out what is missing, which otherwise takes as long as what is
            there: nothing is required then, and nothing has a default.

    Raises:
        InvalidRequestError: A value is missing, unknown or out of range.
    """
    try:
        return schema.load(values, partial=partial)
    except ValidationError as error:
        raise InvalidRequestError(list_errors(error.messages_dict)) from error


def refuse_parameters(names: Iterable[str]) -> None:
    """Refuse parameters that belong into the body.

    Raises:
        InvalidRequestError: There is one.
    """
    surplus = list(names)[:MAX_LISTED]
    if surplus:
        message = "Not in the query of this JSON body, which holds the policy itself."
        raise InvalidRequestError([FieldError(_shown(name), message) for name in surplus])


def read_parameters(request: Request) -> dict[str, object]:
    """Give single values, and lists of those that may be repeated.

    Raises:
        InvalidRequestError: A parameter is repeated, or not in UTF-8.
    """
    try:
        values = request.args.to_dict(flat=False)
    except UnicodeDecodeError as error:
        raise InvalidRequestError([FieldError("query", "Percent-encode its bytes.")]) from error
    repeated = [name for name in values if len(values[name]) > 1 and name not in REPEATABLE]
    if repeated:
        raise InvalidRequestError(
            [FieldError(_shown(name), "Give it once.") for name in repeated[:MAX_LISTED]],
        )
    return {name: all_ if name in REPEATABLE else all_[0] for name, all_ in values.items()}


def read_text(request: Request) -> str:
    """Give the body as text.

    Raises:
        InvalidRequestError: It is not UTF-8.
        RequestEntityTooLarge: It is longer than it may be.
    """
    body = request.get_data()
    # A body that does not say its length was read up to the limit: more of it is an error.
    if request.content_length is None and request.environ["wsgi.input"].read(1):
        raise RequestEntityTooLarge
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise InvalidRequestError([FieldError("body", "It is not UTF-8 text.")]) from error


def read_object(request: Request) -> Mapping[str, object]:
    """Give the members of a JSON body.

    Raises:
        InvalidRequestError: It is not a JSON object in UTF-8.
        RequestEntityTooLarge: It is longer than it may be.
    """
    body = parse_json(read_text(request))
    if not isinstance(body, dict):
        raise InvalidRequestError([FieldError("body", "It is not a JSON object.")])
    return body


def parse_json(text: str) -> object:
    """Parse a body.

    Raises:
        InvalidRequestError: It is not JSON, or holds a member twice.
    """
    try:
        return json.loads(text, object_pairs_hook=_refuse_repeated)
    except RecursionError as error:
        raise InvalidRequestError([FieldError("body", "It is nested too deeply.")]) from error
    except json.JSONDecodeError as error:
        raise InvalidRequestError([FieldError("body", f"It is not JSON: {error}.")]) from error
    except ValueError as error:  # An integer of thousands of digits.
        raise InvalidRequestError([FieldError("body", "It holds too long a number.")]) from error


def _refuse_repeated(members: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(members)
    if len(values) < len(members):
        raise InvalidRequestError([FieldError("body", "A member stands twice.")])
    return values


def list_errors(messages: Mapping[str, Any]) -> list[FieldError]:
    """Make one error a field, or an item of a list, of marshmallow's messages."""
    errors = []
    for name, found in sorted(messages.items())[:MAX_LISTED]:
        items = sorted(found.items()) if isinstance(found, Mapping) else [(None, found)]
        for index, texts in items[:MAX_LISTED]:
            field = _shown(name) if index is None else f"{_shown(name)}[{index}]"
            errors.append(FieldError(field, " ".join(map(str, texts))))
    return errors


def _shown(name: str) -> str:
    """Give a parameter's name for a message: callers choose unknown ones freely."""
    return name if _PLAIN_NAME.fullmatch(name) else quote(name)
