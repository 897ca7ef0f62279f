"""A drawing in SVG that is legible on light and on dark pages."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

_STYLE = """\
  .page { fill: #ffffff } .ink { fill: #1f2328 } .faint { fill: #59636e }
  .grid { stroke: #d1d9e0 } .axis { stroke: #818b98 }
  .ours { fill: #0969da; stroke: #0969da } .second { fill: #1a7f37; stroke: #1a7f37 }
  .other { fill: #9a6700; stroke: #9a6700 } .muted { fill: #afb8c1; stroke: #afb8c1 }
  .goal { stroke: #cf222e }
  .line { fill: none; stroke-width: 2 } .dashed { stroke-dasharray: 5 4 }
  .flat { stroke: none } .label { stroke: #ffffff; stroke-width: 3; paint-order: stroke }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } .ink { fill: #f0f6fc } .faint { fill: #9198a1 }
    .grid { stroke: #2f353d } .axis { stroke: #656c76 }
    .ours { fill: #4493f8; stroke: #4493f8 } .second { fill: #3fb950; stroke: #3fb950 }
    .other { fill: #d29922; stroke: #d29922 } .muted { fill: #545d68; stroke: #545d68 }
    .goal { stroke: #f85149 } .line { fill: none }
    .flat { stroke: none } .label { stroke: #0d1117 }
  }
"""


@dataclass(slots=True)
class Drawing:
    """Shapes by their top left corner, in pixels; what they look like is named by class.

    Attributes:
        title: Of the whole; also what is read aloud in its place.
        subtitle: What it was measured on.
    """

    width: int
    height: int
    title: str
    subtitle: str
    _shapes: list[str] = field(default_factory=list, init=False)

    def write(
        self, x: float, y: float, text: str, look: str = "ink", anchor: str = "start"
    ) -> None:
        """Write a line of text; ``anchor`` is where of it the point is: start, middle or end."""
        self._shapes.append(
            f'<text x="{x:.1f}" y="{y:.1f}" class="{look} label" text-anchor="{anchor}">'
            f"{escape(text)}</text>"
        )

    def fill(self, x: float, y: float, width: float, height: float, look: str) -> None:
        """Fill a rectangle."""
        self._shapes.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
            f'class="{look} flat"/>'
        )

    def rule(self, start: tuple[float, float], end: tuple[float, float], look: str) -> None:
        """Draw a straight line."""
        (x1, y1), (x2, y2) = start, end
        self._shapes.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{look}"/>'
        )

    def trace(self, points: Sequence[tuple[float, float]], look: str) -> None:
        """Draw a line through points, and mark each."""
        through = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._shapes.append(f'<polyline points="{through}" class="{look} line"/>')
        self._shapes += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" class="{look}"/>' for x, y in points
        ]

    def render(self) -> str:
        """Give the whole as SVG."""
        size = f'width="{self.width}" height="{self.height}"'
        box = f'viewBox="0 0 {self.width} {self.height}"'
        font = 'font-family="system-ui, sans-serif" font-size="12"'
        heading = 'class="ink" font-size="15" font-weight="600"'
        lines = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} {box} role="img" {font}>',
            f"<title>{escape(self.title)}</title>",
            f"<style>\n{_STYLE}</style>",
            f'<rect {size} class="page"/>',
            f'<text x="20" y="28" {heading}>{escape(self.title)}</text>',
            f'<text x="20" y="47" class="faint">{escape(self.subtitle)}</text>',
            *self._shapes,
            "</svg>",
        ]
        return "\n".join(lines) + "\n"
