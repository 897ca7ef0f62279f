"""Manifests: what a tag or digest names, and for which platforms.

Source: OCI image-spec v1.1.1, "Image Index", "Image Manifest" and "Image Configuration"; Docker
"Image Manifest Version 2, Schema 2".
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeGuard

from service.adapters.call import Answer

_INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_IMAGES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
ACCEPT = {"Accept": ", ".join((*_INDEXES, *_IMAGES))}

_MAX_CHILDREN = 200
_MAX_PLATFORM_LENGTH = 64
_DIGEST = re.compile(r"sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}")
_USUAL_ALGORITHM = "sha256"


@dataclass(frozen=True, slots=True)
class Manifest:
    """One manifest.

    Attributes:
        digest: Computed from its bytes.
        platforms: For an index: the digests of its images by platform, such as ``linux/amd64``.
        config: For a single image: the digest of its configuration, which tells the platform.
    """

    digest: str
    platforms: Mapping[str, str]
    config: str | None


def read_manifest(answer: Answer) -> Manifest:
    """Read a manifest, and hold it to the digest that stands beside it.

    Raises:
        ValueError: Not one of ours, or not what its digest says; the text finishes the sentence
            "the manifest …".
    """
    digest = compute_digest(answer.body, answer.headers.get("Docker-Content-Digest", ""))
    document = _read_object(answer.body)
    kind = _find_kind(document, answer.headers.get("Content-Type", ""))
    if kind in _INDEXES:
        return Manifest(digest, _read_platforms(document), None)
    if kind in _IMAGES:
        return Manifest(digest, {}, _read_digest(document.get("config")))
    raise ValueError("is of a kind that no node can install")


def read_platform(body: bytes, digest: str) -> str:
    """Read the platform of an image from its configuration.

    Raises:
        ValueError: Not a configuration, or not the one of the digest; as above.
    """
    compute_digest(body, digest)
    document = _read_object(body)
    return _join_platform(document)


def compute_digest(body: bytes, stated: str) -> str:
    """Compute the digest of a body, by the algorithm of the one that is stated for it.

    Raises:
        ValueError: They differ; as above.
    """
    algorithm = stated.partition(":")[0] if _DIGEST.fullmatch(stated) else _USUAL_ALGORITHM
    digest = f"{algorithm}:{hashlib.new(algorithm, body).hexdigest()}"
    if stated and digest != stated:
        raise ValueError("has another digest than its registry says")
    return digest


def is_digest(value: object) -> TypeGuard[str]:
    """Whether a value is a digest by one of the algorithms that the OCI image-spec registers."""
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


def _find_kind(document: Mapping[str, object], content_type: str) -> object:
    """Give the media type, on which everyone who reads the manifest must agree.

    Source: CVE-2021-41190: a body that can be read as both kinds is neither.
    """
    if "manifests" in document and ("layers" in document or "config" in document):
        raise ValueError("is two things at once")
    sent = content_type.partition(";")[0].strip().lower()
    said = document.get("mediaType", sent)
    if said != sent and sent in (*_INDEXES, *_IMAGES):
        raise ValueError("says another kind than its registry")
    return said


def _read_platforms(document: Mapping[str, object]) -> Mapping[str, str]:
    children = document.get("manifests")
    if not isinstance(children, list) or len(children) > _MAX_CHILDREN:
        raise ValueError("has no list of images, or too long a one")
    platforms: dict[str, str] = {}
    for child in children:
        platform = child.get("platform") if isinstance(child, dict) else None
        # What has no platform is no image: an attestation, or an artefact.
        if isinstance(platform, dict):
            platforms.setdefault(_join_platform(platform), _read_digest(child))
    return platforms


def _join_platform(document: Mapping[str, object]) -> str:
    system, arch = document.get("os"), document.get("architecture")
    if not isinstance(system, str) or not isinstance(arch, str):
        raise ValueError("does not tell its platform")  # noqa: TRY004 - malformed, not misused
    platform = f"{system}/{arch}"
    if len(platform) > _MAX_PLATFORM_LENGTH:
        raise ValueError("names a platform that is none")
    return platform


def _read_digest(descriptor: object) -> str:
    digest = descriptor.get("digest") if isinstance(descriptor, dict) else None
    if not is_digest(digest):
        raise ValueError("names something without a digest")
    return digest


def _read_object(body: bytes) -> Mapping[str, object]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ValueError("is not JSON") from error
    if not isinstance(document, dict):
        raise ValueError("is no object")  # noqa: TRY004 - malformed, not misused
    return document
