import pytest

from service.domain.image import Image, kept_by_image
from service.errors import NotAnOsImageError, ServiceError, UnversionedTagError
from tests.asking import read_image, read_tag

HEX = 32 * "0f"
CORE = "24.04-core-amd64-generic-v3.2.3"


def test_image_keeps_repository_tag_and_digest_of_its_reference() -> None:
    text = f"quay.io/kairos/ubuntu:{CORE}@sha256:{HEX}"

    image = read_image(text)

    assert image.repository.flavor == "ubuntu"
    assert image.tag == read_tag(CORE)
    assert image.digest == f"sha256:{HEX}"
    assert str(image.reference) == text


def test_sibling_is_in_the_same_repository_and_has_no_digest() -> None:
    image = read_image(f"quay.io/kairos/ubuntu:{CORE}@sha256:{HEX}")
    newer = read_tag("24.04-core-amd64-generic-v3.2.4")

    sibling = image.sibling(newer)

    assert str(sibling.reference) == f"quay.io/kairos/ubuntu:{newer}"


def test_what_is_kept_of_an_image_is_made_once_for_each_spelling() -> None:
    asked: list[str] = []

    @kept_by_image
    def describe(image: Image) -> str:
        asked.append(str(image.reference))
        return f"the image {image.reference}"

    texts = [f"quay.io/kairos/any:1-core-amd64-generic-v1.0.0-{stage}" for stage in ("RC1", "rc1")]

    described = [describe(read_image(text)) for text in texts * 2]

    assert described == [f"the image {text}" for text in texts * 2]
    assert asked == texts


@pytest.mark.parametrize(
    "tag",
    [
        CORE,
        f"{CORE}-uki",
        "24.04-core-amd64-generic-v3.1.1-25-g2a7090f",
        "v0.5.1-standard-amd64-generic-v4.2.0-k0s-v1.36.3-k0s.2",
    ],
)
def test_os_image_of_any_kind_can_be_running(tag: str) -> None:
    assert str(read_image(f"quay.io/kairos/any:{tag}").tag) == tag


@pytest.mark.parametrize(
    "reference",
    [
        "quay.io/kairos/ubuntu",
        f"quay.io/kairos/ubuntu@sha256:{HEX}",
        "quay.io/kairos/ubuntu:latest",
        "quay.io/kairos/ubuntu:24.04-standard-amd64-generic-master",
        "quay.io/kairos/ubuntu:24.04-core-amd64-generic-master-uki",
        "quay.io/kairos/ubuntu:24.04-standard-amd64-generic-83c0aef",
        "quay.io/kairos/opensuse:leap-15.6-standard-amd64-generic-master-k3sv1.32.1-rc2-k3s1",
        "quay.io/kairos/ubuntu:20.04-core-arm64-nvidia-jetson-agx-orin-release",
        f"quay.io/kairos/hadron:hadron-v0.5.1-core-amd64-generic-{40 * 'a'}",
    ],
)
def test_tag_that_carries_no_version_is_refused_with_an_example(reference: str) -> None:
    with pytest.raises(UnversionedTagError, match=r"24\.04-standard-amd64-generic-v3\.2\.3-k3sv"):
        read_image(reference)


@pytest.mark.parametrize(
    ("reference", "detail"),
    [
        (f"quay.io/kairos/ubuntu:sha256-{HEX}.sig", f"quay.io/kairos/ubuntu@sha256:{HEX}"),
        (f"quay.io/kairos/ubuntu:sha256-{HEX}", f"quay.io/kairos/ubuntu@sha256:{HEX}"),
        ("quay.io/kairos/ubuntu:sha256-short.sig", "not an OS image"),
        (
            "quay.io/kairos/opensuse:leap-15.5-core-arm64-rpi4-v2.4.2-img",
            "its OS image is quay.io/kairos/opensuse:leap-15.5-core-arm64-rpi4-v2.4.2",
        ),
        (
            "quay.io/kairos/kairos-opensuse-arm-rpi:v1.4.0-k3sv1.26.0-k3s1.img",
            "its OS image is quay.io/kairos/kairos-opensuse-arm-rpi:v1.4.0-k3sv1.26.0-k3s1",
        ),
        ("quay.io/kairos/ubuntu:latest-img", "not an OS image"),
        ("quay.io/kairos/framework:v2.4.3_ubuntu", "the framework"),
        ("quay.io/kairos/framework:v2.4.3-fips", "the framework"),
        ("quay.io/kairos/framework-generic:v2.4.3", "the framework"),
        ("quay.io/kairos/community-bundles:cert-manager_latest", "bundles"),
        ("quay.io/kairos/packages:k3s-1.31", "a package repository"),
        ("quay.io/kairos/packages-arm64:latest", "a package repository"),
        ("quay.io/kairos/auroraboot:v0.26.2", "a tool"),
        ("quay.io/kairos/kairos-init:v0.6.2", "a tool"),
        ("quay.io/kairos/osbuilder-tools:latest", "a tool"),
        ("quay.io/kairos/golang-testing:latest", "a tool"),
        ("quay.io/kairos/cache:x", "a build cache"),
        ("quay.io/kairos/ci-temp-images:x", "temporary builds"),
        ("quay.io/kairos/ubuntu:v3.2.3", "names no variant, architecture and model"),
    ],
)
def test_what_no_node_runs_is_refused_by_its_kind(reference: str, detail: str) -> None:
    with pytest.raises(NotAnOsImageError) as caught:
        read_image(reference)

    assert detail in str(caught.value)


@pytest.mark.parametrize(
    "repository",
    [
        "core-opensuse-leap",
        "core-ubuntu-22-lts-arm-rpi",
        "core-ubuntu-rolling",
        "core-ubuntu-20-lts-arm-nvidia-jetson-agx-orin",
    ],
)
def test_every_core_repository_of_before_v2_4_2_holds_os_images(repository: str) -> None:
    image = read_image(f"quay.io/kairos/{repository}:v2.4.0")

    assert image.tag.variant == "core"


def test_refusal_stays_printable_and_short() -> None:
    with pytest.raises(ServiceError) as caught:
        read_image(f"quay.io/kairos/ubuntu:{128 * 'x'}")

    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500
