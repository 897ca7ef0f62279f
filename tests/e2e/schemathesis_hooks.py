"""Lets valid questions of schemathesis be about what exists.

No schema says which images there are, what an image, a release file and an architecture say
together, nor which parameters go with which body. Left to chance hardly any valid question would be
answered, so nothing would be learned of the answers. What is invalid is sent as it was made.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import schemathesis

from tests.release_files import V3_2_4

_CONFIG = tomllib.loads(Path(__file__).with_name("schemathesis.toml").read_text())
_IMAGES: list[str] = _CONFIG["dictionaries"]["images"]["values"]
_ORGANISATION = "quay.io/kairos"
_REPOSITORY_OF_FILE = "quay.io/kairos/ubuntu"
_OF_THE_FORM = ("format", "node")
_OF_THE_PAGE = ("max_step", "kubernetes", "flavor_release", "prerelease")


@schemathesis.deserializer("application/x-sh")
def read_assignments(_: object, response: schemathesis.Response) -> str:
    """Give what the schema of the form is held to."""
    return response.text


@schemathesis.hook
def before_call(_: object, case: schemathesis.Case[Any], __: object) -> None:
    """Put right what the schemas leave open."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    query, body = _keep_apart(case, dict(case.query or {}))
    if case.operation.path == "/" and any(name in query for name in _OF_THE_PAGE):
        query.setdefault("image", _IMAGES[0])
    case.query = _exist(query, has_file=case.media_type == "text/plain")
    if case.media_type is not None:
        case.body = body


def _keep_apart(case: schemathesis.Case[Any], query: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """Give a query and a body that go together."""
    if case.media_type == "text/plain":
        return query, V3_2_4
    if isinstance(case.body, list):  # AuroraBoot tells no roles.
        query.pop("cluster", None)
    if not isinstance(case.body, dict) or "kind" in case.body:
        return query, case.body
    kept = _OF_THE_FORM if case.operation.path == "/v1/upgrade" else ()
    body = _exist(case.body, has_file="release_file" in case.body)
    return {name: value for name, value in query.items() if name in kept}, body


def _exist(values: Mapping[str, Any], *, has_file: bool) -> dict[str, Any]:
    """Give values of which each names what exists, and none contradicts another."""
    known = {"release_file": V3_2_4, "arch": "amd64", "repository": _ORGANISATION}
    known |= {name: _find_image(values.get(name)) for name in ("image", "from", "to")}
    if has_file:
        known["image"] = _REPOSITORY_OF_FILE
    return {name: known.get(name, value) for name, value in values.items()}


def _find_image(value: object) -> str:
    """Give an image that exists, the same one for the same value."""
    text = str(value)
    return text if text in _IMAGES else _IMAGES[len(text) % len(_IMAGES)]
