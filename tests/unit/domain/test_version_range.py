import re

import pytest

from service.domain.lineup import Lane
from service.domain.version_range import VersionRange
from tests.asking import core, read_tag, standard

# By Kairos version, which Kubernetes does not follow.
IMAGES = [
    read_tag(standard("v3.5.9", "1.34.2")),
    read_tag(standard("v3.6.0", "1.34.1")),
    read_tag(standard("v3.7.0", "1.34.3")),
]


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("<3.1.0", ["v3.0.14", "v3.1.0-rc1", "v0.57.0"], ["v3.1.0", "v3.1.1", "v4.0.0-beta1"]),
        ("<=3.1.0", ["v3.1.0", "v3.1.0-rc1"], ["v3.1.1", "v3.1.1-alpha1"]),
        (">3.1.0", ["v3.1.1", "v3.1.1-rc1"], ["v3.1.0", "v3.1.0-rc1"]),
        (">=3.1.0", ["v3.1.0", "v10.0.0"], ["v3.1.0-rc10", "v3.0.14"]),
        ("=3.2.2", ["v3.2.2"], ["v3.2.2-rc1", "v3.2.1", "v3.2.3"]),
        (">=4.0.0-rc2", ["v4.0.0-RC2", "v4.0.0-rc10", "v4.0.0"], ["v4.0.0-rc1", "v4.0.0-beta4"]),
        ("=3.5.1-beta.1", ["v3.5.1-beta1", "v3.5.1-BETA.1"], ["v3.5.1-beta2", "v3.5.1"]),
        # A development build sorts just after its base, so it is more than that.
        (">3.1.1 <3.1.2-alpha1", ["v3.1.1-25-g2a7090f"], ["v3.1.1", "v3.1.2"]),
        (">=3.0.0 <4.0.0", ["v3.0.0", "v3.7.2", "v4.0.0-RC1"], ["v2.9.9", "v3.0.0-rc1", "v4.0.0"]),
        (">=3.10.0", ["v3.10.0"], ["v3.9.0"]),
        ("*", ["v0.0.1", "v3.2.3-rc1", "v99.0.0"], []),
    ],
)
def test_a_range_of_kairos_versions_holds(text: str, inside: list[str], outside: list[str]) -> None:
    versions = VersionRange.parse(text)

    held = [version for version in inside + outside if versions.holds(read_tag(core(version)))]

    assert held == inside


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("kubernetes <1.34.0", ["1.33.9", "1.34.0-rc1-k3s1"], ["1.34.0", "1.34.0-k3s2"]),
        ("kubernetes >=1.34.0", ["1.34.0", "1.35.0"], ["1.33.10-k3s9", "1.34.0-rc1-k3s1"]),
        ("kubernetes <1.33.7+k3s3", ["1.33.7-k3s1", "1.33.7-k3s2"], ["1.33.7-k3s3", "1.33.8"]),
        ("kubernetes >=1.33.7+k3s3", ["1.33.7-k3s3", "1.33.7-k3s10"], ["1.33.7-k3s1"]),
        ("kubernetes =1.33.7+k3s3", ["1.33.7-k3s3"], ["1.33.7-k3s1", "1.33.7-k3s4"]),
        ("kubernetes >1.30.0 <=1.32.2+k3s1", ["1.31.0", "1.32.2"], ["1.32.2-k3s2", "1.29.9"]),
        ("*", ["1.28.2"], []),
    ],
)
def test_a_range_of_kubernetes_versions_holds(
    text: str, inside: list[str], outside: list[str]
) -> None:
    versions = VersionRange.parse(text)

    held = [each for each in inside + outside if versions.holds(read_tag(standard("v3.5.0", each)))]

    assert held == inside


def test_a_revision_of_k0s_counts() -> None:
    versions = VersionRange.parse("kubernetes <1.34.2+k0s.1")
    tags = [f"12-standard-amd64-generic-v3.5.10-k0s-v1.34.2-k0s.{number}" for number in range(3)]

    assert [versions.holds(read_tag(tag)) for tag in tags] == [True, False, False]


