"""Nodes as AuroraBoot tells them: the bare array of its ``GET /api/v1/nodes``.

Source: kairos-io/AuroraBoot v0.26.2.
"""

from service.errors import FieldError, InvalidRequestError, ServiceError
from service.fleet import FleetDefaults, FleetNode
from service.web.foreign import dig, read_text_map, read_word

# As kairos-sdk calls the states: ``active_boot``.
_STATE_SUFFIX = "_boot"


def read_aurora_nodes(nodes: list[object], defaults: FleetDefaults) -> list[FleetNode]:
    """Read the nodes, in their order; what is wrong with one of them is its answer.

    Raises:
        InvalidRequestError: There is a cluster, whose servers these nodes do not tell.
    """
    if defaults.cluster is not None:
        message = "AuroraBoot does not tell servers from agents: give nodes with cluster and role."
        raise InvalidRequestError([FieldError("cluster", message)])
    return [_read_node(node, defaults) for node in nodes]


def _read_node(node: object, defaults: FleetDefaults) -> FleetNode:
    name = read_word(dig(node, "hostname"))
    values = read_text_map(dig(node, "osRelease"))
    state = read_word(dig(node, "bootState"))
    try:
        if not values:
            message = "There is none: it is no node of AuroraBoot, or it has not reported yet."
            raise InvalidRequestError([FieldError("osRelease", message)])
        asked = defaults.ask(
            values,
            arch=values.get("ARCH"),
            boot_state=state.removesuffix(_STATE_SUFFIX) if state else None,
        )
    except ServiceError as error:
        return FleetNode(name, error.with_traceback(None))
    return FleetNode(name, asked)
