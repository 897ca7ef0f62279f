"""Questions about many nodes, in each of the shapes that fleets have, to domain values."""

import json
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any, TypeVar

from flask import Request
from marshmallow import ValidationError, fields, missing, post_load, validate, validates_schema
from werkzeug.exceptions import UnsupportedMediaType

from service.advisor import UpgradeRequest
from service.domain.fleet import Role
from service.domain.reference import parse_prefix
from service.errors import FieldError, InvalidRequestError, ServiceError
from service.fleet import FleetDefaults, FleetNode
from service.web.aurora_boot import read_aurora_nodes
from service.web.node_list import is_node_list, read_node_list
from service.web.query import BodySchema, QuestionSchema, UpgradeQuery, text_of
from service.web.reading import (
    ParametersSchema,
    list_errors,
    load,
    parse_json,
    read_parameters,
    read_text,
    refuse_parameters,
)

_T = TypeVar("_T")

MAX_NODES = 5_000
# A DNS name has no more characters, and so no node of Kubernetes.
MAX_NAME_LENGTH = 253

_NO_NODES = f"Give an array of 1 to {MAX_NODES} nodes."

# A body of 16 MiB takes ten times that to parse: one at a time is enough.
_parsing = Lock()


def _check_name(text: str) -> None:
    if not (0 < len(text) <= MAX_NAME_LENGTH and text.isprintable()):
        raise ValidationError(f"Must be 1 to {MAX_NAME_LENGTH} printable characters.")


class MemberSchema(ParametersSchema):
    """What a node has beside its question."""

    name = fields.String(required=True, validate=_check_name)
    cluster = fields.String(validate=_check_name)
    role = fields.Enum(Role, by_value=True)

    @validates_schema(skip_on_field_errors=False)
    def _check_role(self, values: Mapping[str, object], **_: object) -> None:
        if "cluster" in values and "role" not in values:
            raise ValidationError("A node of a cluster is a server or an agent.", "role")


class FleetSchema(BodySchema):
    """A body: the nodes, and what holds for those that do not say it themselves."""

    class Meta:
        """A fleet has no image of its own."""

        exclude = ("image", "release_file")

    nodes = fields.List(
        fields.Raw(allow_none=True),
        required=True,
        validate=validate.Length(min=1, max=MAX_NODES, error=_NO_NODES),
        error_messages={"required": _NO_NODES, "invalid": _NO_NODES, "null": _NO_NODES},
    )

    @post_load
    def _build(self, values: dict[str, Any], **_: object) -> list[object]:
        nodes: list[object] = values["nodes"]
        return nodes


class PlaceSchema(QuestionSchema):
    """The query beside nodes that know nothing of this service."""

    class Meta:
        """The nodes say what they run."""

        exclude = ("image",)

    cluster = fields.String(validate=_check_name)
    # A bad reference is a problem of its own, not a bad field.
    repository = fields.Function(deserialize=text_of(parse_prefix))

    @post_load
    def _build(self, values: dict[str, Any], **_: object) -> FleetDefaults:
        cluster, place = values.pop("cluster", None), values.pop("repository", None)
        query: UpgradeQuery = super()._build(values)
        return FleetDefaults(query.request, cluster, place)


_MEMBER = MemberSchema()
_MEMBERSHIP = ("cluster", "role")
_QUESTION = BodySchema()
_FLEET = FleetSchema()
_PLACE = PlaceSchema()


def load_fleet(request: Request) -> list[FleetNode]:
    """Load the nodes of a fleet, in their order; what is wrong with one of them is its answer.

    Raises:
        InvalidRequestError: The body or the query cannot be read, or there are too many nodes.
        InvalidReferenceError: ``repository`` is not one.
        UnsupportedMediaType: A body of another kind.
    """
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("Send application/json.")
    parameters = read_parameters(request)
    text = read_text(request)
    with _parsing:
        return _read_nodes(parse_json(text), parameters)


def _read_nodes(body: object, parameters: Mapping[str, object]) -> list[FleetNode]:
    """Recognise the shape of a body, and read it."""
    if isinstance(body, list):
        return read_aurora_nodes(_bound("body", body), load(_PLACE, parameters))
    if not isinstance(body, dict):
        raise InvalidRequestError([FieldError("body", "It is no JSON object, and no array.")])
    if is_node_list(body):
        return read_node_list(_bound("items", body.get("items")), load(_PLACE, parameters))
    refuse_parameters(parameters)
    nodes: list[object] = load(_FLEET, body)
    policy = {name: value for name, value in body.items() if name != "nodes"}
    return list(map(_NodeReader(policy).read, nodes))


def _bound(field: str, nodes: object) -> list[object]:
    if not isinstance(nodes, list) or not 0 < len(nodes) <= MAX_NODES:
        raise InvalidRequestError([FieldError(field, _NO_NODES)])
    return nodes


class _NodeReader:
    """Reads nodes of our own shape; what many of them say alike is read once.

    Args:
        policy: What holds for those that do not say otherwise.
    """

    def __init__(self, policy: Mapping[str, object]) -> None:
        self._policy = policy
        self._asked: dict[str, UpgradeRequest | ServiceError] = {}
        self._members: dict[str, tuple[Mapping[str, Any], Sequence[FieldError]]] = {}

    def read(self, node: object) -> FleetNode:
        """Read a node; what is wrong with it is its answer."""
        if not isinstance(node, dict):
            error = FieldError("nodes", "A node is a JSON object.")
            return FleetNode(None, InvalidRequestError([error]))
        own = {name: node[name] for name in _MEMBERSHIP if name in node}
        rest = {name: value for name, value in node.items() if name not in _MEMBER.fields}
        try:
            asked = _remember(self._asked, rest, self._ask)
            told, errors = _remember(self._members, own, _load_membership)
        except RecursionError:
            error = FieldError("nodes", "It is nested too deeply.")
            return FleetNode(None, InvalidRequestError([error]))
        name, wrong = _load_name(node)
        if wrong or errors:
            more = asked.errors if isinstance(asked, InvalidRequestError) else ()
            asked = InvalidRequestError([*wrong, *errors, *more])
        return FleetNode(name, asked, told.get("cluster"), told.get("role"))

    def _ask(self, values: Mapping[str, object]) -> UpgradeRequest | ServiceError:
        try:
            query: UpgradeQuery = load(_QUESTION, {**self._policy, **values})
        except ServiceError as error:
            return error.with_traceback(None)
        return query.request


def _remember(
    known: dict[str, _T], values: Mapping[str, object], read: Callable[[Mapping[str, object]], _T]
) -> _T:
    """Read values once; as JSON, which tells ``true`` from ``1``."""
    key = json.dumps(values)
    if key not in known:
        known[key] = read(values)
    return known[key]


def _load_membership(
    values: Mapping[str, object],
) -> tuple[Mapping[str, Any], Sequence[FieldError]]:
    """Give cluster and role as far as they are legible, and what is wrong with the others."""
    try:
        return _MEMBER.load(values, partial=("name",)), ()
    except ValidationError as error:
        legible = error.valid_data if isinstance(error.valid_data, dict) else {}
        return legible, list_errors(error.messages_dict)


def _load_name(node: Mapping[str, object]) -> tuple[str | None, Sequence[FieldError]]:
    try:
        return _MEMBER.fields["name"].deserialize(node.get("name", missing)), ()
    except ValidationError as error:
        return None, list_errors({"name": error.messages})
