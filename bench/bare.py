"""Servers that do nothing, to compare the service with; they import nothing of it."""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from flask import Flask, Response

_Application = Callable[[Mapping[str, Any], Callable[..., Any]], Iterable[bytes]]


def build_flask_app(file: str) -> Flask:
    """Build a Flask app whose one route returns what is in a file, read once."""
    app = Flask(__name__, static_folder=None)
    body = Path(file).read_bytes()

    def answer() -> Response:
        return Response(body, mimetype="application/json")

    for path in ("/v1/upgrade", "/livez"):
        app.add_url_rule(path, path, answer)
    return app


def build_bare_app(file: str) -> _Application:
    """Build a WSGI callable that returns what is in a file, read once, whatever is asked."""
    body = Path(file).read_bytes()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]

    def answer(_: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", headers)
        return [body]

    return answer


def build_registry_app(file: str, page: int) -> _Application:
    """Build a registry that holds one list, rendered beforehand, and gives it page by page."""
    content = json.loads(Path(file).read_bytes())
    path, tags = f"/v2/{content['name']}/tags/list", content["tags"]
    pages = {}
    for start in range(0, len(tags), page):
        body = json.dumps({"name": content["name"], "tags": tags[start : start + page]}).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        if start + page < len(tags):
            headers.append(("Link", f'<{path}?n={page}&next={start + page}>; rel="next"'))
        pages[str(start)] = (body, headers)

    def answer(environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start = parse_qs(environ["QUERY_STRING"]).get("next", ["0"])[0]
        body, headers = pages[start]
        start_response("200 OK", headers)
        return [body]

    return answer
