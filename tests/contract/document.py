"""The contract as it is written, and the validation of what is sent against it."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, TypeAlias

import yaml
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from tests.apps import ROOT

# The shape is OpenAPI's; a member that is missing fails the test that looks for it.
Node: TypeAlias = dict[str, Any]

# What gunicorn answers by itself, before the service is asked.
OF_THE_SERVER = {"414"}

_OURS = {
    "Age",
    "Allow",
    "Cache-Control",
    "ETag",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "Upgrade-Status",
    "Upgrade-Warnings",
    "Vary",
    "WWW-Authenticate",
    "X-Request-ID",
}


@cache
def load_document() -> Node:
    """Read openapi.yaml."""
    document: Node = yaml.safe_load((ROOT / "openapi.yaml").read_text())
    return document


def resolve(node: Node) -> Node:
    """Follow a ``$ref`` within the document, if there is one."""
    while "$ref" in node:
        found = load_document()
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def list_operations() -> Iterator[tuple[str, str, Node]]:
    """Give path, method in capitals and operation."""
    for path, item in load_document()["paths"].items():
        for method, operation in item.items():
            yield path, method.upper(), operation


def find_operation(operation_id: str) -> Node:
    """Give the operation of a view."""
    return next(each for *_, each in list_operations() if each["operationId"] == operation_id)


def list_parameters(operation: Node, place: str) -> dict[str, Node]:
    """Give the parameters of an operation that stand in one place, by name."""
    parameters = map(resolve, operation.get("parameters", []))
    return {parameter["name"]: parameter for parameter in parameters if parameter["in"] == place}


def validate(value: object, schema: Node) -> None:
    """Check a value against a schema of the document.

    Raises:
        ValidationError: It is something else.
    """
    whole = {**schema, "components": load_document()["components"]}
    _Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)


def validate_response(response: TestResponse, operation: Node) -> None:
    """Check headers, media type and body of a response against its operation."""
    responses = operation["responses"]
    told = resolve(responses.get(str(response.status_code), responses["default"]))
    _validate_headers(response.headers, told.get("headers", {}))
    content = told.get("content")
    if content is None:
        assert response.data == b""
        return
    assert response.mimetype in content
    validate(read_body(response), content[response.mimetype]["schema"])


def read_body(response: TestResponse) -> object:
    """Read a body by its media type; as text where that has no structure."""
    kind = str(response.mimetype)
    if kind.endswith("json"):
        return response.get_json(force=True)
    return yaml.safe_load(response.text) if kind.endswith("yaml") else response.text


def _validate_headers(headers: Headers, told: Mapping[str, Node]) -> None:
    assert _OURS & set(headers.keys()) <= set(told)
    for name, header in ((name, resolve(header)) for name, header in told.items()):
        if name not in headers:
            assert not header.get("required"), name
            continue
        is_number = resolve(header["schema"]).get("type") == "integer"
        validate(int(headers[name]) if is_number else headers[name], header["schema"])


def _check_pattern(
    _: object, pattern: str, instance: object, __: Node
) -> Iterator[ValidationError]:
    # In the expressions of JSON Schema, `$` never matches before a last newline.
    exact = f"{pattern[:-1]}\\Z" if pattern.endswith("$") else pattern
    if isinstance(instance, str) and not re.search(exact, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


_Validator = extend(  # type: ignore[no-untyped-call] # its stubs leave it untyped
    Draft202012Validator,
    {"pattern": _check_pattern},
)
