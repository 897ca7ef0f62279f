"""Questions as the wire has them, to domain values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from flask import Request
from marshmallow import ValidationError, fields, post_load, validate
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
from service.web.reading import (
    MAX_LISTED,
    ParametersSchema,
    load,
    read_object,
    read_parameters,
    read_text,
    refuse_parameters,
)

_T = TypeVar("_T")

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
        validate=validate.Length(max=MAX_LISTED),
    )
    arch = fields.Function(deserialize=text_of(_parse_arch))
    boot_state = fields.String(
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
        validate=validate.Length(max=MAX_LISTED),
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
        boot_state = values.pop("boot_state", "active")
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


def load_query(request: Request) -> UpgradeQuery:
    """Load a question that is all in the query; every bad parameter is named.

    Raises:
        InvalidRequestError: A parameter is missing, unknown, repeated or out of range.
        InvalidReferenceError: ``image`` is not a reference.
    """
    return _load_question(_QUERY, read_parameters(request))


def load_question(values: Mapping[str, object]) -> UpgradeQuery:
    """Load a question of parameters that were read before.

    Raises:
        InvalidRequestError: A parameter is missing, unknown or out of range.
        InvalidReferenceError: ``image`` is not a reference.
    """
    return _load_question(_QUERY, values)


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
        return replace(_load_question(_BODY, read_object(request)), node=wanted.node)
    if request.mimetype == "text/plain":
        if "release_file" in parameters:
            raise InvalidRequestError([FieldError("release_file", "Send it as the body.")])
        return _load_question(_FILE, {**parameters, "release_file": read_text(request)})
    raise UnsupportedMediaType("Send application/json, or a release file as text/plain.")


def _load_question(schema: QuestionSchema, values: Mapping[str, object]) -> UpgradeQuery:
    query: UpgradeQuery = load(schema, values, partial=True)
    return query


def _load_beside_json(parameters: Mapping[str, object]) -> UpgradeQuery:
    refuse_parameters(name for name in parameters if name not in _OF_THE_FORM)
    return _load_question(_QUERY, parameters)
