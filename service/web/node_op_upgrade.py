"""The resource that kairos-operator upgrades nodes by, and the nodes that it is for."""

import re

import yaml

from service.domain.image import Image
from service.domain.reference import Reference
from service.domain.tag import ImageTag
from service.domain.version import KairosVersion

# As a label of a node has them: a DNS name in lower case.
NODE_NAME = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
MAX_NODE_NAME_LENGTH = 63

_NOT_IN_A_LABEL = re.compile(r"[^a-zA-Z0-9_.-]")
_MAX_LABEL_LENGTH = 63
_EDGES = "-_."
# The release file, which the labels are made of, tells the architecture since then.
_FIRST_WITH_ARCH = KairosVersion.of("v3.4.0-beta1")

# What nodes that run the same image may still differ in. Some carry no such label.
_UNFIT = (
    ("kairos.io/trusted-boot", ["true"]),
    ("kairos.io/fips", ["true"]),
    ("kairos.io/boot-state", ["passive", "recovery", "livecd"]),
)


class _Text(str):
    """What is a text in YAML, whatever it looks like to one parser or another."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Quotes every ``_Text``."""


def _represent_text(dumper: yaml.SafeDumper, text: _Text) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')


_Dumper.add_representer(_Text, _represent_text)


def dump_node_op_upgrade(running: Image, target: Reference, node: str | None) -> str:
    """Write the resource, in YAML.

    Its name is made by the cluster, for a name that is used again does nothing. It goes from node
    to node, and stops at the first that fails.

    Args:
        running: What the nodes run.
        target: What to install.
        node: The name of the one node that is meant; None for all that run the running image.

    Source: kairos-operator api/v1alpha1, nodeopupgrade_types.go.
    """
    resource = {
        "apiVersion": "operator.kairos.io/v1alpha1",
        "kind": "NodeOpUpgrade",
        "metadata": {"generateName": "kairos-upgrade-"},
        "spec": {
            "image": _Text(target),
            "concurrency": 1,
            "stopOnFailure": True,
            "nodeSelector": _select(running, node),
        },
    }
    text: str = yaml.dump(resource, Dumper=_Dumper, sort_keys=False, width=1024)
    return text


def _select(running: Image, node: str | None) -> dict[str, object]:
    """Select one node, or those that run an image; never all, as an empty selector would."""
    if node is not None:
        return {"matchLabels": {"kubernetes.io/hostname": _Text(node)}}
    labels = _list_labels(running.flavor, running.tag)
    return {
        "matchLabels": {key: _Text(_as_label(value)) for key, value in labels.items()},
        "matchExpressions": [
            {"key": key, "operator": "NotIn", "values": list(map(_Text, values))}
            for key, values in _UNFIT
        ],
    }


def _list_labels(flavor: str, tag: ImageTag) -> dict[str, str]:
    """List the labels of the nodes that run an image.

    Source: kairos-operator cmd/node-labeler, labeler.go.
    """
    told = tag.version >= _FIRST_WITH_ARCH
    labels = {
        "kairos.io/flavor": flavor,
        "kairos.io/flavor-release": tag.flavor_release,
        "kairos.io/variant": str(tag.variant),
        "kairos.io/release": str(tag.version),
        "kairos.io/model": tag.model,
        "kairos.io/arch" if told else "kubernetes.io/arch": str(tag.arch),
    }
    if tag.kubernetes:
        labels["kairos.io/software-version-prefix"] = str(tag.kubernetes.distribution)
        labels["kairos.io/software-version"] = str(tag.kubernetes)
    return labels


def _as_label(value: str) -> str:
    """Write a value as the labeler does."""
    text = _NOT_IN_A_LABEL.sub("-", value).strip(_EDGES)
    return text[:_MAX_LABEL_LENGTH].strip(_EDGES)
