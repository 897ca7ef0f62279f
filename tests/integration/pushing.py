"""Pushes to a docker-registry over HTTP: images, indexes, and what cosign adds."""

import hashlib
import json
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI_IMAGE = "application/vnd.oci.image.manifest.v1+json"
DOCKER_IMAGE = "application/vnd.docker.distribution.manifest.v2+json"


@dataclass(frozen=True, slots=True)
class Pusher:
    """Pushes to one repository."""

    registry: str
    repository: str

    def push_image(
        self, tag: str, arch: str = "amd64", *, kind: str = OCI_IMAGE, system: str = "linux"
    ) -> str:
        """Push an image of one platform, and give its digest; the tag makes it unique."""
        config = json.dumps({"architecture": arch, "os": system, "author": tag}).encode()
        digest = self._push_blob(config)
        descriptor = {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "size": len(config),
            "digest": digest,
        }
        manifest = {"schemaVersion": 2, "mediaType": kind, "config": descriptor, "layers": []}
        return self.push_manifest(tag, manifest)

    def push_index(self, tag: str, *arches: str, kind: str = OCI_INDEX) -> str:
        """Push an index of images, with an attestation as BuildKit adds one."""
        image = DOCKER_IMAGE if kind == DOCKER_LIST else OCI_IMAGE
        children = [
            {
                "mediaType": image,
                "size": 1,
                "digest": self.push_image(f"child-{arch}", arch, kind=image),
                "platform": {"architecture": arch, "os": "linux"},
            }
            for arch in (*arches, "unknown")
        ]
        children[-1]["platform"] = {"architecture": "unknown", "os": "unknown"}
        return self.push_manifest(
            tag, {"schemaVersion": 2, "mediaType": kind, "manifests": children}
        )

    def push_manifest(self, tag: str, manifest: dict[str, Any]) -> str:
        body = json.dumps(manifest).encode()
        path = f"/v2/{self.repository}/manifests/{tag}"
        self._send("PUT", path, body, {"Content-Type": manifest["mediaType"]})
        return _digest(body)

    def delete(self, digest: str) -> None:
        self._send("DELETE", f"/v2/{self.repository}/manifests/{digest}")

    def _push_blob(self, content: bytes) -> str:
        started = self._send("POST", f"/v2/{self.repository}/blobs/uploads/")
        path = started["Location"].removeprefix(f"http://{self.registry}")
        digest = _digest(content)
        octets = {"Content-Type": "application/octet-stream"}
        self._send("PUT", f"{path}&digest={digest}", content, octets)
        return digest

    def _send(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> Any:  # noqa: ANN401 - as http.client has headers
        connection = HTTPConnection(self.registry, timeout=10)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            told = response.read()
            assert response.status < 300, told
            return response.headers
        finally:
            connection.close()


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
