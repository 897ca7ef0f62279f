"""Questions as the wire has them, to domain values."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
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
from service.errors import FieldError, InvalidRequestError, naming
from service.web.formats import Form
from service.web.node_op_upgrade import MAX_NODE_NAME_LENGTH, NODE_NAME

_T = TypeVar("_T")

_MAX_LISTED = 50
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_REPEATABLE = frozenset({"exclude", "accept"})
# They say how the answer is wanted, and nothing of the question.
_OF_THE_FORM = frozenset({"format", "node"})
_ADVISORY = rf"advisory:{RULE_ID}"


@dataclass(frozen=True, slots=True)
class UpgradeQuery:
    """A question, and how its answer is wanted.

    Attributes:
        accept: The codes of critical warnings that the caller accepts.
        node: The name of the one Kubernetes node that is meant; None for all that are alike.
    """

    request: UpgradeRequest
    accept: frozenset[str]
    node: str | None


def text_of(parse: Callable[[str], _T]) -> Callable[[object], _T]:
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

    return text_of(parse_or_refuse)


_parse_release = _understood(KairosVersion.parse_release, "a release such as v3.2.3")
_parse_ceiling = _understood(VersionCeiling.parse, "a release (v4.1.2) or a branch (4.1)")
_parse_kubernetes_minor = _understood(Branch.parse, "a Kubernetes minor such as 1.33")


def _parse_arch(text: str) -> Arch:
    arch = Arch.parse(text)
    if arch is None:
        raise ValidationError(f"Must be one of: {', '.join(ARCH_NAMES)}.")
    return arch


class ParametersSchema(Schema):
    """A query in which nothing unknown is ignored; it has no parameters by itself."""

    error_messages = {"unknown": "No such parameter."}  # noqa: RUF012 - as marshmallow has it


def read_flag(*, default: bool) -> fields.Function:
    """Make a parameter that is ``true`` or ``false``."""
    return fields.Function(deserialize=text_of(_parse_flag), load_default=default)


def read_reference(name: str) -> fields.Function:
    """Make a parameter that is a reference and must be given; ``name`` is told of a bad one."""

    def parse(text: str) -> Reference:
        with naming(name):
            return Reference.parse(text)

    return fields.Function(
        data_key=name,
        required=True,
        deserialize=text_of(parse),
        error_messages={"required": "Give an image."},
    )


class QuestionSchema(ParametersSchema):
    """What can be asked of a node, but for the forms that only a query or a body has."""

    # A bad reference is a problem of its own, not a bad field.
    image = fields.Function(deserialize=text_of(Reference.parse))
    max_step = fields.Enum(MaxStep, by_value=True)
    max_version = fields.Function(deserialize=_parse_ceiling)
    kubernetes = fields.Enum(KubernetesPreference, by_value=True)
    max_kubernetes = fields.Function(deserialize=_parse_kubernetes_minor)
    flavor_release = fields.Enum(FlavorReleasePolicy, by_value=True)
    prerelease = fields.Function(deserialize=text_of(_parse_flag))
    excluded = fields.List(
        fields.Function(deserialize=_parse_release),
        data_key="exclude",
        validate=validate.Length(max=_MAX_LISTED),
    )
    arch = fields.Function(deserialize=text_of(_parse_arch))
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
        node = values.pop("node", None)
        boot_state = values.pop("boot_state")
        exclude = frozenset(values.pop("excluded", ()))
        policy = Policy(**values, exclude=exclude)
        return UpgradeQuery(UpgradeRequest(claim, policy, boot_state), accept, node)


class _QuerySchema(QuestionSchema):
    format = fields.String(validate=validate.OneOf(tuple(Form)))
    node = fields.String(
        validate=validate.And(
            validate.Length(max=MAX_NODE_NAME_LENGTH),
            validate.Regexp(
                rf"{NODE_NAME}\Z",
                error="Must be the node's label kubernetes.io/hostname, such as worker-1.",
            ),
        ),
    )


class _FileSchema(_QuerySchema):
    """A query whose release file came as the body."""

    release_file = fields.Function(deserialize=text_of(ReleaseFile.parse))


class BodySchema(QuestionSchema):
    """A question in JSON."""

    release_file = fields.Function(deserialize=text_of(ReleaseFile.parse))
    prerelease = fields.Function(deserialize=_check_flag)


_QUERY = _QuerySchema()
_BODY = BodySchema()
_FILE = _FileSchema()


def load_parameters(schema: ParametersSchema, request: Request) -> Any:  # noqa: ANN401 - a schema's
    """Load a query by a schema; every bad parameter is named.

    Raises:
        InvalidRequestError: A parameter is missing, unknown, repeated or out of range.
    """
    return load(schema, read_parameters(request))


def load_query(request: Request) -> UpgradeQuery:
    """Load a question that is all in the query; every bad parameter is named.

    Raises:
        InvalidRequestError: A parameter is missing, unknown, repeated or out of range.
        InvalidReferenceError: ``image`` is not a reference.
    """
    return _load_question(_QUERY, read_parameters(request))


def load_body(request: Request) -> UpgradeQuery:
    """Load a question from a JSON body, or from a release file with its policy in the query.

    Raises:
        InvalidRequestError: A member, a parameter or the file cannot be read.
        InvalidReferenceError: ``image`` is not a reference.
        UnsupportedMediaType: A body of another kind.
    """
    parameters = read_parameters(request)
    if request.mimetype == "application/json":
        wanted = _load_beside_json(parameters)
        return replace(_load_question(_BODY, _read_object(request)), node=wanted.node)
    if request.mimetype == "text/plain":
        if "release_file" in parameters:
            raise InvalidRequestError([FieldError("release_file", "Send it as the body.")])
        return _load_question(_FILE, {**parameters, "release_file": read_text(request)})
    raise UnsupportedMediaType("Send application/json, or a release file as text/plain.")


def _load_question(schema: QuestionSchema, values: Mapping[str, object]) -> UpgradeQuery:
    query: UpgradeQuery = load(schema, values)
    return query


def load(schema: Schema, values: Mapping[str, object]) -> Any:  # noqa: ANN401 - a schema's
    """Load values by a schema; every bad one is named.

    Raises:
        InvalidRequestError: A value is missing, unknown or out of range.
    """
    try:
        return schema.load(values)
    except ValidationError as error:
        raise InvalidRequestError(list_errors(error.messages_dict)) from error


def _load_beside_json(parameters: Mapping[str, object]) -> UpgradeQuery:
    refuse_parameters(name for name in parameters if name not in _OF_THE_FORM)
    return _load_question(_QUERY, parameters)


def refuse_parameters(names: Iterable[str]) -> None:
    """Refuse parameters that belong into the body.

    Raises:
        InvalidRequestError: There is one.
    """
    surplus = list(names)[:_MAX_LISTED]
    if surplus:
        raise InvalidRequestError(
            [FieldError(_shown(name), "With a JSON body, give it there.") for name in surplus],
        )


def read_parameters(request: Request) -> dict[str, object]:
    """Give single values, and lists of those that may be repeated.

    Raises:
        InvalidRequestError: A parameter is repeated, or not in UTF-8.
    """
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


def read_text(request: Request) -> str:
    """Give the body as text.

    Raises:
        InvalidRequestError: It is not UTF-8.
        RequestEntityTooLarge: It is longer than it may be.
    """
    body = request.get_data()
    if request.content_length is None:
        # A body that does not say its length was read up to the limit: more of it is an error.
        request.stream.read(1)
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise InvalidRequestError([FieldError("body", "It is not UTF-8 text.")]) from error


def _read_object(request: Request) -> Mapping[str, object]:
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
    for name, found in sorted(messages.items())[:_MAX_LISTED]:
        items = sorted(found.items()) if isinstance(found, Mapping) else [(None, found)]
        for index, texts in items[:_MAX_LISTED]:
            field = _shown(name) if index is None else f"{_shown(name)}[{index}]"
            errors.append(FieldError(field, " ".join(map(str, texts))))
    return errors


def _shown(name: str) -> str:
    """Give a parameter's name for a message: callers choose unknown ones freely."""
    return name if _PLAIN_NAME.fullmatch(name) else quote(name)
