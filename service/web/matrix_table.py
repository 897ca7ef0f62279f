"""The support matrix as a table: its columns, and the filter and order that a reader asks for."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import fields, validate

from service.domain.matrix import Matrix, MatrixStream, natural_order
from service.domain.support import Verdict
from service.domain.tag import Variant
from service.web.reading import ParametersSchema
from service.web.words import VERDICTS

_MAX_VALUE_LENGTH = 128
# What is supported stands first, and within that the matrix' own order.
_SORT = "verdict"
_UNKNOWN = "unknown"
_NO_KUBERNETES = "none"


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: In ``sort``.
        key: What its rows are ordered by.
    """

    name: str
    title: str
    key: Callable[[MatrixStream], Any]


def _distribution(row: MatrixStream) -> str:
    if row.stream.variant is Variant.CORE:
        return _NO_KUBERNETES
    return row.stream.distribution or _UNKNOWN


def _kubernetes_order(row: MatrixStream) -> tuple[object, ...]:
    kubernetes = row.newest.tag.kubernetes
    return (_distribution(row), *(kubernetes.order if kubernetes else ()))


COLUMNS = (
    Column("flavor", "Flavor", lambda row: row.newest.flavor),
    Column("release", "Release", lambda row: natural_order(row.flavor_release or "")),
    Column("variant", "Variant", lambda row: row.stream.variant),
    Column("arch", "Arch", lambda row: row.stream.arch),
    Column("model", "Model", lambda row: row.stream.model),
    Column("kubernetes", "Kubernetes", _kubernetes_order),
    Column("newest", "Newest", lambda row: row.newest.tag.version.order),
    Column("branch", "Branch", lambda row: row.newest.tag.version.branch),
    Column("verdict", "Support", lambda row: list(Verdict).index(row.verdict)),
    Column("listed", "Listed", lambda row: row.fetched_at),
)

# What can be filtered by: the title, and what a row has.
FILTERS: Mapping[str, tuple[str, Callable[[MatrixStream], str]]] = {
    "flavor": ("Flavor", lambda row: row.newest.flavor),
    "variant": ("Variant", lambda row: row.stream.variant),
    "arch": ("Arch", lambda row: row.stream.arch),
    "model": ("Model", lambda row: row.stream.model),
    "distribution": ("Kubernetes", _distribution),
    "verdict": ("Support", lambda row: row.verdict),
}


def _filter() -> fields.String:
    return fields.String(validate=validate.Length(max=_MAX_VALUE_LENGTH))


class TableSchema(ParametersSchema):
    """What a reader may ask of the table; an empty value asks for nothing."""

    flavor = _filter()
    variant = _filter()
    arch = _filter()
    model = _filter()
    distribution = _filter()
    verdict = _filter()
    sort = fields.String(
        validate=validate.OneOf(
            ["", *(f"{sign}{column.name}" for column in COLUMNS for sign in ("", "-"))],
            error="Must be the name of a column, with a - before it for the highest first.",
        ),
    )


@dataclass(frozen=True, slots=True)
class Header:
    """A column as its head shows it.

    Attributes:
        order: ``ascending`` or ``descending``; None where the rows stand in another order.
        query: What asks for the rows in its order, or in the reverse where they stand in it.
    """

    title: str
    order: str | None
    query: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Choice:
    """A filter with the values that it can have.

    Attributes:
        options: Value and text of each.
    """

    name: str
    title: str
    options: tuple[tuple[str, str], ...]
    chosen: str


class MatrixTable:
    """A matrix as a reader wants to see it.

    Args:
        matrix: What there is.
        asked: By ``TableSchema``.
    """

    def __init__(self, matrix: Matrix, asked: Mapping[str, str]) -> None:
        self.matrix = matrix
        self.asked = {name: value for name, value in asked.items() if value}
        self._sort = self.asked.get("sort", _SORT)

    @property
    def is_filtered(self) -> bool:
        """Whether some rows may be left out."""
        return any(name in self.asked for name in FILTERS)

    def list_rows(self) -> list[MatrixStream]:
        """List the rows that pass the filter, in the order asked for."""
        rows = list(self._pass(self.matrix.streams))
        for column in COLUMNS:
            if column.name == self._sort.removeprefix("-"):
                rows.sort(key=column.key, reverse=self._sort.startswith("-"))
        return rows

    def list_headers(self) -> list[Header]:
        """List the heads of all columns."""
        return [self._describe(column) for column in COLUMNS]

    def list_choices(self) -> list[Choice]:
        """List the filters, each with the values that rows have."""
        return [self._choose(name) for name in FILTERS]

    def _pass(self, rows: Iterable[MatrixStream]) -> Iterable[MatrixStream]:
        wanted = {name: self.asked[name] for name in FILTERS if name in self.asked}
        for row in rows:
            if all(FILTERS[name][1](row) == value for name, value in wanted.items()):
                yield row

    def _describe(self, column: Column) -> Header:
        order = {column.name: "ascending", f"-{column.name}": "descending"}.get(self._sort)
        reverse = f"-{column.name}" if order == "ascending" else column.name
        return Header(column.title, order, {**self.asked, "sort": reverse})

    def _choose(self, name: str) -> Choice:
        title, read = FILTERS[name]
        chosen = self.asked.get(name, "")
        values = dict.fromkeys(sorted(map(read, self.matrix.streams)))
        if chosen:
            values.setdefault(chosen)
        options = tuple((str(value), _show(value)) for value in values)
        return Choice(name, title, options, chosen)


def _show(value: str) -> str:
    return VERDICTS[value] if isinstance(value, Verdict) else value
