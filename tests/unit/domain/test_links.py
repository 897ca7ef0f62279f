import shlex
from dataclasses import replace

import pytest

from service.domain.image import Image
from service.domain.links import Links, links_of
from service.domain.reference import Repository
from service.domain.tag import parse_tag
from tests.asking import read_image
from tests.lists import CURRENT, LEGACY, load_listing

PAGE = "https://github.com/kairos-io/kairos/releases/tag/"
PROVIDER_PAGE = "https://github.com/kairos-io/provider-kairos/releases/tag/"
FILES = "https://github.com/kairos-io/kairos/releases/download/"
WORKFLOWS = "https://github.com/kairos-io/kairos/.github/workflows/"
PROVIDER_WORKFLOWS = "https://github.com/kairos-io/provider-kairos/.github/workflows/"
ISSUER = "--certificate-oidc-issuer https://token.actions.githubusercontent.com"
FACTORY = (
    "--certificate-identity-regexp '^https://github\\.com/kairos-io/kairos-factory-action"
    "/\\.github/workflows/reusable-factory\\.yaml@'"
    " --certificate-github-workflow-repository kairos-io/kairos"
    " --certificate-github-workflow-ref refs/tags/"
)
ATTESTATION = f"cosign verify-attestation --type spdx --certificate-identity {WORKFLOWS}"
NOTHING = Links(None, None, None)


def identify(text: str) -> Image:
    return read_image(f"quay.io/kairos/{text}")


def images(name: str) -> list[Image]:
    listing = load_listing(name)
    tags = (parse_tag(text, listing.repository.flavor) for text in listing.tags)
    return [Image(listing.repository, tag) for tag in tags if tag]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("core-opensuse-leap:v1.6.0", f"{PAGE}v1.6.0"),
        ("core-opensuse-leap:v2.3.2", f"{PAGE}v2.3.2"),
        ("kairos-opensuse-leap:v2.3.2-k3sv1.27.3-k3s1", f"{PROVIDER_PAGE}v2.3.2"),
        ("kairos-opensuse-leap:v2.4.0-k3sv1.27.3-k3s1", f"{PAGE}v2.4.0"),
        ("ubuntu:24.04-standard-amd64-generic-v3.2.3-k3sv1.31.2-k3s1", f"{PAGE}v3.2.3"),
        ("opensuse:leap-15.6-core-amd64-generic-v3.5.1-beta.2", f"{PAGE}v3.5.1-beta.2"),
        ("hadron:v0.0.3-core-amd64-generic-v4.0.0-RC1", f"{PAGE}v4.0.0-RC1"),
        ("hadron:v0.6.0-core-amd64-generic-v9.9.9", f"{PAGE}v9.9.9"),
    ],
)
def test_changelog_is_the_release_page_of_who_built_the_image(text: str, expected: str) -> None:
    assert links_of(identify(text)).changelog == expected


