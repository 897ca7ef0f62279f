import pytest

from service.domain.difference import list_differences
from tests.asking import read_image

UBUNTU = "quay.io/kairos/ubuntu:24.04-core-amd64-generic-v3.7.2"
K3S = "quay.io/kairos/ubuntu:24.04-standard-amd64-generic-v3.7.2-k3s-v1.33.7-k3s3"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (UBUNTU, UBUNTU.replace("v3.7.2", "v3.7.1"), []),
        (
            UBUNTU,
            UBUNTU.replace("ubuntu", "debian"),
            ["repository (quay.io/kairos/ubuntu to quay.io/kairos/debian)"],
        ),
        (UBUNTU, UBUNTU.replace("24.04", "25.10"), ["flavor release (24.04 to 25.10)"]),
        (UBUNTU, UBUNTU.replace("amd64", "arm64"), ["architecture (amd64 to arm64)"]),
        (UBUNTU, UBUNTU.replace("generic", "rpi4"), ["model (generic to rpi4)"]),
        (UBUNTU, K3S, ["variant (core to standard)"]),
        (UBUNTU, f"{UBUNTU}-uki", ["trusted boot (no to yes)"]),
        (
            K3S,
            K3S.replace("k3s-v1.33.7-k3s3", "k0s-v1.33.7-k0s.0"),
            ["Kubernetes distribution (k3s to k0s)"],
        ),
        # What tells no Kubernetes may be of any distribution.
        (K3S, K3S.removesuffix("-k3s-v1.33.7-k3s3"), []),
        # Aliases, and a flavor release that floats.
        (
            "quay.io/kairos/debian:bookworm-core-amd64-generic-v2.5.0",
            "quay.io/kairos/debian:12-core-amd64-generic-v3.5.0",
            [],
        ),
        (
            "quay.io/kairos/hadron:v0.4.0-core-amd64-generic-v4.1.2",
            "quay.io/kairos/hadron:v0.5.1-core-amd64-generic-v4.2.0",
            [],
        ),
        (
            "quay.io/kairos/core-opensuse-leap:v2.4.1",
            "quay.io/kairos/opensuse:leap-15.5-standard-arm64-rpi4-v2.4.2-k3sv1.27.6-k3s1",
            [
                "repository (quay.io/kairos/core-opensuse-leap to quay.io/kairos/opensuse)",
                "flavor release (none to leap-15.5)",
                "variant (core to standard)",
                "architecture (amd64 to arm64)",
                "model (generic to rpi4)",
            ],
        ),
    ],
)
def test_every_part_that_an_upgrade_keeps_is_named_where_it_differs(
    before: str, after: str, told: list[str]
) -> None:
    differences = list_differences(read_image(before), read_image(after))

    assert list(map(str, differences)) == told


@pytest.mark.parametrize(
    ("before", "after", "followed"),
    [
        ("22.04", "24.04", [True]),
        ("24.04", "22.04", [False]),
        ("leap-15.5", "leap-15.6", [True]),
        ("leap-15.6", "tumbleweed", [False]),
        ("testing", "13", [False]),
    ],
)
def test_only_a_higher_release_of_a_flavor_may_be_followed(
    before: str, after: str, followed: list[bool]
) -> None:
    origin, target = (read_image(UBUNTU.replace("24.04", base)) for base in (before, after))

    differences = list_differences(origin, target)

    assert [difference.is_followed for difference in differences] == followed
