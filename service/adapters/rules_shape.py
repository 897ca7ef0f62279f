"""The shape of a file of rules: the tables below name each key, and how its value is read."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from yaml.nodes import Node

from service.adapters.strict_yaml import (
    Reader,
    choice,
    flag,
    list_of,
    mapping,
    parsed,
    read_yaml,
    refuse,
    set_of,
    text,
)
from service.domain.policy import KubernetesPreference, MaxStep, VersionCeiling
from service.domain.reference import Repository, quote
from service.domain.rules import (
    RULE_ID,
    Advisory,
    Applies,
    Barrier,
    Ended,
    OperatorPolicy,
    Renamed,
    Rules,
    Successor,
    Withdrawn,
)
from service.domain.scope import RepositoryPattern
from service.domain.tag import Arch, Variant
from service.domain.version import Branch, Distribution, KairosVersion
from service.domain.version_range import VersionRange
from service.domain.warning import Severity

_T = TypeVar("_T")

_VERSION = "1"

_ID = re.compile(RULE_ID)
_NAME = re.compile(r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*")  # one part of a repository's name


def _parse_id(name: str) -> str:
    if _ID.fullmatch(name) is None:
        raise ValueError(f"{quote(name)} is no id: letters, digits, '.', '_' and '-', 100 at most")
    return name


def _understood(parse: Callable[[str], _T | None], what: str) -> Reader[_T]:
    """Read with a parser that gives None for what it does not understand."""

    def parse_or_refuse(name: str) -> _T:
        value = parse(name)
        if value is None:
            raise ValueError(f"{quote(name)} is not {what}")
        return value

    return parsed(parse_or_refuse)


def _parse_repository(name: str) -> str:
    """Read a name within an organisation, or a full repository."""
    if _NAME.fullmatch(name):
        return name
    repository = Repository.parse(name)
    if repository.registry != name.partition("/")[0].lower():
        raise ValueError(f"{quote(name)} is neither a name nor a repository with its registry")
    return str(repository)


def _read_version(node: Node) -> str:
    version = text(node)
    if version != _VERSION:
        refuse(node, f"version {quote(version)} is not understood, only {_VERSION}")
    return version


_RELEASE = _understood(KairosVersion.parse_release, "a release such as v4.1.2")
_CEILING = _understood(VersionCeiling.parse, "a release such as v4.1.2, or a branch such as 4.1")
_MINOR = _understood(Branch.parse, "a minor version such as 1.33")

_APPLIES = mapping(
    Applies,
    required={},
    optional={
        "flavor": set_of(text),
        "flavor_release": set_of(text),
        "variant": set_of(choice(Variant)),
        "arch": set_of(choice(Arch)),
        "model": set_of(text),
        "not_model": set_of(text),
        "distribution": set_of(choice(Distribution)),
        "form": set_of(text),
        "trusted_boot": flag,
    },
)
_APPLIES_OPTIONALLY = {"applies": _APPLIES}
_APPLIES_TO_ALL = Applies()

_TOLD = {"summary": text, "url": text}
_STEP = {"from": parsed(VersionRange.parse), "to": parsed(VersionRange.parse)}
_STEP_NAMES = {"from": "origin", "to": "target"}

_WITHDRAWN = mapping(
    partial(Withdrawn, applies=_APPLIES_TO_ALL),
    required={"release": _RELEASE, **_TOLD},
    optional=_APPLIES_OPTIONALLY,
)

_RENAMED = mapping(
    Renamed,
    required={
        "repository": parsed(_parse_repository),
        "to": mapping(
            Successor,
            required={
                "repository": parsed(_parse_repository),
                "flavor_release": text,
                "variant": choice(Variant),
                "arch": choice(Arch),
                "model": text,
            },
            optional={},
        ),
    },
    optional={},
)

_ENDED = mapping(
    Ended,
    required={"applies": _APPLIES, "last": _RELEASE, **_TOLD},
    optional={},
)

_POLICY = mapping(
    OperatorPolicy,
    required={"repositories": list_of(parsed(RepositoryPattern.parse))},
    optional={
        "freeze": flag,
        "max_step": choice(MaxStep),
        "max_version": _CEILING,
        "kubernetes": choice(KubernetesPreference),
        "max_kubernetes": _MINOR,
    },
)


def read_rules(body: bytes) -> Rules:
    """Read what a file of rules holds.

    Raises:
        YamlError: Not rules; names the line.
    """
    identified = {"id": _unique_id(), **_STEP, **_TOLD, "source": text}
    barrier = mapping(
        partial(Barrier, applies=_APPLIES_TO_ALL), identified, _APPLIES_OPTIONALLY, _STEP_NAMES
    )
    advisory = mapping(
        partial(Advisory, applies=_APPLIES_TO_ALL),
        identified | {"severity": choice(Severity)},
        _APPLIES_OPTIONALLY,
        _STEP_NAMES,
    )
    sections = {
        "withdrawn": list_of(_WITHDRAWN),
        "barriers": list_of(barrier),
        "advisories": list_of(advisory),
        "renamed": list_of(_RENAMED),
        "ended": list_of(_ENDED),
        "policies": list_of(_POLICY),
    }
    return read_yaml(
        body, mapping(_build_rules, required={"version": _read_version}, optional=sections)
    )


def _unique_id() -> Reader[str]:
    read_id = parsed(_parse_id)
    met: set[str] = set()

    def read(node: Node) -> str:
        name = read_id(node)
        if name in met:
            refuse(node, f"the id {quote(name)} stands twice")
        met.add(name)
        return name

    return read


def _build_rules(*, version: str, **sections: Any) -> Rules:  # noqa: ANN401 - read by the tables
    del version  # There is only one.
    return Rules(**sections)
