"""A front before a registry: it counts listings and verifications, and holds them up."""

import http.client
import time
from email.message import Message
from http.server import BaseHTTPRequestHandler

from tests.loopback import LoopbackServer

# What a client needs of an answer.
_HEADERS = ("Content-Type", "Docker-Content-Digest", "Retry-After")


class RegistryFront(LoopbackServer):
    """Hands everything on to a registry.

    Attributes:
        listings: The path of each listing that was asked for.
        manifests: The path of each manifest that was asked for by the name of a version.
        delay_seconds: How long each listing is held up.
        manifest_delay_seconds: How long each such manifest is.
        refusal: The status that is answered in place of the registry's, with a pause of 2 s.
        refused: How often it was.
    """

    def __init__(self, registry: str, delay_seconds: float = 0.0) -> None:
        self.registry = registry
        self.delay_seconds = delay_seconds
        self.manifest_delay_seconds = 0.0
        self.refusal: int | None = None
        self.refused = 0
        self.listings: list[str] = []
        self.manifests: list[str] = []
        super().__init__(_Handler)

    def count(self, name: str) -> int:
        """Tell how often a repository was listed."""
        return sum(f"/v2/{name}/tags/list" in path for path in self.listings)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: RegistryFront

    def do_GET(self) -> None:
        if "/tags/list" in self.path:
            self.server.listings.append(self.path)
            time.sleep(self.server.delay_seconds)
        elif "/manifests/" in self.path and "/sha256" not in self.path:
            self.server.manifests.append(self.path)
            time.sleep(self.server.manifest_delay_seconds)
        status, headers, body = self._answer()
        self.send_response(status)
        for name in _HEADERS:
            if name in headers:
                self.send_header(name, headers[name])
        # A registry may send a list in chunks, without its length.
        length = headers.get("Content-Length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 - as http.server has it

    def _answer(self) -> tuple[int, Message, bytes]:
        if self.server.refusal is None:
            return self._forward()
        self.server.refused += 1
        headers = Message()
        headers["Retry-After"] = "2"
        return self.server.refusal, headers, b"{}"

    def _forward(self) -> tuple[int, Message, bytes]:
        connection = http.client.HTTPConnection(self.server.registry, timeout=10)
        try:
            accepted = {"Accept": self.headers.get("Accept", "*/*")}
            connection.request(self.command, self.path, headers=accepted)
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        except OSError:
            return http.client.BAD_GATEWAY, Message(), b""
        finally:
            connection.close()

    def log_message(self, *_: object) -> None:
        pass
