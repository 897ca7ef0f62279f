"""A proxy that tunnels: CONNECT, and bytes to and fro."""

import socket
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from threading import Thread

from tests.loopback import LoopbackServer


class ConnectProxy(LoopbackServer):
    """Leads every name to one address.

    Attributes:
        asked: What each CONNECT named, with the header that opened the proxy.
    """

    def __init__(self, target: str) -> None:
        self.asked: list[tuple[str, str | None]] = []
        host, _, port = target.partition(":")
        self.target = (host, int(port))
        super().__init__(_Tunnel)


class _Tunnel(BaseHTTPRequestHandler):
    server: ConnectProxy

    def do_CONNECT(self) -> None:
        self.server.asked.append((self.path, self.headers["Proxy-Authorization"]))
        with socket.create_connection(self.server.target) as far:
            self.send_response(HTTPStatus.OK)
            self.end_headers()
            back = Thread(target=_copy, args=(far, self.connection), daemon=True)
            back.start()
            _copy(self.connection, far)
            back.join()
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


def _copy(source: socket.socket, sink: socket.socket) -> None:
    try:
        while piece := source.recv(65_536):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        source.close()
