"""Nodes as Kubernetes tells them: ``kubectl get nodes -o json``.

The labels are those of the Kairos operator's node labeler: the values of the release file, with
what a label cannot hold, such as ``+``, written as ``-``.

Source: kairos-io/kairos-operator since v0.1.0-beta6, node labeler.
"""

from collections.abc import Mapping

from service.domain.fleet import Role
from service.domain.version import KubernetesVersion
from service.errors import FieldError, InvalidRequestError, ServiceError
from service.fleet import FleetDefaults, FleetNode
from service.web.foreign import dig, read_text_map, read_word

# Of the API server, and of kubectl.
_KINDS = frozenset({"NodeList", "List"})
_KAIROS = "kairos.io/"
_SERVER_LABELS = frozenset(
    {"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"}
)


def is_node_list(body: Mapping[str, object]) -> bool:
    """Whether a body is a list of Kubernetes, and no question of our own."""
    return body.get("kind") in tuple(_KINDS)


def read_node_list(items: list[object], defaults: FleetDefaults) -> list[FleetNode]:
    """Read the items of a list, in their order; what is wrong with one of them is its answer."""
    return [_read_node(item, defaults) for item in items]


def _read_node(item: object, defaults: FleetDefaults) -> FleetNode:
    name = read_word(dig(item, "metadata", "name"))
    labels = read_text_map(dig(item, "metadata", "labels"))
    kubelet = read_word(dig(item, "status", "nodeInfo", "kubeletVersion")) or ""
    kubernetes = KubernetesVersion.parse(kubelet.replace("+", "-"))
    try:
        _refuse_others(item, labels)
        asked = defaults.ask(
            _read_release(labels, kubernetes),
            arch=labels.get("kubernetes.io/arch"),
            boot_state=read_word(labels.get(f"{_KAIROS}boot-state")),
        )
    except ServiceError as error:
        return FleetNode(
            name, error.with_traceback(None), defaults.cluster, _role(labels), kubernetes
        )
    return FleetNode(name, asked, defaults.cluster, _role(labels), kubernetes)


def _refuse_others(item: object, labels: Mapping[str, str]) -> None:
    kind = dig(item, "kind")
    if kind not in (None, "Node"):
        raise InvalidRequestError([FieldError("kind", "It is no Node.")])
    if not any(label.startswith(_KAIROS) for label in labels):
        message = (
            "There is none of kairos.io: it is no Kairos node, or the Kairos operator, which labels"
            " them, is not installed."
        )
        raise InvalidRequestError([FieldError("metadata.labels", message)])


def _read_release(
    labels: Mapping[str, str], kubernetes: KubernetesVersion | None
) -> Mapping[str, str]:
    """Give the values of the release file; the kubelet says best which Kubernetes runs."""
    values = {
        label.removeprefix(_KAIROS).upper().replace("-", "_"): value
        for label, value in labels.items()
        if label.startswith(_KAIROS)
    }
    return values | ({"SOFTWARE_VERSION": str(kubernetes)} if kubernetes else {})


def _role(labels: Mapping[str, str]) -> Role:
    return Role.AGENT if _SERVER_LABELS.isdisjoint(labels) else Role.SERVER
