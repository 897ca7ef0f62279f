"""A page as a program reads it."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Page(HTMLParser):
    """The parts of a page that tests look at.

    Attributes:
        rows: The text of each cell of the body of its table.
        links: The addresses of its links, by their text; the last one counts.
        chosen: The selected options of its forms, by the name of their field.
        loaded: The addresses of what it loads.
        inline: Scripts, styles and handlers within its markup.
    """

    text: str
    rows: list[list[str]] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    chosen: dict[str, str] = field(default_factory=dict)
    loaded: list[str] = field(default_factory=list)
    inline: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._stack: list[tuple[str, dict[str, str | None]]] = []
        self._select = ""
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._stack.append((tag, given))
        self.inline += [name for name in given if name == "style" or name.startswith("on")]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag == "select":
            self._select = str(given["name"])
        if tag == "option" and "selected" in given:
            self.chosen[self._select] = str(given["value"])
        self.loaded += [
            str(given[name])
            for name in ("src", "href")
            if name in given and tag in ("script", "link", "img")
        ]

    def handle_endtag(self, tag: str) -> None:
        while self._stack and self._stack.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        tags = [tag for tag, _ in self._stack]
        if not data.strip():
            return
        if tags and tags[-1] in ("script", "style"):
            self.inline.append(data)
        if "td" in tags or "th" in tags:
            self.rows[-1][-1] += data
        if "a" in tags:
            link = next(given for tag, given in reversed(self._stack) if tag == "a")
            self.links[data.strip()] = str(link["href"])