@pytest.mark.parametrize(
    ("text", "file"),
    [
        (
            "core-opensuse-leap:v2.0.0",
            "v2.0.0/core-opensuse-leap-v2.0.0-sbom.spdx.json",
        ),
        (
            "opensuse:leap-15.5-core-amd64-generic-v2.4.2",
            "v2.4.2/kairos-opensuse-leap-15.5-core-amd64-generic-v2.4.2-scan-reports.tar.gz",
        ),
        (
            "opensuse:leap-15.5-standard-amd64-generic-v2.4.2-k3sv1.27.6-k3s1",
            (
                "v2.4.2/kairos-opensuse-leap-15.5-standard-amd64-generic-v2.4.2-k3sv1.27.6%2Bk3s1"
                "-scan-reports.tar.gz"
            ),
        ),
        (
            "opensuse:leap-15.5-core-amd64-generic-v2.4.2-k3sv1.28.2-k3s1",  # of core it tells none
            "v2.4.2/kairos-opensuse-leap-15.5-core-amd64-generic-v2.4.2-scan-reports.tar.gz",
        ),
        (
            "ubuntu:20.04-core-arm64-nvidia-jetson-agx-orin-v3.0.14",
            (
                "v3.0.14/kairos-ubuntu-20.04-core-arm64-nvidia-jetson-agx-orin-v3.0.14"
                "-scan-reports.tar.gz"
            ),
        ),
        (
            "alpine:3.19-standard-arm64-rpi4-v3.2.4-k3sv1.31.2-k3s1",
            (
                "v3.2.4/kairos-alpine-3.19-standard-arm64-rpi4-v3.2.4-k3sv1.31.2%2Bk3s1"
                "-sbom-scan-reports.tar.gz"
            ),
        ),
        (
            "debian:bookworm-core-amd64-generic-v3.1.0",
            "v3.1.0/kairos-debian-bookworm-core-amd64-generic-v3.1.0-sbom-scan-reports.tar.gz",
        ),
        (
            "ubuntu:24.04-standard-amd64-generic-v3.3.6-k3sv1.32.3-k3s1",
            (
                "v3.3.6/kairos-ubuntu-24.04-standard-amd64-generic-v3.3.6-k3sv1.32.3%2Bk3s1"
                "-sbom-scan-reports.tar.gz"
            ),
        ),
    ],
)
def test_sbom_is_a_file_of_the_release_until_it_moves_into_the_registry(
    text: str, file: str
) -> None:
    assert links_of(identify(text)).sbom == f"{FILES}{file}"


@pytest.mark.parametrize(
    "text",
    [
        "ubuntu:24.04-standard-amd64-generic-v3.4.0-k3s1.31.7-k3s1",
        "ubuntu:22.04-core-arm64-nvidia-jetson-agx-orin-v3.4.2",
        "fedora:40-core-amd64-generic-v3.5.0-uki",
        "ubuntu:22.04-core-arm64-nvidia-jetson-orin-nx-v4.1.2",
        "ubuntu:22.04-core-arm64-nvidia-jetson-agx-orin-v4.2.0-rc1",
        "hadron:v0.5.1-standard-arm64-rpi4-v4.2.0-k3s-v1.34.10-k3s1",
        "hadron:v0.5.1-core-amd64-generic-v4.2.0-uki",
        "hadron:v0.6.0-core-amd64-generic-v9.9.9",
    ],
)
def test_sbom_is_read_from_the_registry_since_v3_4_0(text: str) -> None:
    expected = (
        f"docker buildx imagetools inspect quay.io/kairos/{text} --format '{{{{json .SBOM}}}}'"
    )

    assert links_of(identify(text)).sbom == expected


@pytest.mark.parametrize(
    "text",
    [
        "core-opensuse-leap:v1.6.0",
        "kairos-opensuse-leap:v2.3.2-k3sv1.27.3-k3s1",
        "core-opensuse-leap-arm-rpi:v2.3.2",
        "core-opensuse-leap:v2.4.1",  # one file for all images of a flavor
        "opensuse:leap-15.5-core-amd64-generic-v2.4.2-rc1",
        "opensuse:leap-15.5-standard-arm64-generic-v2.4.2-k3sv1.28.2-k3s1",
        "opensuse:leap-15.5-standard-amd64-generic-v2.5.0",  # a name nobody can tell
        "ubuntu:22.04-core-amd64-generic-v3.1.0-rc1",
        "fedora:40-core-amd64-generic-v3.2.2-uki",
        "ubuntu:24.04-standard-amd64-generic-v3.3.6-k3sv1.32.3-k3s1-uki",
        "alpine:3.19-standard-arm64-rpi4-v3.3.0",
        "alpine:3.19-standard-arm64-rpi4-v3.3.1-k3s1.31.4-1",
        "ubuntu:24.04-core-arm64-generic-v3.3.6",
        "ubuntu:22.04-core-arm64-nvidia-jetson-agx-orin-v4.2.0-rc2",
        "ubuntu:22.04-standard-arm64-nvidia-jetson-orin-nx-v4.2.0",
        "ubuntu:22.04-core-arm64-nvidia-jetson-agx-orin-v9.9.9",
    ],
)
def test_sbom_is_none_where_none_exists(text: str) -> None:
    assert links_of(identify(text)).sbom is None


