"""A front before a registry: it counts listings, and holds them up."""

import http.client
import time
from http.server import BaseHTTPRequestHandler

from tests.loopback import LoopbackServer


class RegistryFront(LoopbackServer):
    """Hands everything on to a registry.

    Attributes:
        listings: The path of each listing that was asked for.
        delay_seconds: How long each is held up.
        refusal: The status that is answered in place of the registry's, with a pause of 2 s.
    """

    def __init__(self, registry: str, delay_seconds: float = 0.0) -> None:
        self.registry = registry
        self.delay_seconds = delay_seconds
        self.refusal: int | None = None
        self.listings: list[str] = []
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
        refusal = self.server.refusal
        status, body = (refusal, b"{}") if refusal else self._forward()
        self.send_response(status)
        if refusal:
            self.send_header("Retry-After", "2")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _forward(self) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.server.registry, timeout=10)
        try:
            connection.request("GET", self.path)
            response = connection.getresponse()
            return response.status, response.read()
        except OSError:
            return http.client.BAD_GATEWAY, b"{}"
        finally:
            connection.close()

    def log_message(self, *_: object) -> None:
        pass
