"""YAML as a file of data needs it: small and plain, and each mistake told with its line.

A reader turns a node of the file into a value. Readers combine: ``list_of(text)`` reads a list of
texts, ``mapping(build, {"id": text})`` hands what it has read to ``build``.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    Event,
    NodeEvent,
    ScalarEvent,
)
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.reader import ReaderError

if TYPE_CHECKING:
    from yaml._yaml import Mark as CMark
    from yaml.error import Mark

from service.domain.reference import quote
from service.errors import ServiceError

_T = TypeVar("_T")
_E = TypeVar("_E", bound=StrEnum)
Reader = Callable[[Node], _T]

MAX_BYTES = 1024 * 1024
_MAX_DEPTH = 8

# A number or a date is text as well, as it stands: unquoted, 1.30 would else become 1.3.
_TEXTS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "timestamp"))
_FLAG = "tag:yaml.org,2002:bool"


class YamlError(ValueError):
    """A file cannot be read; ``line`` counts from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"{line}: {reason}")
        self.line = line
        self.reason = reason


def read_yaml(body: bytes, reader: Reader[_T]) -> _T:
    """Read a file with a reader of its outermost node.

    Raises:
        YamlError: Too large, no YAML, or not what the reader expects; also what YAML has and a
            file of data does not need: aliases, tags, several documents.
    """
    if len(body) > MAX_BYTES:
        raise YamlError(1, f"has more than {MAX_BYTES:,} bytes")
    node = _compose(_decode(body))
    if node is None:
        raise YamlError(1, "is empty")
    return reader(node)


def refuse(node: Node, reason: str) -> NoReturn:
    """Raise a YamlError that names the line of a node."""
    raise YamlError(node.start_mark.line + 1, reason)


def text(node: Node) -> str:
    """Read one line of text; the lines of a longer one are joined."""
    if not isinstance(node, ScalarNode) or node.tag not in _TEXTS:
        refuse(node, f"{_describe(node)} is not text; put text that looks otherwise in quotes")
    words = " ".join(node.value.split())
    if not words or not words.isprintable():
        refuse(node, "text is empty, or holds characters that do not print")
    return words


def flag(node: Node) -> bool:
    """Read true or false."""
    if node.tag != _FLAG:
        refuse(node, f"{_describe(node)} is neither true nor false")
    return yaml.SafeLoader.bool_values[node.value.lower()]


def choice(names: type[_E]) -> Reader[_E]:
    """Read one of some names."""

    def parse(name: str) -> _E:
        if name not in tuple(names):
            raise ValueError(f"{quote(name)} is none of {', '.join(names)}")
        return names(name)

    return parsed(parse)


def parsed(parse: Callable[[str], _T]) -> Reader[_T]:
    """Read a text that is to be parsed; the parser's ``ValueError`` or own error says why not."""

    def read(node: Node) -> _T:
        words = text(node)
        try:
            return parse(words)
        except (ValueError, ServiceError) as error:
            refuse(node, str(error))

    return read


def list_of(reader: Reader[_T]) -> Reader[tuple[_T, ...]]:
    """Read a list."""

    def read(node: Node) -> tuple[_T, ...]:
        if not isinstance(node, SequenceNode):
            refuse(node, f"{_describe(node)} is not a list")
        return tuple(map(reader, node.value))

    return read


def set_of(reader: Reader[_T]) -> Reader[frozenset[_T]]:
    """Read a list whose order means nothing; a single value may stand without brackets."""
    read_list = list_of(reader)

    def read(node: Node) -> frozenset[_T]:
        return frozenset((reader(node),) if isinstance(node, ScalarNode) else read_list(node))

    return read


def mapping(
    build: Callable[..., _T],
    required: Mapping[str, Reader[Any]],
    optional: Mapping[str, Reader[Any]],
    names: Mapping[str, str] | None = None,
) -> Reader[_T]:
    """Read a mapping, and hand its values to ``build`` by the names of their keys.

    Args:
        build: Makes what the reader gives.
        required: The keys that must be there.
        optional: Those that may be missing; then ``build`` is not told of them.
        names: What ``build`` calls a key, where that is another name.
    """
    readers = {**required, **optional}

    def read(node: Node) -> _T:
        values = _entries(node, readers)
        if missing := [key for key in required if key not in values]:
            refuse(node, f"{', '.join(missing)}: missing")
        return build(
            **{(names or {}).get(key, key): readers[key](value) for key, value in values.items()}
        )

    return read


def _decode(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise YamlError(body[: error.start].count(b"\n") + 1, "is not UTF-8") from error


def _compose(source: str) -> Node | None:
    # libyaml reads a file in a tenth of the time that PyYAML's own parser takes.
    try:
        _refuse_surplus(yaml.parse(source, Loader=yaml.CSafeLoader))
        return yaml.compose(source, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        # libyaml does not tell which character it met.
        rest = source[mark.index :].partition("\n")[0] if mark else ""
        parts = error.context, error.problem, f"at {quote(rest)}" if rest else None
        raise YamlError(_tell_line(mark), ", ".join(filter(None, parts))) from error
    except ReaderError as error:
        line = source.encode()[: error.position].count(b"\n") + 1
        raise YamlError(line, "holds a character that YAML does not allow") from error


def _refuse_surplus(events: Iterable[Event]) -> None:
    """Refuse what a file of data does not need, and what is so deep that it exhausts the stack."""
    depth = 0
    for event in events:
        if isinstance(event, CollectionEndEvent):
            depth -= 1
        elif isinstance(event, NodeEvent):
            _refuse_event(event, depth)
            depth += isinstance(event, CollectionStartEvent)


def _refuse_event(event: NodeEvent, depth: int) -> None:
    line = _tell_line(event.start_mark)
    if isinstance(event, AliasEvent):
        raise YamlError(line, "aliases are not understood; write the value again")
    if isinstance(event, ScalarEvent | CollectionStartEvent) and event.tag is not None:
        raise YamlError(line, f"tags such as {quote(event.tag)} are not understood")
    if depth == _MAX_DEPTH:
        raise YamlError(line, f"is nested deeper than {_MAX_DEPTH} levels")


def _tell_line(mark: "Mark | CMark | None") -> int:
    return mark.line + 1 if mark else 1


def _entries(node: Node, known: Mapping[str, object]) -> dict[str, Node]:
    if not isinstance(node, MappingNode):
        refuse(node, f"{_describe(node)} is not a mapping")
    entries: dict[str, Node] = {}
    for key_node, value in node.value:
        key = text(key_node)
        if key not in known:
            refuse(key_node, f"unknown key {quote(key)}; known are {', '.join(known)}")
        if key in entries:
            refuse(key_node, f"the key {quote(key)} stands twice")
        entries[key] = value
    return entries


def _describe(node: Node) -> str:
    if isinstance(node, ScalarNode):
        return quote(node.value) if node.value else "nothing"
    return "a list" if isinstance(node, SequenceNode) else "a mapping"