@pytest.mark.parametrize(
    ("text", "identity"),
    [
        ("core-opensuse-leap:v1.6.0", f"{WORKFLOWS}release.yaml@refs/tags/v1.6.0"),
        ("core-opensuse-leap-arm-rpi:v1.6.0", f"{WORKFLOWS}release-arm.yaml@refs/tags/v1.6.0"),
        (
            "kairos-opensuse-leap:v2.3.2-k3sv1.27.3-k3s1",
            f"{PROVIDER_WORKFLOWS}release.yaml@refs/tags/v2.3.2",
        ),
        (
            "kairos-alpine-arm-rpi:v2.3.2-k3sv1.27.3-k3s1",
            f"{PROVIDER_WORKFLOWS}release-arm.yaml@refs/tags/v2.3.2",
        ),
        (
            "kairos-opensuse-leap:v2.4.1-k3sv1.27.3-k3s1",
            f"{WORKFLOWS}release.yaml@refs/tags/v2.4.1",
        ),
        (
            "opensuse:leap-15.5-standard-amd64-generic-v2.4.2-k3sv1.27.6-k3s1",
            f"{WORKFLOWS}release.yaml@refs/tags/v2.4.2",
        ),
        (
            "ubuntu:22.04-core-arm64-rpi4-v3.2.4",
            f"{WORKFLOWS}release-arm.yaml@refs/tags/v3.2.4",
        ),
        (
            "ubuntu:20.04-core-arm64-nvidia-jetson-agx-orin-v2.4.2",
            f"{WORKFLOWS}release-arm.yaml@refs/tags/v2.4.2",
        ),
        (
            "ubuntu:20.04-core-arm64-nvidia-jetson-agx-orin-v2.4.3",
            f"{WORKFLOWS}reusable-docker-arm-build.yaml@refs/tags/v2.4.3",
        ),
        (
            "fedora:40-core-amd64-generic-v3.2.2-uki",
            f"{WORKFLOWS}release.yaml@refs/tags/v3.2.2",
        ),
        (
            "ubuntu:24.04-core-arm64-generic-v3.3.6",
            f"{WORKFLOWS}reusable-docker-arm-build.yaml@refs/tags/v3.3.6",
        ),
        (
            "ubuntu:24.04-standard-amd64-generic-v3.3.6-k3sv1.32.3-k3s1",
            f"{WORKFLOWS}release.yaml@refs/tags/v3.3.6",
        ),
        (
            "ubuntu:24.04-core-amd64-generic-v3.4.0-beta9",
            f"{WORKFLOWS}reusable-release.yaml@refs/tags/v3.4.0-beta9",
        ),
        (
            "alpine:3.21-standard-arm64-rpi4-v3.5.0-k3s-v1.33.2-k3s1",
            f"{WORKFLOWS}reusable-release.yaml@refs/tags/v3.5.0",
        ),
    ],
)
def test_signature_is_checked_against_the_workflow_of_the_era(text: str, identity: str) -> None:
    expected = f"cosign verify --certificate-identity {identity} {ISSUER} quay.io/kairos/{text}"

    assert links_of(identify(text)).verify == expected


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("opensuse:leap-15.6-core-amd64-generic-v3.5.1-beta.1", "v3.5.1-beta.1"),
        ("debian:12-standard-amd64-generic-v3.5.10-k3s-v1.34.2-k3s1", "v3.5.10"),
        ("hadron:v0.0.3-core-amd64-generic-v4.0.0-RC1", "v4.0.0-RC1"),
        ("hadron:v0.5.1-core-amd64-generic-v4.2.0-uki", "v4.2.0"),
        ("ubuntu:22.04-standard-arm64-nvidia-jetson-orin-nx-v4.2.0", "v4.2.0"),
        ("hadron:v0.6.0-core-amd64-generic-v9.9.9", "v9.9.9"),
    ],
)
def test_shared_workflow_is_bound_to_the_repository_and_the_tag(text: str, version: str) -> None:
    expected = f"cosign verify {FACTORY}{version} {ISSUER} quay.io/kairos/{text}"

    assert links_of(identify(text)).verify == expected


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("core-opensuse-leap:v2.0.0", "v2.0.0"),
        ("core-opensuse-leap:v2.4.1", "v2.4.1"),
        ("opensuse:leap-15.5-core-amd64-generic-v2.4.2", "v2.4.2"),
        ("ubuntu:22.04-core-amd64-generic-v3.3.6", "v3.3.6"),
    ],
)
def test_core_that_carries_no_signature_is_checked_by_its_attestation(
    text: str, version: str
) -> None:
    expected = f"{ATTESTATION}release.yaml@refs/tags/{version} {ISSUER} quay.io/kairos/{text}"

    assert links_of(identify(text)).verify == expected