@pytest.mark.parametrize("tag", [core("v3.5.0"), standard("v3.5.0", None)])
def test_an_image_without_a_known_kubernetes_is_in_no_range_of_them(tag: str) -> None:
    assert not VersionRange.parse("kubernetes >=0.0.0").holds(read_tag(tag))


def test_any_version_is_what_an_asterisk_means() -> None:
    assert VersionRange.parse("*").is_any
    assert not VersionRange.parse(">=0.0.0").is_any


@pytest.mark.parametrize("text", ["  >=3.0.0   <4.0.0 ", ">=3.0.0\t<4.0.0", ">=v3.0.0 <v4.0.0"])
def test_blanks_and_a_leading_v_do_not_matter(text: str) -> None:
    versions = VersionRange.parse(text)

    assert versions.text == text
    assert versions.interval == VersionRange.parse(">=3.0.0 <4.0.0").interval


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not a condition"),
        ("   ", "not a condition"),
        ("3.0.0", "'3.0.0' is not a condition such as >=3.4.0"),
        ("==3.0.0", "'=3.0.0' is not a Kairos version"),
        ("~3.0.0", "'~3.0.0' is not a condition"),
        (">= 3.0.0", "'=' is not a Kairos version"),
        ("<3", "'3' is not a Kairos version"),
        ("<3.0", "'3.0' is not a Kairos version"),
        ("<3.0.0-gamma1", "'3.0.0-gamma1' is not a Kairos version"),
        ("<3.0.0,>2.0.0", "'3.0.0,>2.0.0' is not a Kairos version"),
        ("* <3.0.0", "'*' is not a condition"),
        ("<3.0.0 *", "'*' is not a condition"),
        ("era=c3os", "'era=c3os' is not a condition"),
        ("<3.0.0 kubernetes", "'kubernetes' is not a condition"),
        ("kubernetes", "'kubernetes' names no version"),
        ("kubernetes *", "'*' is not a condition"),
        ("kubernetes 1.33", "'1.33' is not a condition"),
        ("kubernetes <1.33", "'1.33' is not a Kubernetes version such as 1.33.7+k3s3"),
        ("kubernetes <1.33.7-k3s3", "'1.33.7-k3s3' is not a Kubernetes version"),
        ("kubernetes <1.33.7+", "'1.33.7+' is not a Kubernetes version"),
        ("kubernetes <1.33.7+rke2r1", "'1.33.7+rke2r1' is not a Kubernetes version"),
        ("Kubernetes <1.33.7", "'Kubernetes' is not a condition"),
    ],
)
def test_what_is_not_a_range_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        VersionRange.parse(text)


@pytest.mark.parametrize(
    ("text", "alike"),
    [
        (">=3.5.0 <4.0.0", True),
        (">=3.6.0 <4.0.0", None),
        (">=3.6.0 <3.7.0", None),
        (">=3.7.1 <4.0.0", False),
        ("<3.5.9", False),
        ("*", True),
        ("kubernetes >=1.34.0 <1.35.0", True),
        ("kubernetes =1.34.2", None),
        ("kubernetes <1.34.1", False),
    ],
)
def test_a_range_treats_alike_what_lies_wholly_within_or_without(
    text: str,
    alike: bool | None,  # noqa: FBT001 - a column of the table
) -> None:
    versions = VersionRange.parse(text)

    assert versions.survey(versions.holds, Lane(IMAGES), IMAGES) is alike


def test_a_range_of_kubernetes_holds_for_none_without_one() -> None:
    images = [
        read_tag(standard("v3.5.9", None)),
        read_tag(standard("v3.6.0", None)),
    ]
    versions = VersionRange.parse("kubernetes >=1.0.0")

    assert versions.survey(versions.holds, Lane(images), images) is False
