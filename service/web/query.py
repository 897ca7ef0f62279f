"""Queries as the domain has them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate
from werkzeug.datastructures import MultiDict

from service.advisor import UpgradeRequest
from service.domain.policy import (
    FlavorReleasePolicy,
    KubernetesPreference,
    MaxStep,
    Policy,
    VersionCeiling,
)
from service.domain.reference import Reference, quote
from service.domain.tag import Arch
from service.domain.version import Branch, KairosVersion
from service.domain.warning import WarningCode
from service.errors import FieldError, InvalidRequestError
from service.web.formats import Form

_MAX_LISTED = 50
_REPEATABLE = frozenset({"exclude", "accept"})
_ADVISORY = r"advisory:[a-z0-9][a-z0-9.-]{0,63}"
# By the names of tags, and by those that ``uname -m`` has.
_ARCHES = {arch.value: arch for arch in Arch} | {"x86_64": Arch.AMD64, "aarch64": Arch.ARM64}


@dataclass(frozen=True, slots=True)
class UpgradeQuery:
    """A question, and how its answer is wanted.

    Attributes:
        accept: The codes of critical warnings that the caller accepts.
    """

    request: UpgradeRequest
    accept: frozenset[str]


def _parse_release(text: str) -> KairosVersion:
    version = KairosVersion.parse(f"v{text.removeprefix('v')}")
    if version is None or version.is_development:
        raise ValidationError(f"{quote(text)} is not a release such as v3.2.3.")
    return version


def _parse_ceiling(text: str) -> VersionCeiling:
    ceiling = VersionCeiling.parse(text)
    if ceiling is None:
        raise ValidationError(f"{quote(text)} is not a release (v4.1.2) or a branch (4.1).")
    return ceiling


def _parse_kubernetes_minor(text: str) -> Branch:
    minor = Branch.parse(text)
    if minor is None:
        raise ValidationError(f"{quote(text)} is not a Kubernetes minor such as 1.33.")
    return minor


def _parse_arch(text: str) -> Arch:
    if text not in _ARCHES:
        raise ValidationError(f"Must be one of: {', '.join(_ARCHES)}.")
    return _ARCHES[text]


class _UpgradeQuerySchema(Schema):
    error_messages = {"unknown": "No such parameter."}  # noqa: RUF012 - as marshmallow has it

    # A bad reference is a problem of its own, not a bad field.
    image = fields.Function(deserialize=Reference.parse, required=True)
    max_step = fields.Enum(MaxStep, by_value=True)
    max_version = fields.Function(deserialize=_parse_ceiling)
    kubernetes = fields.Enum(KubernetesPreference, by_value=True)
    max_kubernetes = fields.Function(deserialize=_parse_kubernetes_minor)
    flavor_release = fields.Enum(FlavorReleasePolicy, by_value=True)
    prerelease = fields.Boolean(
        truthy={"true"},
        falsy={"false"},
        error_messages={"invalid": "Must be true or false."},
    )
    excluded = fields.List(
        fields.Function(deserialize=_parse_release),
        data_key="exclude",
        validate=validate.Length(max=_MAX_LISTED),
    )
    arch = fields.Function(deserialize=_parse_arch)
    accept = fields.List(
        fields.String(
            validate=validate.Regexp(
                rf"(?:{'|'.join(WarningCode)}|{_ADVISORY})\Z",
                error="There is no such warning code.",
            ),
        ),
        validate=validate.Length(max=_MAX_LISTED),
    )
    format = fields.String(validate=validate.OneOf(tuple(Form)))

    @post_load
    def _build(self, values: dict[str, Any], **_: object) -> UpgradeQuery:
        values.pop("format", None)
        accept = frozenset(values.pop("accept", ()))
        reference, arch = values.pop("image"), values.pop("arch", None)
        excluded = frozenset(values.pop("excluded", ()))
        policy = Policy(**values, exclude=excluded)
        return UpgradeQuery(UpgradeRequest(reference, policy, arch), accept)


_SCHEMA = _UpgradeQuerySchema()


def load_query(query: MultiDict[str, str]) -> UpgradeQuery:
    """Load the query of ``GET /v1/upgrade``; every bad parameter is named.

    Raises:
        InvalidRequestError: A parameter is missing, unknown, repeated or out of range.
        InvalidReferenceError: ``image`` is not a reference.
    """
    values = {name: list(query.getlist(name)) for name in query}
    repeated = [name for name in values if len(values[name]) > 1 and name not in _REPEATABLE]
    if repeated:
        raise InvalidRequestError(
            [FieldError(_shown(name), "Give it once.") for name in repeated[:_MAX_LISTED]],
        )
    single = {name: all_ if name in _REPEATABLE else all_[0] for name, all_ in values.items()}
    try:
        loaded: UpgradeQuery = _SCHEMA.load(single)
    except ValidationError as error:
        raise InvalidRequestError(_flatten(error.messages_dict)) from error
    return loaded


def _flatten(messages: Mapping[str, Any]) -> list[FieldError]:
    """Make one error a field of marshmallow's nested messages; lists name the item."""
    errors = []
    for name, found in list(messages.items())[:_MAX_LISTED]:
        if isinstance(found, Mapping):
            nested = _flatten({f"{name}[{index}]": item for index, item in found.items()})
            errors.extend(nested)
        else:
            errors.append(FieldError(_shown(name), " ".join(map(str, found))))
    return errors


def _shown(name: str) -> str:
    """Give a parameter's name for a message: callers choose unknown ones freely."""
    return name if name.isidentifier() or "[" in name else quote(name)