@pytest.mark.parametrize(
    "text",
    [
        "opensuse:leap-15.5-standard-arm64-generic-v2.4.2-k3sv1.28.2-k3s1",
        "opensuse:leap-15.6-standard-arm64-generic-v3.2.4-k3sv1.31.2-k3s1",
    ],
)
def test_generic_arm_image_was_not_signed_before_v3_3_0(text: str) -> None:
    assert links_of(identify(text)).verify is None


@pytest.mark.parametrize(
    "text",
    [
        "ubuntu:24.04-core-amd64-generic-v3.1.1-25-g2a7090f",
        "ubuntu:24.04-standard-amd64-generic-v4.2.0-3-g83c0aef-k3s-v1.34.10-k3s1",
    ],
)
def test_development_build_has_no_links(text: str) -> None:
    assert links_of(identify(text)) == NOTHING


def test_digest_of_the_reference_is_part_of_the_commands() -> None:
    digest = f"sha256:{'a' * 64}"
    image = replace(identify("hadron:v0.5.1-core-amd64-generic-v4.2.0"), digest=digest)

    links = links_of(image)

    assert links.verify is not None
    assert links.verify.endswith(f":v0.5.1-core-amd64-generic-v4.2.0@{digest}")
    assert links.sbom is not None
    assert f"-v4.2.0@{digest} --format" in links.sbom


def test_image_is_checked_where_it_is_pulled_from_and_read_of_where_it_is_published() -> None:
    mirror = Repository("registry.example:5000", "os/h")
    checked = "registry.example:5000/os/h:v0.5.1-core-amd64-generic-v4.2.0"

    links = links_of(identify("hadron:v0.5.1-core-amd64-generic-v4.2.0"), mirror)
    older = links_of(identify("ubuntu:24.04-core-amd64-generic-v3.2.3"), mirror)

    assert links.changelog == f"{PAGE}v4.2.0"
    assert links.verify is not None
    assert links.verify.endswith(f" {checked}")
    assert links.sbom is not None
    assert f" inspect {checked} --format" in links.sbom
    assert older.sbom is not None
    assert "kairos-ubuntu-24.04-core-amd64-generic-v3.2.3-sbom" in older.sbom


def test_reference_with_characters_of_the_shell_is_quoted() -> None:
    loopback = Repository("[::1]:5000", "kairos/hadron")
    image = replace(identify("hadron:v0.5.1-core-amd64-generic-v4.2.0"), repository=loopback)

    links = links_of(image)

    quoted = "'[::1]:5000/kairos/hadron:v0.5.1-core-amd64-generic-v4.2.0'"
    assert links.verify is not None
    assert links.verify.endswith(f" {quoted}")
    assert links.sbom is not None
    assert f" inspect {quoted} --format " in links.sbom


@pytest.mark.parametrize("name", [*CURRENT, *LEGACY])
def test_every_published_image_has_a_changelog_and_commands_safe_to_paste(name: str) -> None:
    for image in images(name):
        links = links_of(image)

        if image.tag.version.is_development:
            assert links == NOTHING
            continue
        assert links.changelog is not None
        assert links.changelog.endswith(f"/{image.tag.version}")
        for command in (links.sbom, links.verify):
            if command is None or command.startswith("https://"):
                continue
            words = shlex.split(command)
            assert words[0] in {"cosign", "docker"}
            assert str(image.reference) in words
