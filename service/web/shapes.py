"""Answers as the wire has them, in what JSON is made of.

One plain function a shape: a schema of marshmallow takes ten times as long, and as many lines.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from service.domain.catalogue import Catalogue
from service.domain.change import Change
from service.domain.check import Check
from service.domain.image import Image, kept_by_image
from service.domain.links import Links
from service.domain.matrix import Matrix, MatrixStream
from service.domain.recommendation import Offer, Recommendation
from service.domain.releases import Releases
from service.domain.support import Support
from service.domain.tag import ImageTag
from service.domain.warning import UpgradeWarning

Shape = dict[str, Any]


@kept_by_image
def dump_image(image: Image) -> Shape:
    """Dump an image: the shape used everywhere."""
    repository, tag = image.repository, image.tag
    return {
        "reference": str(image.reference),
        "registry": repository.registry,
        "repository": repository.name,
        "tag": str(tag),
        "digest": image.digest,
        "flavor": image.flavor,
        "flavor_release": tag.flavor_release or None,
        "variant": tag.variant,
        "arch": tag.arch,
        "model": tag.model,
        "version": str(tag.version),
        "branch": str(tag.version.branch),
        "prerelease": tag.version.is_prerelease,
        "kubernetes": _dump_kubernetes(tag),
        "trusted_boot": tag.trusted_boot,
    }


def dump_target(target: Image, offer: Offer) -> Shape:
    """Dump an image to install."""
    return {
        **dump_image(target),
        "pinned": _text(offer.pinned),
        "verified": offer.is_verified,
        "signed": offer.signed,
        "attested": offer.attested,
    }


def dump_change(change: Change) -> Shape:
    """Dump what differs between running and target."""
    return {
        "kairos": change.kairos,
        "kubernetes": change.kubernetes,
        "flavor_release": change.flavor_release,
    }


def dump_support(support: Support) -> Shape:
    """Dump the support verdict."""
    return {
        "verdict": support.verdict,
        "latest_branch": _text(support.latest_branch),
        "running_branch": str(support.running_branch),
    }


def dump_warning(warning: UpgradeWarning) -> Shape:
    """Dump one warning, or one reason for the verdict of a check."""
    return {
        "code": warning.code,
        "severity": warning.severity,
        "message": warning.message,
        "url": warning.url,
    }


def dump_catalogue(catalogue: Catalogue) -> Shape:
    """Dump the listing that an answer was made of."""
    return {
        "fetched_at": _dump_time(catalogue.fetched_at),
        "stale": catalogue.stale,
        "tags": catalogue.tag_count,
    }


def dump_links(links: Links) -> Shape:
    """Dump where to read about the target, and how to check it."""
    return {"changelog": links.changelog, "sbom": links.sbom, "verify": links.verify}


def dump_recommendation(answer: Recommendation) -> Shape:
    """Dump the recommendation."""
    target, offer = answer.target, answer.offer
    return {
        "status": answer.status,
        "running": dump_image(answer.running),
        "target": dump_target(target, offer) if target and offer else None,
        "path": list(map(dump_image, answer.path)),
        "alternatives": [
            {"code": found.code, "image": dump_image(found.image)} for found in answer.alternatives
        ],
        "change": dump_change(answer.change),
        "support": dump_support(answer.support),
        "warnings": list(map(dump_warning, answer.warnings)),
        "rejected": [
            {"code": found.code, "count": found.count, "example": str(found.example)}
            for found in answer.rejected
        ],
        "successor": dump_image(answer.successor) if answer.successor else None,
        "commands": {"kairos_agent": _agent_command(offer)},
        "links": dump_links(answer.links) if answer.links else None,
        "catalogue": dump_catalogue(answer.catalogue),
    }


def dump_matrix(matrix: Matrix) -> Shape:
    """Dump the support matrix."""
    return {
        "latest_branch": _text(matrix.latest_branch),
        "streams": list(map(_dump_stream, matrix.streams)),
        "missing": list(map(str, matrix.missing)),
    }


def _dump_stream(row: MatrixStream) -> Shape:
    stream = row.stream
    return {
        "flavor": row.newest.flavor,
        "flavor_release": row.flavor_release,
        "variant": stream.variant,
        "arch": stream.arch,
        "model": stream.model,
        "kubernetes": stream.distribution,
        "trusted_boot": stream.trusted_boot,
        "newest": dump_image(row.newest),
        "verdict": row.verdict,
        "fetched_at": _dump_time(row.fetched_at),
        "stale": row.stale,
    }


def dump_check(check: Check) -> Shape:
    """Dump whether a step is safe."""
    return {
        "verdict": check.verdict,
        "reasons": list(map(dump_warning, check.reasons)),
        "from": dump_image(check.origin),
        "to": dump_image(check.target),
        "change": dump_change(check.change),
    }


def dump_releases(releases: Releases) -> Shape:
    """Dump the images of a stream."""
    return {
        "image": dump_image(releases.image),
        "releases": list(map(dump_image, releases.images)),
        "catalogue": dump_catalogue(releases.catalogue),
    }


def _dump_kubernetes(tag: ImageTag) -> Mapping[str, str | None] | None:
    if tag.has_unknown_kubernetes:
        return {"distribution": None, "version": None}
    if tag.kubernetes is None:
        return None
    return {"distribution": tag.kubernetes.distribution, "version": str(tag.kubernetes)}


def _agent_command(offer: Offer | None) -> str | None:
    return f"kairos-agent upgrade --source oci:{offer.source}" if offer else None


def _dump_time(time: datetime) -> str:
    # Formatting by a pattern takes six times as long.
    return time.isoformat(timespec="seconds").replace("+00:00", "Z")


def _text(value: object) -> str | None:
    return None if value is None else str(value)
