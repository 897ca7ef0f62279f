from collections import Counter

import pytest

from service.domain.tag import (
    Arch,
    Variant,
    base_order,
    is_artefact,
    is_foreign_version,
    parse_tag,
    raw_disk_base,
    signed_digest,
)
from tests.asking import read_tag
from tests.brute_force import TAG
from tests.lists import ALL, CURRENT, FRAMEWORK, LEGACY, load_listing

HEX = 32 * "0f"
COMMIT = "94a0426e8d3203da5468ccf0c624f93cb37601e2"


@pytest.mark.parametrize(
    ("text", "version", "kubernetes"),
    [
        # v2.4.2 to v3.3.6: the revision is always 1.
        (
            "24.04-standard-amd64-generic-v3.2.3-k3sv1.31.2-k3s1",
            "v3.2.3",
            "v1.31.2+k3s1",
        ),
        (
            "leap-15.5-standard-amd64-generic-v2.4.2-rc1-k3sv1.26.9-k3s1",
            "v2.4.2-rc1",
            "v1.26.9+k3s1",
        ),
        # arm64, v3.3.0 to v3.3.1-rc3: nothing; later the number of a package, or only the version.
        ("3.19-standard-arm64-rpi4-v3.3.0", "v3.3.0", None),
        ("3.19-standard-arm64-rpi4-v3.3.1-k3s1.31.4-1", "v3.3.1", "v1.31.4+k3s1"),
        ("3.19-standard-arm64-rpi4-v3.3.6-k3s1.32.2", "v3.3.6", "v1.32.2+k3s1"),
        # v3.4.0 and v3.4.1: without the v; k0s.
        ("24.04-standard-amd64-generic-v3.4.0-k3s1.31.7-k3s1", "v3.4.0", "v1.31.7+k3s1"),
        ("9-standard-amd64-generic-v3.4.0-k0s1.32.3-k0s.0", "v3.4.0", "v1.32.3+k0s.0"),
        # arm64, v3.4.0-beta: the distribution only in the revision.
        (
            "22.04-standard-arm64-rpi4-v3.4.0-beta1-1.32.2-k3s1",
            "v3.4.0-beta1",
            "v1.32.2+k3s1",
        ),
        # v3.4.2: with the v again.
        (
            "leap-15.6-standard-amd64-generic-v3.4.2-k3sv1.30.11-k3s1",
            "v3.4.2",
            "v1.30.11+k3s1",
        ),
        # v3.5.0-rc1 and later: a dash, and the real revision.
        (
            "24.04-standard-amd64-generic-v3.7.2-k3s-v1.35.0-k3s3",
            "v3.7.2",
            "v1.35.0+k3s3",
        ),
        (
            "v0.5.1-standard-amd64-generic-v4.2.0-k0s-v1.36.3-k0s.2",
            "v4.2.0",
            "v1.36.3+k0s.2",
        ),
        # Jetson: none since v4.0.0.
        ("22.04-standard-arm64-nvidia-jetson-orin-nx-v4.2.0", "v4.2.0", None),
        # Pre-releases: plain, dotted, upper case.
        ("24.04-core-amd64-generic-v3.4.0-beta1", "v3.4.0-beta1", None),
        ("24.04-core-amd64-generic-v3.5.1-beta.2", "v3.5.1-beta.2", None),
        ("v0.0.3-core-amd64-generic-v4.0.0-RC1", "v4.0.0-RC1", None),
        ("leap-15.5-core-amd64-generic-v3.0.0-alpha3", "v3.0.0-alpha3", None),
        # Builds between releases.
        ("24.04-core-amd64-generic-v3.1.1-25-g2a7090f", "v3.1.1-25-g2a7090f", None),
        (
            "24.04-standard-amd64-generic-v3.2.1-11-g83c0aef-k3sv1.31.1-k3s1",
            "v3.2.1-11-g83c0aef",
            "v1.31.1+k3s1",
        ),
        # Anomalies of v2.4.2: on core a Kubernetes part means nothing.
        ("leap-15.5-core-arm64-generic-v2.4.2-k3sv1.28.2-k3s1", "v2.4.2", None),
        ("tumbleweed-core-amd64-rpi4-v2.4.2-rc1", "v2.4.2-rc1", None),
        ("leap-15.5-standard-amd64-generic-v2.4.2-rc1", "v2.4.2-rc1", None),
        # A pre-release of Kubernetes itself.
        (
            "24.04-standard-amd64-generic-v3.3.0-k3sv1.32.1-rc2-k3s1",
            "v3.3.0",
            "v1.32.1-rc2+k3s1",
        ),
    ],
)
def test_versions_of_every_era_are_read(text: str, version: str, kubernetes: str | None) -> None:
    tag = read_tag(text)

    assert str(tag.version) == version
    assert (str(tag.kubernetes) if tag.kubernetes else None) == kubernetes
    assert str(tag) == text


