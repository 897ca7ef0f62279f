"""Where to read more of an official image: its changelog, its SBOM, its signature.

Kairos has changed how it builds releases several times, and each pipeline left other things behind
under other names. The tables below hold what was left. The first row that speaks of an image
counts: a newer era stands before an older one, an exception before what it is taken from, and a
version newer than all eras is read as the newest.
"""

import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from urllib.parse import quote

from service.domain.image import Image, kept_by_image
from service.domain.reference import Reference, Repository
from service.domain.rules import Applies
from service.domain.tag import Arch, Variant
from service.domain.version_range import VersionRange

_KAIROS = "kairos-io/kairos"
_PROVIDER = "kairos-io/provider-kairos"
_FACTORY_WORKFLOW = (  # as Go's regular expressions write it
    r"^https://github\.com/kairos-io/kairos-factory-action"
    r"/\.github/workflows/reusable-factory\.yaml@"
)
_ISSUER = "https://token.actions.githubusercontent.com"

# Made of an image, and of the reference by which it is pulled.
_Link = Callable[[Image, Reference], str | None]


@dataclass(frozen=True, slots=True)
class Links:
    """What is published beside an image; None where nothing is, or nobody can know that it is.

    Attributes:
        changelog: The address of the release notes.
        sbom: The address of an archive, or the command that reads it from the registry.
        verify: The command that checks the signature.
    """

    changelog: str | None
    sbom: str | None
    verify: str | None


@dataclass(frozen=True, slots=True)
class _Era:
    since: VersionRange
    applies: Applies
    link: _Link

    def covers(self, image: Image) -> bool:
        return self.since.holds(image.tag) and self.applies.matches(image)


def links_of(image: Image, place: Repository | None = None) -> Links:
    """Give the links of an official image; a development build has none.

    Args:
        image: Named as Kairos publishes it, which is what tells its era and its files.
        place: Where it is pulled from, if that is another repository.

    Source: the release workflows of kairos-io, as named at each row.
    """
    return _links_at(image, replace(image, repository=place).reference) if place else _links(image)


@kept_by_image
def _links(image: Image) -> Links:
    return _links_at(image, image.reference)


def _links_at(image: Image, reference: Reference) -> Links:
    if image.tag.version.is_development:
        return Links(None, None, None)
    changelog, sbom, verify = (
        _find(eras, image, reference) for eras in (_CHANGELOGS, _SBOMS, _SIGNATURES)
    )
    return Links(changelog, sbom, verify)


def _find(eras: Iterable[_Era], image: Image, reference: Reference) -> str | None:
    return next((era.link(image, reference) for era in eras if era.covers(image)), None)


def _since(version: str, applies: Applies, link: _Link) -> _Era:
    return _Era(VersionRange.parse(f">={version}"), applies, link)


def _none(_: Image, __: Reference) -> None:
    return None


def _release_page(repository: str) -> _Link:
    return lambda image, _: f"https://github.com/{repository}/releases/tag/{image.tag.version}"


def _asset(suffix: str) -> _Link:
    def link(image: Image, _: Reference) -> str | None:
        if image.tag.has_unknown_kubernetes:
            return None  # the file's name holds the version, and the tag does not tell it
        return _download(image, f"{_artefact_name(image)}-{suffix}")

    return link


def _download(image: Image, file: str) -> str:
    version = image.tag.version
    return f"https://github.com/{_KAIROS}/releases/download/{version}/{quote(file)}"


def _artefact_name(image: Image) -> str:
    """Name an image as files do: with the flavor, and with the ``+`` that no tag may hold."""
    tag = image.tag
    kubernetes = "+".join(tag.kubernetes_text.rsplit("-", 1)) if tag.kubernetes else ""
    return (
        f"kairos-{image.flavor}-{tag.flavor_release}-{tag.variant}-{tag.arch}-{tag.model}"
        f"-{tag.version}{kubernetes}"
    )


