"""Real servers on loopback: a docker-registry, filled without pushing."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

_START_SECONDS = 10
_LISTENING = re.compile(r"listening on (127\.0\.0\.1:[0-9]+)")
_CONFIGURATION = """\
version: 0.1
log: {level: info, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: "%s"}, delete: {enabled: true}}
"""
# The platform of all that start_registry holds.
_CONFIG = b'{"architecture": "amd64", "os": "linux"}'


@contextmanager
def start_registry(
    directory: Path,
    repositories: Mapping[str, Sequence[str]],
    *,
    tls: tuple[Path, Path] | None = None,
    auth: str = "",
) -> Iterator[str]:
    """Run a docker-registry that holds these tags, and yield its ``host:port``.

    Args:
        directory: An empty one, for its store, configuration and log.
        repositories: The tags of each repository; all of them name one tiny image for amd64.
        tls: Its certificate and key.
        auth: The section ``auth`` of its configuration.
    """
    binary = find_program("docker-registry")
    _fill_store(directory / "store", repositories)
    configuration = directory / "config.yml"
    secure = f', tls: {{certificate: "{tls[0]}", key: "{tls[1]}"}}' if tls else ""
    http = f'http: {{addr: "127.0.0.1:0"{secure}}}\n'
    text = _CONFIGURATION % (directory / "store") + http + auth
    configuration.write_text(text)
    log = directory / "registry.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - a fixed program
            [binary, "serve", str(configuration)],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={},
        )
    try:
        yield _wait_for_address(process, log)
    finally:
        process.kill()
        process.wait()


def find_program(name: str) -> str:
    """Find a program of Debian's package of the same name; where there is none, leave the test out.

    In CI that is a failure.
    """
    binary = shutil.which(name)
    if binary is not None:
        return binary
    message = f"{name} is not installed: apt-get install {name}"
    if os.getenv("CI"):
        pytest.fail(message)
    pytest.skip(message)


def add_tags(directory: Path, name: str, tags: Sequence[str]) -> None:
    """Add tags to a repository of a registry that runs; they name the image of the others.

    Args:
        directory: That of ``start_registry``.
        name: A repository that has tags.
        tags: New ones.
    """
    repository = directory / "store/docker/registry/v2/repositories" / name / "_manifests/tags"
    link = next(repository.glob("*/current/link")).read_text()
    for tag in tags:
        _write_link(repository / tag / "current", link.removeprefix("sha256:"))


def remove_tags(directory: Path, name: str) -> None:
    """Remove all tags of a repository of a registry that runs."""
    repository = directory / "store/docker/registry/v2/repositories" / name / "_manifests/tags"
    for tag in list(repository.iterdir()):
        shutil.rmtree(tag)


def _wait_for_address(process: "subprocess.Popen[bytes]", log: Path) -> str:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        found = _LISTENING.search(log.read_text())
        if found is not None:
            return found[1]
        time.sleep(0.01)
    raise RuntimeError(f"docker-registry did not start: {log.read_text()}")


def _fill_store(root: Path, repositories: Mapping[str, Sequence[str]]) -> None:
    """Write what pushes would leave behind; a thousand times as fast as pushing.

    Source: distribution v2.8, registry/storage/paths.go.
    """
    config = _write_blob(root, _CONFIG)
    manifest = _write_blob(
        root,
        json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": {
                    "mediaType": "application/vnd.oci.image.config.v1+json",
                    "size": len(_CONFIG),
                    "digest": f"sha256:{config}",
                },
                "layers": [],
            },
        ).encode(),
    )
    for name, tags in repositories.items():
        repository = root / "docker/registry/v2/repositories" / name
        _write_link(repository / "_layers/sha256" / config, config)
        _write_link(repository / "_manifests/revisions/sha256" / manifest, manifest)
        (repository / "_manifests/tags").mkdir()
        for tag in tags:
            _write_link(repository / "_manifests/tags" / tag / "current", manifest)


def _write_blob(root: Path, content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    path = root / "docker/registry/v2/blobs/sha256" / digest[:2] / digest / "data"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return digest


def _write_link(directory: Path, digest: str) -> None:
    directory.mkdir(parents=True)
    (directory / "link").write_text(f"sha256:{digest}")