@pytest.mark.parametrize(
    ("text", "flavor", "flavor_release", "base"),
    [
        ("3.21-core-amd64-generic-v3.7.2", "alpine", "3.21", "3.21"),
        ("testing-core-amd64-generic-v3.3.6", "debian", "testing", "testing"),
        ("bookworm-core-amd64-generic-v3.3.6", "debian", "bookworm", "12"),
        ("12-core-amd64-generic-v3.6.0", "debian", "12", "12"),
        ("40-core-amd64-generic-v3.7.2", "fedora", "40", "40"),
        ("leap-15.6-core-amd64-generic-v3.7.2", "opensuse", "leap-15.6", "leap-15.6"),
        ("tumbleweed-core-amd64-generic-v3.3.6", "opensuse", "tumbleweed", "tumbleweed-latest"),
        (
            "tumbleweed-latest-core-amd64-generic-v3.5.10",
            "opensuse",
            "tumbleweed-latest",
            "tumbleweed-latest",
        ),
        ("9-core-amd64-generic-v3.7.2", "rockylinux", "9", "9"),
        ("23.10-core-amd64-generic-v3.1.1", "ubuntu", "23.10", "23.10"),
        # Hadron's floats with the Kairos release.
        ("v0.5.1-core-amd64-generic-v4.2.0", "hadron", "v0.5.1", ""),
        ("v0.0.1-beta2-core-amd64-generic-v3.6.1-beta2", "hadron", "v0.0.1-beta2", ""),
    ],
)
def test_flavor_release_is_read_and_its_aliases_resolved(
    text: str, flavor: str, flavor_release: str, base: str
) -> None:
    tag = read_tag(text, flavor)

    assert tag.flavor_release == flavor_release
    assert tag.base == base
    assert str(tag) == text


