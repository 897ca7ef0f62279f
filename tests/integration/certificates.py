"""Certificates for tests: an authority of our own, and a server that it vouches for."""

import os
import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority, with the certificate and key of 127.0.0.1."""

    ca: Path
    certificate: Path
    key: Path

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


def create_authority(directory: Path) -> Authority:
    ca, ca_key = directory / "ca.pem", directory / "ca.key"
    key, request, certificate = (directory / f"server.{end}" for end in ("key", "csr", "pem"))
    new_key = ["-newkey", "rsa:2048", "-nodes"]
    _openssl(
        ["req", "-x509", *new_key, "-keyout", ca_key, "-out", ca, "-days", "2"],
        [
            "-subj",
            "/CN=Test authority",
            "-addext",
            "keyUsage=critical,keyCertSign,digitalSignature",
        ],
    )
    _openssl(
        ["req", *new_key, "-keyout", key, "-out", request, "-subj", "/CN=127.0.0.1"],
        ["-addext", "subjectAltName=IP:127.0.0.1"],
    )
    _openssl(
        ["x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial"],
        ["-out", certificate, "-days", "2", "-copy_extensions", "copy"],
    )
    return Authority(ca, certificate, key)


def sign(key: Path, message: bytes) -> bytes:
    """Sign with RSA and SHA-256, as RS256 has it."""
    command = [_find_openssl(), "dgst", "-sha256", "-sign", str(key)]
    return subprocess.run(command, input=message, capture_output=True, check=True).stdout  # noqa: S603 - a fixed program


def _openssl(*parts: list[str | Path]) -> None:
    command = [_find_openssl(), *(str(word) for part in parts for word in part)]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - a fixed program


def _find_openssl() -> str:
    program = shutil.which("openssl")
    if program is None and os.getenv("CI"):
        pytest.fail("openssl is not installed")
    if program is None:
        pytest.skip("openssl is not installed: apt-get install openssl")
    return program