def _legacy_sbom(image: Image, _: Reference) -> str:
    return _download(image, f"core-{image.flavor}-{image.tag.version}-sbom.spdx.json")


def _attached_sbom(_: Image, reference: Reference) -> str:
    quoted = shlex.quote(str(reference))
    return f"docker buildx imagetools inspect {quoted} --format '{{{{json .SBOM}}}}'"


def _signed(workflow: str, repository: str = _KAIROS) -> _Link:
    """Check a signature that a workflow made of the image, at the tag of its release."""
    return lambda image, reference: _cosign(
        reference, "verify", *_identity(image, workflow, repository)
    )


def _attested(workflow: str) -> _Link:
    """Check the SPDX attestation of an image that has no signature of its own."""
    return lambda image, reference: _cosign(
        reference, "verify-attestation", "--type", "spdx", *_identity(image, workflow, _KAIROS)
    )


def _signed_by_factory(image: Image, reference: Reference) -> str:
    """Check a signature that a shared workflow made.

    Its identity ends in the commit that Kairos had pinned then, and is the same for whoever else
    calls it: what tells is the repository that called, and the tag that it was called for.
    """
    return _cosign(
        reference,
        "verify",
        *("--certificate-identity-regexp", _FACTORY_WORKFLOW),
        *("--certificate-github-workflow-repository", _KAIROS),
        *("--certificate-github-workflow-ref", f"refs/tags/{image.tag.version}"),
    )


def _identity(image: Image, workflow: str, repository: str) -> tuple[str, str]:
    path = f"https://github.com/{repository}/.github/workflows/{workflow}"
    return "--certificate-identity", f"{path}@refs/tags/{image.tag.version}"


def _cosign(reference: Reference, *arguments: str) -> str:
    # Flags: github.com/sigstore/cosign, doc/cosign_verify.md and doc/cosign_verify-attestation.md.
    issuer = ("--certificate-oidc-issuer", _ISSUER)
    return shlex.join(("cosign", *arguments, *issuer, str(reference)))


_ALL = Applies()
_CORE_AMD64 = Applies(variant=frozenset({Variant.CORE}), arch=frozenset({Arch.AMD64}))
_STANDARD = Applies(variant=frozenset({Variant.STANDARD}))
_STANDARD_ARM64 = Applies(variant=frozenset({Variant.STANDARD}), arch=frozenset({Arch.ARM64}))
_ARM64 = Applies(arch=frozenset({Arch.ARM64}))
_ARM64_GENERIC = Applies(arch=frozenset({Arch.ARM64}), model=frozenset({"generic"}))
_JETSON = Applies(model=frozenset({"nvidia-jetson-agx-orin", "nvidia-jetson-orin-nx"}))
_TRUSTED_BOOT = Applies(trusted_boot=True)

# Where no repository is named it is kairos-io/kairos, and files are those of .github/workflows.

_CHANGELOGS = (
    # release.yaml at v2.4.0-rc1 builds standard images too.
    _since("2.4.0-alpha1", _ALL, _release_page(_KAIROS)),
    # kairos-io/provider-kairos release.yaml at 0c56a05a.
    _since("1.0.0-alpha1", _STANDARD, _release_page(_PROVIDER)),
    _since("1.0.0-alpha1", _ALL, _release_page(_KAIROS)),
)

