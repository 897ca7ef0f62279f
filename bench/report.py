"""Writes what was measured last into ``docs``: the table of figures, and the charts."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.charts import draw_decision, draw_warm
from bench.results import RESULTS, load_results
from bench.row import Row
from bench.targets import TARGETS

_DOCS = Path(__file__).resolve().parent.parent / "docs"
_BEGIN, _END = "<!-- make chart -->\n", "<!-- end of make chart -->\n"


def main() -> None:
    """Write all of it."""
    results = load_results(RESULTS)
    rows = results["rows"]
    if not rows:
        sys.exit("nothing was measured yet: make bench")
    machine = describe_machine(results)
    by_key = {row["key"]: row for row in rows}
    (_DOCS / "bench-warm.svg").write_text(draw_warm(by_key, machine))
    (_DOCS / "bench-decision.svg").write_text(draw_decision(rows, machine))
    page = _DOCS / "performance.md"
    page.write_text(put_table(page.read_text(), results))


def describe_machine(results: Mapping[str, Any]) -> str:
    """Tell when and on what kind of machine it was measured."""
    days = sorted({row["measured"] for row in results["rows"]})
    machine = results["machine"]
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    return f"{when} · {machine['cores']} cores for client and server · Python {machine['python']}"


def put_table(page: str, results: Mapping[str, Any]) -> str:
    """Put the figures in the place of those that a page has."""
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    order = list(TARGETS)
    known = [row for row in results["rows"] if row["key"] in TARGETS]
    rows = sorted(known, key=lambda row: (order.index(row["key"]), row["size"] or 0))
    lines = [
        f"{describe_machine(results)}.",
        "",
        "| what | figure | target | |",
        "| --- | --- | --- | --- |",
        *map(_write_row, rows),
    ]
    return before + _BEGIN + "\n".join(lines) + "\n" + _END + after


def _write_row(measured: Mapping[str, Any]) -> str:
    fields = ("key", "figure", "error", "control", "size", "note")
    row = Row(**{name: measured[name] for name in fields})
    # What is indented belongs to the row above it.
    nested = "… " if row.what.startswith(" ") else ""
    error = f" ± {row.error:.2f}" if row.error else ""
    figure = f"{row.figure:,.2f}".removesuffix(".00") + f"{error} {row.target.unit}".rstrip()
    return f"| {nested}{row.what.strip()} | {figure} | {row.target} | {row.remark} |"


if __name__ == "__main__":
    main()
