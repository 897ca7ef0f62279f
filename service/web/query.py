"""Questions as the wire has them, to domain values."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Request
from marshmallow import Schema, ValidationError, fields, post_load, validate
from werkzeug.exceptions import UnsupportedMediaType

from service.advisor import UpgradeRequest
from service.domain.identity import Claim
from service.domain.policy import (
    FlavorReleasePolicy,
    KubernetesPreference,
    MaxStep,
    Policy,
    VersionCeiling,
)
from service.domain.reference import Reference, quote
from service.domain.release_file import ReleaseFile
from service.domain.rules import RULE_ID
from service.domain.tag import ARCH_NAMES, Arch
from service.domain.version import Branch, KairosVersion
from service.domain.warning import WarningCode
from service.errors import FieldError, InvalidRequestError
from service.web.formats import Form

_T = TypeVar("_T")

_MAX_LISTED = 50
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_REPEATABLE = frozenset({"exclude", "accept"})
_ADVISORY = rf"advisory:{RULE_ID}"


@dataclass(frozen=True, slots=True)
class UpgradeQuery:
    """A question, and how its answer is wanted.

    Attributes:
        accept: The codes of critical warnings that the caller accepts.
    """

    request: UpgradeRequest
    accept: frozenset[str]


def _text(parse: Callable[[str], _T]) -> Callable[[object], _T]:
    """Make a parser of text refuse what else a JSON body may hold."""

    def checked(value: object) -> _T:
        if not isinstance(value, str):
            raise ValidationError("Not a valid string.")
        return parse(value)

    return checked


def _parse_flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValidationError("Must be true or false.")
    return text == "true"


def _check_flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValidationError("Must be true or false, without quotes.")
    return value


def _understood(parse: Callable[[str], _T | None], what: str) -> Callable[[object], _T]:
    """Make a parser that gives None for what it does not understand say what it would."""

    def parse_or_refuse(text: str) -> _T:
        value = parse(text)
        if value is None:
            raise ValidationError(f"{quote(text)} is not {what}.")
        return value

    return _text(parse_or_refuse)


_parse_release = _understood(KairosVersion.parse_release, "a release such as v3.2.3")
_parse_ceiling = _understood(VersionCeiling.parse, "a release (v4.1.2) or a branch (4.1)")
_parse_kubernetes_minor = _understood(Branch.parse, "a Kubernetes minor such as 1.33")


def _parse_arch(text: str) -> Arch:
    arch = Arch.parse(text)
    if arch is None:
        raise ValidationError(f"Must be one of: {', '.join(ARCH_NAMES)}.")
    return arch


class _QuestionSchema(Schema):
    error_messages = {"unknown": "No such parameter."}  # noqa: RUF012 - as marshmallow has it

    # A bad reference is a problem of its own, not a bad field.
    image = fields.Function(deserialize=_text(Reference.parse))
    max_step = fields.Enum(MaxStep, by_value=True)
    max_version = fields.Function(deserialize=_parse_ceiling)
    kubernetes = fields.Enum(KubernetesPreference, by_value=True)
    max_kubernetes = fields.Function(deserialize=_parse_kubernetes_minor)
    flavor_release = fields.Enum(FlavorReleasePolicy, by_value=True)
    prerelease = fields.Function(deserialize=_text(_parse_flag))
    excluded = fields.List(
        fields.Function(deserialize=_parse_release),
        data_key="exclude",
        validate=validate.Length(max=_MAX_LISTED),
    )
    arch = fields.Function(deserialize=_text(_parse_arch))
    boot_state = fields.String(
        load_default="active",
        validate=validate.Regexp(
            r"[a-z][a-z_-]{0,31}\Z",
            error="Must be a word such as active, passive or recovery.",
        ),
    )
    accept = fields.List(
        fields.String(
            validate=validate.Regexp(
                rf"(?:{'|'.join(WarningCode)}|{_ADVISORY})\Z",
                error="There is no such warning code.",
            ),
        ),
        validate=validate.Length(max=_MAX_LISTED),
    )

    @post_load
    def _build(self, values: dict[str, Any], **_: object) -> UpgradeQuery:
        claim = Claim(
            reference=values.pop("image", None),
            release_file=values.pop("release_file", None),
            arch=values.pop("arch", None),
        )
        values.pop("format", None)
        accept = frozenset(values.pop("accept", ()))
        boot_state = values.pop("boot_state")
        exclude = frozenset(values.pop("excluded", ()))
        policy = Policy(**values, exclude=exclude)
        return UpgradeQuery(UpgradeRequest(claim, policy, boot_state), accept)


class _QuerySchema(_QuestionSchema):
    format = fields.String(validate=validate.OneOf(tuple(Form)))


class _FileSchema(_QuerySchema):
    """A query whose release file came as the body."""

    release_file = fields.Function(deserialize=_text(ReleaseFile.parse))


class _BodySchema(_QuestionSchema):
    release_file = fields.Function(deserialize=_text(ReleaseFile.parse))
    prerelease = fields.Function(deserialize=_check_flag)


_QUERY = _QuerySchema()
_BODY = _BodySchema()
_FILE = _FileSchema()


def load_query(request: Request) -> UpgradeQuery:
    """Load a question that is all in the query; every bad parameter is named.

    Raises:
        InvalidRequestError: A parameter is missing, unknown, repeated or out of range.
        InvalidReferenceError: ``image`` is not a reference.
    """
    return _load(_QUERY, _read_parameters(request))


def load_body(request: Request) -> UpgradeQuery:
    """Load a question from a JSON body, or from a release file with its policy in the query.

    Raises:
        InvalidRequestError: A member, a parameter or the file cannot be read.
        InvalidReferenceError: ``image`` is not a reference.
        UnsupportedMediaType: A body of another kind.
    """
    parameters = _read_parameters(request)
    if request.mimetype == "application/json":
        _check_only_format(parameters)
        return _load(_BODY, _read_json(request))
    if request.mimetype == "text/plain":
        if "release_file" in parameters:
            raise InvalidRequestError([FieldError("release_file", "Send it as the body.")])
        return _load(_FILE, {**parameters, "release_file": _read_text(request)})
    raise UnsupportedMediaType("Send application/json, or a release file as text/plain.")


def _load(schema: Schema, values: Mapping[str, object]) -> UpgradeQuery:
    try:
        loaded: UpgradeQuery = schema.load(values)
    except ValidationError as error:
        raise InvalidRequestError(_flatten(error.messages_dict)) from error
    return loaded


def _check_only_format(parameters: Mapping[str, object]) -> None:
    surplus = [name for name in parameters if name != "format"][:_MAX_LISTED]
    if surplus:
        raise InvalidRequestError(
            [FieldError(_shown(name), "With a JSON body, give it there.") for name in surplus],
        )
    _load(_QUERY, parameters)


def _read_parameters(request: Request) -> dict[str, object]:
    """Give single values, and lists of those that may be repeated."""
    try:
        query = request.args
    except UnicodeDecodeError as error:
        raise InvalidRequestError([FieldError("query", "Percent-encode its bytes.")]) from error
    values = {name: list(query.getlist(name)) for name in query}
    repeated = [name for name in values if len(values[name]) > 1 and name not in _REPEATABLE]
    if repeated:
        raise InvalidRequestError(
            [FieldError(_shown(name), "Give it once.") for name in repeated[:_MAX_LISTED]],
        )
    return {name: all_ if name in _REPEATABLE else all_[0] for name, all_ in values.items()}


def _read_text(request: Request) -> str:
    body = request.get_data()
    if request.content_length is None:
        # A body that does not say its length was read up to the limit: more of it is an error.
        request.stream.read(1)
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise InvalidRequestError([FieldError("body", "It is not UTF-8 text.")]) from error


def _read_json(request: Request) -> Mapping[str, object]:
    try:
        body = json.loads(_read_text(request), object_pairs_hook=_refuse_repeated)
    except RecursionError as error:
        raise InvalidRequestError([FieldError("body", "It is nested too deeply.")]) from error
    except json.JSONDecodeError as error:
        raise InvalidRequestError([FieldError("body", f"It is not JSON: {error}.")]) from error
    except ValueError as error:  # An integer of thousands of digits.
        raise InvalidRequestError([FieldError("body", "It holds too long a number.")]) from error
    if not isinstance(body, dict):
        raise InvalidRequestError([FieldError("body", "It is not a JSON object.")])
    return body


def _refuse_repeated(members: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(members)
    if len(values) < len(members):
        raise InvalidRequestError([FieldError("body", "A member stands twice.")])
    return values


def _flatten(messages: Mapping[str, Any]) -> list[FieldError]:
    """Make one error a field, or an item of a list, of marshmallow's messages."""
    errors = []
    for name, found in sorted(messages.items())[:_MAX_LISTED]:
        items = sorted(found.items()) if isinstance(found, Mapping) else [(None, found)]
        for index, texts in items[:_MAX_LISTED]:
            field = _shown(name) if index is None else f"{_shown(name)}[{index}]"
            errors.append(FieldError(field, " ".join(map(str, texts))))
    return errors


def _shown(name: str) -> str:
    """Give a parameter's name for a message: callers choose unknown ones freely."""
    return name if _PLAIN_NAME.fullmatch(name) else quote(name)
