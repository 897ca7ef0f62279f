"""Answers as the wire has them."""

from marshmallow import Schema, fields

from service.domain.recommendation import Offer
from service.domain.tag import ImageTag

_TIME = "%Y-%m-%dT%H:%M:%SZ"


class ImageSchema(Schema):
    """An image: the shape used everywhere."""

    reference = fields.String()
    registry = fields.String(attribute="repository.registry")
    repository = fields.String(attribute="repository.name")
    tag = fields.String()
    digest = fields.String()
    flavor = fields.String()
    flavor_release = fields.Function(lambda image: image.tag.flavor_release or None)
    variant = fields.String(attribute="tag.variant")
    arch = fields.String(attribute="tag.arch")
    model = fields.String(attribute="tag.model")
    version = fields.String(attribute="tag.version")
    branch = fields.String(attribute="tag.version.branch")
    prerelease = fields.Boolean(attribute="tag.version.is_prerelease")
    kubernetes = fields.Function(lambda image: _dump_kubernetes(image.tag))
    trusted_boot = fields.Boolean(attribute="tag.trusted_boot")


class TargetSchema(ImageSchema):
    """An image to install."""

    pinned = fields.String(allow_none=True)
    verified = fields.Boolean(attribute="is_verified")
    signed = fields.Boolean(allow_none=True)
    attested = fields.Boolean(allow_none=True)


class ChangeSchema(Schema):
    """What differs between running and target."""

    kairos = fields.String()
    kubernetes = fields.String()
    flavor_release = fields.Boolean()


class SupportSchema(Schema):
    """The support verdict."""

    verdict = fields.String()
    latest_branch = fields.String(allow_none=True)
    running_branch = fields.String()


class WarningSchema(Schema):
    """One warning."""

    code = fields.String()
    severity = fields.String()
    message = fields.String()
    url = fields.String(allow_none=True)


class ReasonSchema(WarningSchema):
    """One reason for the verdict of a check."""


class CatalogueSchema(Schema):
    """The listing that an answer was made of."""

    fetched_at = fields.DateTime(format=_TIME)
    stale = fields.Boolean()
    tags = fields.Integer(attribute="tag_count")


class AlternativeSchema(Schema):
    """The target under one changed parameter."""

    code = fields.String()
    image = fields.Nested(ImageSchema)


class RejectedSchema(Schema):
    """Newer images that are no target, by their first reason."""

    code = fields.String()
    count = fields.Integer()
    example = fields.String()


class LinksSchema(Schema):
    """Where to read about the target, and how to check it."""

    changelog = fields.String(allow_none=True)
    sbom = fields.String(allow_none=True)
    verify = fields.String(allow_none=True)


class RecommendationSchema(Schema):
    """The recommendation."""

    status = fields.String()
    running = fields.Nested(ImageSchema)
    target = fields.Nested(TargetSchema, attribute="offer", allow_none=True)
    path = fields.List(fields.Nested(ImageSchema))
    alternatives = fields.List(fields.Nested(AlternativeSchema))
    change = fields.Nested(ChangeSchema)
    support = fields.Nested(SupportSchema)
    warnings = fields.List(fields.Nested(WarningSchema))
    rejected = fields.List(fields.Nested(RejectedSchema))
    successor = fields.Nested(ImageSchema, allow_none=True)
    commands = fields.Function(lambda answer: {"kairos_agent": _agent_command(answer.offer)})
    links = fields.Nested(LinksSchema, allow_none=True)
    catalogue = fields.Nested(CatalogueSchema)


class MatrixStreamSchema(Schema):
    """One stream of the support matrix."""

    flavor = fields.String(attribute="newest.flavor")
    flavor_release = fields.String(allow_none=True)
    variant = fields.String(attribute="stream.variant")
    arch = fields.String(attribute="stream.arch")
    model = fields.String(attribute="stream.model")
    kubernetes = fields.String(attribute="stream.distribution", allow_none=True)
    trusted_boot = fields.Boolean(attribute="stream.trusted_boot")
    newest = fields.Nested(ImageSchema)
    verdict = fields.String()
    fetched_at = fields.DateTime(format=_TIME)
    stale = fields.Boolean()


class MatrixSchema(Schema):
    """The support matrix."""

    latest_branch = fields.String(allow_none=True)
    streams = fields.List(fields.Nested(MatrixStreamSchema))
    missing = fields.List(fields.String())


class CheckSchema(Schema):
    """Whether a step is safe."""

    verdict = fields.String()
    reasons = fields.List(fields.Nested(ReasonSchema))
    origin = fields.Nested(ImageSchema, data_key="from")
    target = fields.Nested(ImageSchema, data_key="to")
    change = fields.Nested(ChangeSchema)


class ReleasesSchema(Schema):
    """The images of a stream."""

    image = fields.Nested(ImageSchema)
    releases = fields.List(fields.Nested(ImageSchema), attribute="images")
    catalogue = fields.Nested(CatalogueSchema)


def _dump_kubernetes(tag: ImageTag) -> dict[str, str | None] | None:
    if tag.has_unknown_kubernetes:
        return {"distribution": None, "version": None}
    if tag.kubernetes is None:
        return None
    return {"distribution": tag.kubernetes.distribution, "version": str(tag.kubernetes)}


def _agent_command(offer: Offer | None) -> str | None:
    return f"kairos-agent upgrade --source oci:{offer.source}" if offer else None
