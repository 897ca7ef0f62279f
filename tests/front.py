"""A front before a registry: it counts listings, and holds them up."""

import http.client
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Self


class RegistryFront(ThreadingHTTPServer):
    """Runs between ``with`` and its end, on a free port of 127.0.0.1.

    Attributes:
        listings: The path of each listing that was asked for.
        delay_seconds: How long each is held up.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, registry: str, delay_seconds: float = 0.0) -> None:
        self.registry = registry
        self.delay_seconds = delay_seconds
        self.listings: list[str] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    def count(self, name: str) -> int:
        """Tell how often a repository was listed."""
        return sum(f"/v2/{name}/tags/list" in path for path in self.listings)

    def __enter__(self) -> Self:
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: RegistryFront

    def do_GET(self) -> None:
        if "/tags/list" in self.path:
            self.server.listings.append(self.path)
            time.sleep(self.server.delay_seconds)
        status, body = self._forward()
        self.send_response(status)
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
