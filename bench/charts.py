"""The charts of what was measured last."""

from collections.abc import Mapping, Sequence
from math import log10
from typing import Any

from bench.drawing import Drawing

Measured = Mapping[str, Any]

_WIDTH, _HEIGHT = 720, 370
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 700, 80, 310

# Rows, as far as they were measured: the service's, the bare callable's, and what both did.
_WARM = (
    ("warm-1", "bare-1", "1 connection"),
    ("warm-8", "bare-8", "8 connections"),
    ("warm-64", "bare-64", "64 connections"),
    ("not-modified", "", "304"),
    ("new-question", "", "a new question"),
)
_BAR, _GAP = 34, 4

# Kairos' own versioneer, by the size of the list; measured on 2026-11-22, on 2 cores.
_PEER = ((319, 1_300.0), (3_000, 11_800.0), (10_000, 44_000.0))
_SIZES = (300, 1_000, 3_000, 10_000)
_MICROSECONDS = (1, 10, 100, 1_000, 10_000, 100_000)


def draw_warm(rows: Mapping[str, Measured], subtitle: str) -> str:
    """Draw the ratios of warm answers to a bare Flask route, as SVG."""
    drawing = Drawing(
        _WIDTH, _HEIGHT, "Warm answers a second, in units of a bare Flask route", subtitle
    )
    shown = [each for each in _WARM if each[0] in rows]
    drawn = [rows[key] for each in shown for key in each[:2] if key in rows]
    highest = max([1.25, *(row["figure"] + row["error"] for row in drawn)]) * 1.1
    scale = (_BOTTOM - _TOP) / highest
    for step in range(int(highest * 2) + 1):
        y = _BOTTOM - step / 2 * scale
        drawing.rule((_LEFT, y), (_RIGHT, y), "axis" if step in (0, 2) else "grid")
        drawing.write(_LEFT - 8, y + 4, f"{step / 2:g}", "faint", "end")
    room = (_RIGHT - _LEFT) / max(1, len(shown))
    for number, (key, bare, name) in enumerate(shown):
        middle = _LEFT + room * (number + 0.5)
        _draw_bar(drawing, rows[key], middle - _BAR - _GAP / 2, scale, "ours")
        if bare in rows:
            _draw_bar(drawing, rows[bare], middle + _GAP / 2, scale, "muted")
        drawing.write(middle, _BOTTOM + 20, name, anchor="middle")
    _draw_legend(drawing)
    return drawing.render()


def _draw_bar(drawing: Drawing, row: Measured, x: float, scale: float, look: str) -> None:
    """Draw a figure with its standard error, and its target across it."""
    top = _BOTTOM - row["figure"] * scale
    drawing.fill(x, top, _BAR, _BOTTOM - top, look)
    slack = row["error"] * scale
    drawing.rule((x + _BAR / 2, top - slack), (x + _BAR / 2, top + slack), "axis")
    drawing.write(x + _BAR / 2, top - slack - 5, f"{row['figure']:.2f}", anchor="middle")
    if row["least"] is not None:
        y = _BOTTOM - row["least"] * scale
        drawing.rule((x - 4, y), (x + _BAR + 4, y), "goal line")


def _draw_legend(drawing: Drawing) -> None:
    y = _BOTTOM + 44
    drawing.fill(_LEFT, y - 9, 10, 10, "ours")
    drawing.write(_LEFT + 16, y, "the service, all features on", "faint")
    drawing.fill(_LEFT + 210, y - 9, 10, 10, "muted")
    drawing.write(_LEFT + 226, y, "a bare WSGI callable", "faint")
    drawing.rule((_LEFT + 380, y - 4), (_LEFT + 396, y - 4), "goal line")
    drawing.write(_LEFT + 402, y, "target: at least this", "faint")


def draw_decision(rows: Sequence[Measured], subtitle: str) -> str:
    """Draw what a decision costs by the size of the list, both in powers of ten, as SVG."""
    drawing = Drawing(_WIDTH, _HEIGHT, "Time of a decision by the size of the tag list", subtitle)
    for time in _MICROSECONDS:
        y = _place(_SIZES[0], time)[1]
        drawing.rule((_LEFT, y), (_RIGHT, y), "axis" if time == 1 else "grid")
        name = f"{time // 1_000} ms" if time >= 1_000 else f"{time} µs"
        drawing.write(_LEFT - 8, y + 4, name, "faint", "end")
    for size in _SIZES:
        drawing.write(_place(size, 1)[0], _BOTTOM + 20, f"{size:,} tags", "faint", "middle")
    _draw_series(drawing, _PEER, "other dashed", "Kairos' versioneer")
    for key, look, name in (
        ("recommendation", "second", "the whole recommendation"),
        ("choice", "ours", "the choice of the target"),
    ):
        measured = [row for row in rows if row["key"] == key]
        points = sorted((row["size"], row["figure"]) for row in measured)
        if points:
            _draw_series(drawing, points, look, f"{name} (target ≤ {measured[0]['most']:g} µs)")
    return drawing.render()


def _draw_series(
    drawing: Drawing, points: Sequence[tuple[int, float]], look: str, name: str
) -> None:
    places = [_place(*point) for point in points]
    drawing.trace(places, look)
    # Its name stands below the end of it, in its colour.
    x, y = places[-1]
    drawing.write(x, y + 26, name, look, "end")


def _place(size: float, time: float) -> tuple[float, float]:
    left, right = log10(_SIZES[0]), log10(12_000)
    x = _LEFT + (log10(size) - left) / (right - left) * (_RIGHT - _LEFT)
    y = _BOTTOM - log10(time) / log10(_MICROSECONDS[-1]) * (_BOTTOM - _TOP)
    return x, y