@pytest.mark.parametrize(
    ("text", "variant", "arch", "model", "trusted_boot"),
    [
        ("24.04-core-amd64-generic-v3.2.3", Variant.CORE, Arch.AMD64, "generic", False),
        ("24.04-core-amd64-generic-v3.2.3-uki", Variant.CORE, Arch.AMD64, "generic", True),
        (
            "24.04-standard-amd64-generic-v3.3.6-k3sv1.32.2-k3s1-uki",
            Variant.STANDARD,
            Arch.AMD64,
            "generic",
            True,
        ),
        ("40-standard-amd64-generic-v3.3.0-uki", Variant.STANDARD, Arch.AMD64, "generic", True),
        ("leap-15.6-core-arm64-rpi3-v3.1.0", Variant.CORE, Arch.ARM64, "rpi3", False),
        (
            "20.04-core-arm64-nvidia-jetson-agx-orin-v3.2.4",
            Variant.CORE,
            Arch.ARM64,
            "nvidia-jetson-agx-orin",
            False,
        ),
        ("24.04-core-riscv64-generic-v4.3.0", Variant.CORE, Arch.RISCV64, "generic", False),
    ],
)
def test_variant_arch_model_and_trusted_boot_are_read(
    text: str, variant: Variant, arch: Arch, model: str, *, trusted_boot: bool
) -> None:
    tag = read_tag(text)

    assert (tag.variant, tag.arch, tag.model) == (variant, arch, model)
    assert tag.trusted_boot is trusted_boot
    assert str(tag) == text


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("24.04-standard-amd64-generic-v3.2.3-k3sv1.31.2-k3s1", False),
        ("3.19-standard-arm64-rpi4-v3.3.0", True),
        ("24.04-core-amd64-generic-v3.2.3", False),
        ("leap-15.5-core-arm64-generic-v2.4.2-k3sv1.28.2-k3s1", False),
    ],
)
def test_kubernetes_is_unknown_only_on_a_standard_tag_without_one(
    text: str, *, unknown: bool
) -> None:
    assert read_tag(text).has_unknown_kubernetes is unknown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "latest",
        "24.04-standard-amd64-generic-master",
        "24.04-core-amd64-generic-master-uki",
        "leap-15.6-standard-amd64-generic-master-k3sv1.32.1-rc2-k3s1",
        "leap-15.5-core-arm64-generic-43dabf5",
        "24.04-standard-amd64-generic-83c0aef",
        "20.04-core-arm64-nvidia-jetson-agx-orin-release",
        "20.04-arm64-nvidia-jetson-agx-orin-master",
        f"hadron-v0.5.1-core-amd64-generic-{COMMIT}",
        "opensuse-v1.24.3-56",
        "v3.2.3",
        "24.04-provider-amd64-generic-v3.2.3",
        "24.04-core-s390x-generic-v3.2.3",
        "24.04-core-amd64-v3.2.3",
        "core-amd64-generic-v3.2.3",
        "-core-amd64-generic-v3.2.3",
        "24.04-core-amd64-generic-3.2.3",
        "24.04-core-amd64-generic-v3.2",
        "24.04-core-amd64-generic-v3.02.3",
        "24.04-core-amd64-generic-v3.2.3-fips",
        "24.04-core-amd64-generic-v3.2.3-gamma1",
        "24.04-core-amd64-generic-v3.2.3-uki-uki",
        "24.04-core-amd64-generic-v3.2.3-uki-k3sv1.31.2-k3s1",
        "24.04-standard-amd64-generic-v3.2.3-rke2v1.31.2-rke2r1",
        "24.04-standard-amd64-generic-v3.2.3-1.31.2",
        "24.04-standard-amd64-generic-v3.2.3-k3sv1.31.2-k0s.0",
        "24.04-standard-amd64-generic-v3.2.3-k3sv1.31.2+k3s1",
        "24.04-core-amd64-generic-v3.2.3\n",
        "24.04-core-amd64-generic-v\u0663.2.3",
        f"{'x' * 96}-core-amd64-generic-v3.12.33.",
        f"{'x' * 200}-core-amd64-generic-v3.2.3",
    ],
)
def test_tag_without_a_version_in_its_place_is_not_read(text: str) -> None:
    assert parse_tag(text, "ubuntu") is None


@pytest.mark.parametrize(("length", "is_read"), [(128, True), (129, False)])
def test_tag_has_at_most_128_characters(length: int, *, is_read: bool) -> None:
    rest = "-core-amd64-generic-v3.2.3"
    text = "x" * (length - len(rest)) + rest

    assert (parse_tag(text, "ubuntu") is not None) is is_read


@pytest.mark.parametrize(
    ("flavor", "text", "variant", "model", "kubernetes"),
    [
        ("core-opensuse-leap", "v2.0.0", Variant.CORE, "amd64-generic", None),
        ("core-alpine-ubuntu", "v2.4.0-rc1", Variant.CORE, "amd64-generic", None),
        ("core-opensuse-arm-rpi", "v1.0.0", Variant.CORE, "arm64-rpi64", None),
        ("core-opensuse-leap-arm-rpi", "v2.3.2", Variant.CORE, "arm64-rpi64", None),
        ("core-opensuse-leap-arm-rpi", "v2.4.0", Variant.CORE, "arm64-rpi4", None),
        (
            "core-ubuntu-20-lts-arm-nvidia-jetson-agx-orin",
            "v2.4.1",
            Variant.CORE,
            "arm64-nvidia-jetson-agx-orin",
            None,
        ),
        (
            "kairos-opensuse-leap",
            "v2.4.0-k3sv1.27.3-k3s1",
            Variant.STANDARD,
            "amd64-generic",
            "v1.27.3+k3s1",
        ),
        (
            "kairos-opensuse-arm-rpi",
            "v1.4.0-k3sv1.26.0-k3s1",
            Variant.STANDARD,
            "arm64-rpi64",
            "v1.26.0+k3s1",
        ),
        ("kairos-ubuntu-22-lts", "v2.3.3-rc1", Variant.STANDARD, "amd64-generic", None),
    ],
)
def test_repository_before_v2_4_2_names_what_the_tag_leaves_out(
    flavor: str, text: str, variant: Variant, model: str, kubernetes: str | None
) -> None:
    tag = read_tag(text, flavor)

    assert (tag.variant, f"{tag.arch}-{tag.model}") == (variant, model)
    assert (str(tag.kubernetes) if tag.kubernetes else None) == kubernetes
    assert str(tag) == text


