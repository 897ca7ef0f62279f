"""The files that pages are made of: our own, and those of Swagger UI."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Self

from flask import Blueprint, Response, abort, request, url_for

_OURS = Path(__file__).resolve().parent / "static"
_SWAGGER_UI = Path(str(files("flask_swagger_ui"))) / "dist"
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
# Source: RFC 8246.
_FOR_EVER = f"public, max-age={365 * 24 * 3600}, immutable"

blueprint = Blueprint("assets", __name__)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file.

    Attributes:
        digest: Of its content; a part of its address, so that caches may keep it for ever.
    """

    path: Path
    digest: str

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file, to tell its digest."""
        return cls(path, hashlib.blake2b(path.read_bytes(), digest_size=12).hexdigest())


_PATHS = {
    path.name: path
    for path in (
        *sorted(_OURS.iterdir()),
        _SWAGGER_UI / "swagger-ui.css",
        _SWAGGER_UI / "swagger-ui-bundle.js",
    )
}


# When it is first asked for: one of them is so large that all together take 5 ms of each start.
_read = cache(Asset.read)


@blueprint.get("/static/<name>")
def get_asset(name: str) -> Response:
    """Give a file that a page names."""
    return _send(_read(_PATHS.get(name) or abort(404)))


@blueprint.app_template_global()
def asset_url(name: str) -> str:
    """Give the address of a file, which changes with its content."""
    return url_for("assets.get_asset", name=name, v=_read(_PATHS[name]).digest)


def _send(asset: Asset) -> Response:
    response = Response(asset.path.read_bytes(), mimetype=_MEDIA_TYPES[asset.path.suffix])
    is_current = request.args.get("v") == asset.digest
    response.headers["Cache-Control"] = _FOR_EVER if is_current else "no-cache"
    response.set_etag(asset.digest, weak=True)
    response.make_conditional(request)
    return response
