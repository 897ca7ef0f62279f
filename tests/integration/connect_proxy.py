"""A proxy that tunnels: CONNECT, and bytes to and fro."""

import socket
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Self


class ConnectProxy(ThreadingHTTPServer):
    """Runs between ``with`` and its end, and leads every name to one address.

    Attributes:
        asked: What each CONNECT named, with the header that opened the proxy.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, target: str) -> None:
        self.asked: list[tuple[str, str | None]] = []
        host, _, port = target.partition(":")
        self.target = (host, int(port))
        super().__init__(("127.0.0.1", 0), _Tunnel)

    def __enter__(self) -> Self:
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


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