@pytest.mark.parametrize("flavor", ["ubuntu", "framework", "core", "core-arch", "mycore-ubuntu"])
def test_bare_version_is_an_os_image_in_no_other_repository(flavor: str) -> None:
    assert parse_tag("v2.0.0", flavor) is None


@pytest.mark.parametrize(
    ("text", "artefact"),
    [
        (f"sha256-{HEX}.sig", True),
        (f"sha256-{HEX}.att", True),
        (f"sha256-{HEX}.sbom", True),
        (f"sha256-{HEX}", True),
        ("leap-15.5-core-arm64-rpi4-v2.4.2-img", True),
        ("22.04-standard-arm64-rpi4-v3.2.3-k3sv1.31.2-k3s1-img", True),
        ("v1.4.0-k3sv1.26.0-k3s1.img", True),
        ("latest", False),
        ("24.04-core-amd64-generic-v3.2.3", False),
        ("24.04-core-amd64-generic-v3.2.3-uki", False),
        ("img-core-amd64-generic-v3.2.3", False),
    ],
)
def test_signature_and_raw_disk_are_artefacts(text: str, *, artefact: bool) -> None:
    assert is_artefact(text) is artefact


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        (f"sha256-{HEX}.sig", f"sha256:{HEX}"),
        (f"sha256-{HEX}", f"sha256:{HEX}"),
        (f"sha256-{HEX[1:]}.sig", None),
        ("latest", None),
    ],
)
def test_signature_names_the_digest_that_it_signs(text: str, digest: str | None) -> None:
    assert signed_digest(text) == digest


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("leap-15.5-core-arm64-rpi4-v2.4.2-img", "leap-15.5-core-arm64-rpi4-v2.4.2"),
        ("v1.4.0-k3sv1.26.0-k3s1.img", "v1.4.0-k3sv1.26.0-k3s1"),
        ("leap-15.5-core-arm64-rpi4-v2.4.2", None),
    ],
)
def test_raw_disk_names_its_os_image(text: str, base: str | None) -> None:
    assert raw_disk_base(text) == base


@pytest.mark.parametrize(
    ("text", "foreign"),
    [
        ("v2.0.0-alpha1_opensuse-leap", True),
        ("v2.4.3-fips", True),
        ("v3.2.3", True),
        ("latest", False),
        ("24.04-core-amd64-generic-master", False),
        (f"hadron-v0.5.1-core-amd64-generic-{COMMIT}", False),
    ],
)
def test_version_without_the_parts_of_an_os_image_is_foreign(text: str, *, foreign: bool) -> None:
    assert is_foreign_version(text) is foreign


@pytest.mark.parametrize(
    ("lower", "higher"),
    [("9", "12"), ("12", "13"), ("leap-15.5", "leap-15.10"), ("24.04", "24.10")],
)
def test_flavor_releases_of_one_prefix_compare_by_numbers(lower: str, higher: str) -> None:
    low, high = base_order(lower), base_order(higher)

    assert low is not None
    assert high is not None
    assert low < high


@pytest.mark.parametrize("base", ["testing", "tumbleweed-latest", "", "v0.5.1"])
def test_flavor_release_without_plain_numbers_has_no_order(base: str) -> None:
    assert base_order(base) is None


def _classify(text: str) -> str:
    """Say what a tag of a current repository is, by the one expression of all eras."""
    if text.startswith("sha256-"):
        return "signature"
    if text.endswith(("-img", ".img")):
        return "raw disk"
    match = TAG.match(text)
    if match is None:
        return "no version"
    if match["dev"]:
        return "development"
    return "uki" if match["uki"] else "image"


