"""A registry of our own, for the manners and faults that docker-registry does not have.

Each repository name under it is a behaviour; see ``_BEHAVIOURS`` at the end. A test adds its own by
path, as ``routes``.
"""

import json
import socket
import ssl
import struct
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from threading import Lock
from urllib.parse import parse_qs, urlsplit

from tests.loopback import LoopbackServer

TAGS = tuple(f"v1.0.{number}" for number in range(250))
_PAGE = 100


Route = Callable[["Handler"], None]


class RegistryServer(LoopbackServer):
    """Answers by path, or by the repository's name; remembers what it was asked.

    Attributes:
        requests: The path and query of each request so far.
        hosts: The ``Host`` header of each.
        authorizations: The ``Authorization`` header of each.
        forms: What was posted.
        connections: How many connections were made.
        at_once: The most requests that were answered at one time.
        routes: Answers by path, before those by repository.
        counts: For routes that answer differently the second time.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[str] = []
        self.hosts: list[str] = []
        self.authorizations: list[str | None] = []
        self.forms: list[str] = []
        self.connections = 0
        self.at_once = 0
        self.routes: dict[str, Route] = {}
        self.counts: Counter[str] = Counter()
        self._open = 0
        self._lock = Lock()
        super().__init__(Handler)
        self.scheme = "https" if tls else "http"
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.address}"

    def handle_error(self, *_: object) -> None:
        """Keep silent of clients that hang up, as many here must."""

    @contextmanager
    def counting(self) -> Iterator[None]:
        with self._lock:
            self._open += 1
            self.at_once = max(self.at_once, self._open)
        try:
            yield
        finally:
            with self._lock:
                self._open -= 1


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: RegistryServer

    def setup(self) -> None:
        self.server.connections += 1
        super().setup()

    @property
    def repository(self) -> str:
        return urlsplit(self.path).path.removeprefix("/v2/").removesuffix("/tags/list")

    def do_GET(self) -> None:
        self.server.requests.append(self.path)
        self.server.hosts.append(self.headers["Host"])
        self.server.authorizations.append(self.headers["Authorization"])
        route = self.server.routes.get(urlsplit(self.path).path) or _BEHAVIOURS.get(self.repository)
        try:
            with self.server.counting():
                (route or status(404))(self)
        except OSError:
            self.close_connection = True

    do_HEAD = do_GET  # noqa: N815 - as http.server has it

    def do_POST(self) -> None:
        self.server.forms.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass

    def ask(self, name: str) -> str | None:
        return parse_qs(urlsplit(self.path).query).get(name, [None])[0]

    def reply(
        self, status: int = 200, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if "Content-Length" not in (headers or {}):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def reply_page(self, tags: object, link: str | None = None) -> None:
        body = json.dumps({"name": self.repository, "tags": tags}).encode()
        self.reply(200, body, {"Link": link} if link else None)


def _page(prefix: str) -> Route:
    """Page as quay does: never over its own page size, and on by an opaque token."""

    def page(handler: Handler) -> None:
        start = int((handler.ask("next_page") or "token-0").removeprefix("token-"))
        size = min(int(handler.ask("n") or _PAGE), _PAGE)
        end = start + size
        path = urlsplit(handler.path).path
        address = prefix.format(address=handler.server.address)
        link = f'<{address}{path}?n={size}&next_page=token-{end}>; rel="next"'
        handler.reply_page(TAGS[start:end], link if end < len(TAGS) else None)

    return page


def body(content: bytes) -> Route:
    return lambda handler: handler.reply(200, content)


def status(status: int, **headers: str) -> Route:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.reply(status, b"{}", named)


def _link(target: str) -> Route:
    def reply(handler: Handler) -> None:
        address = target.format(address=handler.server.address)
        handler.reply_page(["a"], f'<{address}>; rel="next"')

    return reply


def _refuse_page_size(handler: Handler) -> None:
    if handler.ask("n") is not None:
        handler.reply(400, b"{}")
    else:
        handler.reply_page(TAGS)


def _fail_on_second_page(handler: Handler) -> None:
    if handler.ask("last") is not None:
        handler.reply(500)
    else:
        handler.reply_page(["a"], '<?last=a>; rel="next"')


def _list_without_end(handler: Handler) -> None:
    number = int(handler.ask("last") or 0) + 1
    handler.reply_page(["a"], f'<?last={number}>; rel="next"')


def _list_largely_without_end(handler: Handler) -> None:
    number = int(handler.ask("last") or 0) + 1
    page = b'{"tags": ["a"], "filler": "' + b"a" * (2 * 1024 * 1024 - 100) + b'"}'
    handler.reply(200, page, {"Link": f'<?last={number}>; rel="next"'})


def _list_long_tags_without_end(handler: Handler) -> None:
    number = int(handler.ask("last") or 0) + 1
    tags = [f"{number}-{index}-".ljust(128, "a") for index in range(15_000)]
    handler.reply_page(tags, f'<?last={number}>; rel="next"')


def _list_slowly_without_end(handler: Handler) -> None:
    time.sleep(0.2)
    _list_without_end(handler)


def reset(handler: Handler) -> None:
    # With no time to linger, closing sends a reset.
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.close_connection = True
    handler.rfile.close()
    handler.connection.close()


def cut(handler: Handler) -> None:
    handler.reply(200, b'{"tags": ["a"', {"Content-Length": "1000"})
    handler.close_connection = True


def _cut_chunk(handler: Handler) -> None:
    handler.reply(200, b'5\r\n{"tag\r\n', {"Transfer-Encoding": "chunked", "Content-Length": ""})
    handler.close_connection = True


def drip_body(handler: Handler) -> None:
    handler.reply(200, b"", {"Content-Length": "1000"})
    _drip(handler)


def _drip_head(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    _drip(handler)


def _drip(handler: Handler) -> None:
    for _ in range(100):
        handler.wfile.write(b" ")
        time.sleep(0.05)
    handler.close_connection = True


def stall(handler: Handler) -> None:
    time.sleep(5)
    handler.close_connection = True


def send_without_end(handler: Handler) -> None:
    handler.reply(200, b"", {"Content-Length": str(10 * 1024**3)})
    _write_without_end(handler)


def redirect_without_end(handler: Handler) -> None:
    handler.reply(302, b"", {"Content-Length": str(10 * 1024**3), "Location": "/v2/null/tags/list"})
    _write_without_end(handler)


def send_chunks_without_end(handler: Handler) -> None:
    handler.reply(200, b"", {"Transfer-Encoding": "chunked", "Content-Length": ""})
    while True:
        handler.wfile.write(b"10000\r\n" + b" " * 65_536 + b"\r\n")


def send_chunk_line_without_end(handler: Handler) -> None:
    handler.reply(200, b"1;", {"Transfer-Encoding": "chunked", "Content-Length": ""})
    _write_without_end(handler)


def send_trailers_without_end(handler: Handler) -> None:
    handler.reply(200, b"0\r\n", {"Transfer-Encoding": "chunked", "Content-Length": ""})
    while True:
        handler.wfile.write(b"X-Trailer: " + b"a" * 1_000 + b"\r\n")


def send_head_without_end(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        handler.wfile.write(b"X-Header: " + b"a" * 1_000 + b"\r\n")


def send_interim_without_end(handler: Handler) -> None:
    while True:
        handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def _write_without_end(handler: Handler) -> None:
    while True:
        handler.wfile.write(b" " * 65_536)


_BEHAVIOURS: dict[str, Route] = {
    "pages/relative": _page(""),
    "pages/absolute": _page("http://{address}"),
    "n-refused": _refuse_page_size,
    "null": lambda handler: handler.reply_page(None),
    "repeated": lambda handler: handler.reply_page(["b", "a", "b"]),
    "second-page-fails": _fail_on_second_page,
    "second-page-stalls": lambda handler: (
        stall(handler) if handler.ask("last") else handler.reply_page(["a"], "<?last=a>; rel=next")
    ),
    "loop": _link("?n=1000"),
    "endless-pages": _list_without_end,
    "endless-slow-pages": _list_slowly_without_end,
    "link/other-host": _link("http://localhost/v2/null/tags/list"),
    "link/other-port": _link("http://127.0.0.1:1/v2/null/tags/list"),
    "link/other-scheme": _link("https://{address}/v2/null/tags/list"),
    "link/credentials": _link("http://user:secret@{address}/v2/null/tags/list"),
    "link/no-url": _link("http://[/v2/null/tags/list"),
    "link/many": lambda handler: handler.reply_page(
        ["a" if handler.ask("last") is None else "b"],
        '</v2/>; rel="first prev", <?last=a&x=%2C>; title="a, b"; REL="next last"'
        if handler.ask("last") is None
        else "</v2/>; rel=prev",
    ),
    "link/garbage": lambda handler: handler.reply_page(["a"], 'next: "/v2/"'),
    "status/401": status(401),
    "other-repository": lambda handler: handler.reply(200, b'{"name": "secret", "tags": ["a"]}'),
    "status/403": status(403),
    "status/404": status(404),
    "status/418": status(418),
    "status/429": status(429, Retry_After="17"),
    "status/429-hour": status(429, Retry_After="3600"),
    "status/429-garbage": status(429, Retry_After="-1"),
    "status/500": status(500),
    "status/503": status(503, Retry_After="5"),
    "status/503-plain": status(503),
    "reset": reset,
    "cut": cut,
    "cut-chunk": _cut_chunk,
    "drip/body": drip_body,
    "drip/head": _drip_head,
    "stall": stall,
    "endless-large-pages": _list_largely_without_end,
    "endless-long-tags": _list_long_tags_without_end,
    "endless-body": send_without_end,
    "endless-chunks": send_chunks_without_end,
    "endless-chunk-line": send_chunk_line_without_end,
    "endless-trailers": send_trailers_without_end,
    "endless-redirect": redirect_without_end,
    "endless-head": send_head_without_end,
    "endless-interim": send_interim_without_end,
    "body/one-string": body(b'{"tags": ["' + b"a" * (2 * 1024 * 1024 - 100) + b'"]}'),
    "body/html": body(b"<html>"),
    "body/deep": body(b"[" * 100_000),
    "body/huge-number": body(b'{"tags": [' + b"9" * 10_000 + b"]}"),
    "body/list": body(b"[]"),
    "body/no-tags": body(b'{"name": "any"}'),
    "body/tags-text": body(b'{"tags": "a"}'),
    "body/tag-number": body(b'{"tags": ["a", 1]}'),
    "body/tag-overlong": body(json.dumps({"tags": ["a" * 129]}).encode()),
    "body/too-many": body(json.dumps({"tags": [f"v{n}" for n in range(50_001)]}).encode()),
    "body/empty": body(b""),
    "stranger": lambda handler: handler.reply(
        403 if "Cookie" in handler.headers or "Authorization" in handler.headers else 200,
        b'{"tags": []}',
        {"Set-Cookie": "a=b"},
    ),
}
