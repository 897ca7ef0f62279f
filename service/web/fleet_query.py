"""Questions about many nodes, in each of the shapes that fleets have, to domain values."""

import json
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

from flask import Request
from marshmallow import ValidationError, fields, post_load, validate, validates_schema
from werkzeug.exceptions import UnsupportedMediaType

from service.advisor import UpgradeRequest
from service.domain.fleet import Role
from service.domain.reference import Repository
from service.errors import FieldError, InvalidRequestError, ServiceError
from service.fleet import FleetDefaults, FleetNode
from service.web.aurora_boot import read_aurora_nodes
from service.web.node_list import is_node_list, read_node_list
from service.web.query import (
    BodySchema,
    ParametersSchema,
    QuestionSchema,
    UpgradeQuery,
    list_errors,
    load,
    parse_json,
    read_parameters,
    read_text,
    refuse_parameters,
    text_of,
)

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
    repository = fields.Function(deserialize=text_of(Repository.parse))

    @post_load
    def _build(self, values: dict[str, Any], **_: object) -> FleetDefaults:
        cluster, place = values.pop("cluster", None), values.pop("repository", None)
        query: UpgradeQuery = super()._build(values)
        return FleetDefaults(query.request, cluster, place)


_MEMBER = MemberSchema()
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
    ask = _ask_once(policy)
    return [_read_node(node, ask) for node in nodes]


def _bound(field: str, nodes: object) -> list[object]:
    if not isinstance(nodes, list) or not 0 < len(nodes) <= MAX_NODES:
        raise InvalidRequestError([FieldError(field, _NO_NODES)])
    return nodes


def _read_node(
    node: object, ask: Callable[[Mapping[str, object]], UpgradeRequest | ServiceError]
) -> FleetNode:
    if not isinstance(node, dict):
        error = FieldError("nodes", "A node is a JSON object.")
        return FleetNode(None, InvalidRequestError([error]))
    said = {name: node[name] for name in _MEMBER.fields if name in node}
    asked = ask({name: value for name, value in node.items() if name not in said})
    try:
        told: Mapping[str, Any] = _MEMBER.load(said)
    except ValidationError as error:
        told = error.valid_data if isinstance(error.valid_data, dict) else {}
        asked = _add_errors(list_errors(error.messages_dict), asked)
    return FleetNode(told.get("name"), asked, told.get("cluster"), told.get("role"))


def _ask_once(
    policy: Mapping[str, object],
) -> Callable[[Mapping[str, object]], UpgradeRequest | ServiceError]:
    """Make what reads the question of a node: one object for all who ask the same."""
    known: dict[str, UpgradeRequest | ServiceError] = {}

    def ask(values: Mapping[str, object]) -> UpgradeRequest | ServiceError:
        try:
            key = json.dumps(values)
        except RecursionError:
            return InvalidRequestError([FieldError("nodes", "It is nested too deeply.")])
        if key not in known:
            known[key] = _ask({**policy, **values})
        return known[key]

    return ask


def _ask(values: Mapping[str, object]) -> UpgradeRequest | ServiceError:
    try:
        query: UpgradeQuery = load(_QUESTION, values)
    except ServiceError as error:
        return error.with_traceback(None)
    return query.request


def _add_errors(
    errors: list[FieldError], asked: UpgradeRequest | ServiceError
) -> InvalidRequestError:
    more = asked.errors if isinstance(asked, InvalidRequestError) else ()
    return InvalidRequestError([*errors, *more])