_SBOMS = (
    # Pull request 4315: larger than the 40 MiB that BuildKit allows. v4.2.0-rc1 still had it.
    _since("4.2.0-rc2", _JETSON, _none),
    # reusable-release.yaml at 0021570e (v3.4.0 to v3.5.0), then kairos-io/kairos-factory-action
    # reusable-factory.yaml at 00a4a7e8: "sbom: true" on the push, no file in the release.
    _since("3.4.0-beta1", _ALL, _attached_sbom),
    # reusable-docker-arm-build.yaml at v3.3.1-rc4: makes none, uploads no file.
    _since("3.3.0-rc1", _ARM64, _none),
    # release.yaml at v3.3.0, build-uki-container-image: makes none.
    _since("3.2.2", _TRUSTED_BOOT, _none),
    # release-arm.yaml at v2.4.0-rc1 and at 2e328761 (3.0), build-arm-generic: uploads the ISO only.
    _since("2.4.0-alpha1", _ARM64_GENERIC, _none),
    # release.yaml at v3.3.0, with Earthfile at v3.3.6 (KAIROS_ARTIFACT); of Jetson
    # reusable-docker-arm-build.yaml at 002c484b (3.1).
    _since("3.1.0", _ALL, _asset("sbom-scan-reports.tar.gz")),
    # The name changed in a pre-release of v3.1.0; nobody wrote down in which.
    _since("3.1.0-alpha1", _ALL, _none),
    # release.yaml at v2.4.2; release-arm.yaml at 2e328761 and reusable-docker-arm-build.yaml at
    # bfab6853 (both 3.0).
    _since("2.4.2", _ALL, _asset("scan-reports.tar.gz")),
    # release.yaml at v2.4.0-rc1 and v2.4.2-rc1: all images of a flavor, standard ones too, write
    # kairos-core-<flavor>-amd64-generic-<version>-scan-reports.tar.gz, and the last one wins.
    _since("2.4.0-alpha1", _ALL, _none),
    # release.yaml at v2.0.0.
    _since("2.0.0", _CORE_AMD64, _legacy_sbom),
)

_SIGNATURES = (
    # release-arm.yaml at 0222569b (v3.6.0) calls kairos-io/kairos-factory-action
    # reusable-factory.yaml, which signs.
    _since("3.5.1-beta.1", _ALL, _signed_by_factory),
    # reusable-release.yaml at 0021570e (v3.4.0 to v3.5.0).
    _since("3.4.0-beta1", _ALL, _signed("reusable-release.yaml")),
    # reusable-docker-arm-build.yaml at v3.3.1-rc4.
    _since("3.3.0-rc1", _ARM64, _signed("reusable-docker-arm-build.yaml")),
    # release.yaml at v3.3.0, build-uki-container-image: signs core images as well.
    _since("3.2.2", _TRUSTED_BOOT, _signed("release.yaml")),
    # release-arm.yaml at 2e328761 (3.0), nvidia-arm-core, calls the same as all do from v3.3.0.
    _since("2.4.3-rc1", _JETSON, _signed("reusable-docker-arm-build.yaml")),
    # release-arm.yaml at v2.4.0-rc1 and at 2e328761 (3.0), build-arm-generic: pushes, never signs.
    _since("2.4.0-alpha1", _ARM64_GENERIC, _none),
    # release-arm.yaml and release.yaml at v2.4.0-rc1; release.yaml at v2.4.2-rc1 and v3.3.0.
    _since("2.4.0-alpha1", _ARM64, _signed("release-arm.yaml")),
    _since("2.4.0-alpha1", _STANDARD, _signed("release.yaml")),
    # release.yaml at v2.4.0-rc1, v2.4.2-rc1 and v3.3.0, build-core: "cosign sign --attachment sbom"
    # signs the SBOM, not the image; what speaks of the image is "cosign attest --type spdx".
    _since("2.0.0", _CORE_AMD64, _attested("release.yaml")),
    # kairos-io/provider-kairos release-arm.yaml at 0a3c8b39, release.yaml at 0c56a05a.
    _since("1.0.0-alpha1", _STANDARD_ARM64, _signed("release-arm.yaml", _PROVIDER)),
    _since("1.0.0-alpha1", _STANDARD, _signed("release.yaml", _PROVIDER)),
    # release.yaml at f3412ef7, between v1.6.0 and v2.0.0, and release-arm.yaml of that time.
    _since("1.0.0-alpha1", _ARM64, _signed("release-arm.yaml")),
    _since("1.0.0-alpha1", _ALL, _signed("release.yaml")),
)