def _classify_as_service(text: str, flavor: str) -> str:
    if is_artefact(text):
        return "signature" if signed_digest(text) else "raw disk"
    tag = parse_tag(text, flavor)
    if tag is None:
        return "no version"
    if tag.version.is_development:
        return "development"
    return "uki" if tag.trusted_boot else "image"


@pytest.mark.parametrize("name", CURRENT)
def test_every_listed_tag_is_what_the_expression_of_all_eras_says(name: str) -> None:
    listing = load_listing(name)

    wrong = [
        tag
        for tag in listing.tags
        if _classify_as_service(tag, listing.repository.flavor) != _classify(tag)
    ]

    assert wrong == []


@pytest.mark.parametrize(
    ("name", "totals"),
    [
        ("debian", {"image": 916, "signature": 1354, "no version": 9}),
        ("hadron", {"image": 471, "uki": 33, "signature": 504, "no version": 2}),
        (
            "opensuse",
            {"image": 2593, "raw disk": 1024, "signature": 4125, "no version": 31},
        ),
        (
            "opensuse-2023-11.real",
            {"image": 58, "raw disk": 24, "signature": 234, "no version": 3},
        ),
        (
            "ubuntu",
            {
                "image": 3684,
                "uki": 136,
                "raw disk": 1001,
                "signature": 5462,
                "no version": 45,
                "development": 1,
            },
        ),
        ("core-alpine-ubuntu", {"image": 54, "signature": 183, "no version": 1}),
        ("core-opensuse-leap", {"image": 48, "signature": 177, "no version": 1}),
        ("kairos-opensuse-leap", {"image": 155, "signature": 155, "no version": 1}),
        ("framework", {"signature": 505, "no version": 505}),
    ],
)
def test_lists_hold_so_many_of_each_kind(name: str, totals: dict[str, int]) -> None:
    listing = load_listing(name)

    counted = Counter(_classify_as_service(tag, listing.repository.flavor) for tag in listing.tags)

    assert counted == totals


@pytest.mark.parametrize("name", ALL)
def test_every_tag_that_is_read_prints_as_it_was(name: str) -> None:
    listing = load_listing(name)

    read = {tag: parse_tag(tag, listing.repository.flavor) for tag in listing.tags}

    assert [tag for tag, image in read.items() if image is not None and str(image) != tag] == []


@pytest.mark.parametrize("name", CURRENT)
def test_every_part_of_a_listed_tag_is_the_one_of_the_expression_of_all_eras(name: str) -> None:
    listing = load_listing(name)

    for text in listing.tags:
        tag, match = parse_tag(text, listing.repository.flavor), TAG.match(text)
        if tag is None or match is None:
            continue
        assert tag.flavor_release == match["fr"]
        assert (tag.variant, tag.arch, tag.model) == match.group("variant", "arch", "model")
        assert str(tag.version) == match["version"] + (match["dev"] or "")
        assert tag.trusted_boot is bool(match["uki"])
        assert (tag.kubernetes is None) is (match["variant"] == "core" or match["kv"] is None)
        if tag.kubernetes:
            named = match["distro"] or ("k3s" if match["k3"] else "k0s")
            revision = match["k3"] or 1 if named == "k3s" else f".{match['k0'] or 0}"
            assert str(tag.kubernetes) == f"v{match['kv']}+{named}{revision}"


@pytest.mark.parametrize("name", LEGACY)
def test_every_version_in_a_legacy_repository_is_read_but_latest(name: str) -> None:
    listing = load_listing(name)
    flavor = listing.repository.flavor

    left = [tag for tag in listing.tags if not is_artefact(tag) and parse_tag(tag, flavor) is None]

    assert left == ["latest"]


def test_every_tag_of_the_framework_is_foreign() -> None:
    listing = load_listing(FRAMEWORK)
    versions = [tag for tag in listing.tags if not is_artefact(tag)]

    assert all(map(is_foreign_version, versions))
    assert not any(parse_tag(tag, listing.repository.flavor) for tag in versions)
