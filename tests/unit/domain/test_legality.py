import pytest

from service.domain.legality import Refusal, find_refusal, is_newer, is_refused_by_policy
from service.domain.policy import MaxStep, Policy, VersionCeiling
from tests.asking import core, hop, read_branch, read_kairos, read_tag, standard
from tests.policies import (
    DEFAULTS,
    KEEP,
    LATEST,
    MINIMAL,
    MINOR,
    NEXT,
    PATCH,
    PRERELEASE,
    UP_TO_1_31,
    UP_TO_3_2,
    WITHOUT_3_3,
)

OLD = standard("v3.2.3", "1.31.2")
UNKNOWN = standard("v3.2.3", None)


@pytest.mark.parametrize(
    ("running", "target", "policy"),
    [
        (OLD, standard("v3.3.0", "1.31.2"), DEFAULTS),
        (OLD, standard("v3.3.0", "1.31.4"), KEEP),
        (OLD, standard("v3.3.0", "1.32.0"), DEFAULTS),
        (OLD, standard("v4.0.0", "1.32.0"), DEFAULTS),
        (OLD, standard("v3.2.3", "1.31.3"), KEEP),
        (OLD, standard("v3.2.3", "1.31.2-k3s2"), MINIMAL),
        (OLD, standard("v3.2.3", "1.32.0"), NEXT),
        (OLD, standard("v3.2.3", "1.32.0"), LATEST),
        (OLD, standard("v3.2.4", "1.32.0"), PATCH),
        (OLD, standard("v3.9.0", "1.32.0"), MINOR),
        (OLD, standard("v3.2.9", "1.31.9"), UP_TO_3_2),
        (OLD, standard("v3.3.0", "1.31.9"), UP_TO_1_31),
        (OLD, standard("v3.3.1", "1.31.9"), WITHOUT_3_3),
        (OLD, standard("v3.3.0-rc1", "1.31.9"), PRERELEASE),
        (UNKNOWN, standard("v3.3.0", None), DEFAULTS),
        (core("v3.2.3"), core("v4.0.0"), KEEP),
        (core("v3.2.3"), core("v4.0.0"), UP_TO_1_31),
    ],
)
def test_hop_that_no_rule_speaks_against_is_legal(
    running: str, target: str, policy: Policy
) -> None:
    assert find_refusal(hop(running, target, policy)) is None


@pytest.mark.parametrize(
    ("running", "target", "policy", "refusal"),
    [
        (OLD, standard("v3.3.0", "1.31.4"), WITHOUT_3_3, Refusal.EXCLUDED),
        (OLD, standard("v3.3.0-rc1", "1.31.4"), DEFAULTS, Refusal.PRERELEASE),
        (OLD, standard("v3.3.0", "1.31.4"), PATCH, Refusal.ABOVE_MAX_STEP),
        (OLD, standard("v4.2.3", "1.31.4"), PATCH, Refusal.ABOVE_MAX_STEP),
        (OLD, standard("v4.0.0", "1.31.4"), MINOR, Refusal.ABOVE_MAX_STEP),
        (OLD, standard("v3.3.0", "1.31.4"), UP_TO_3_2, Refusal.ABOVE_MAX_VERSION),
        (OLD, standard("v3.3.0", None), DEFAULTS, Refusal.KUBERNETES_UNKNOWN),
        (OLD, standard("v3.3.0", None), KEEP, Refusal.KUBERNETES_UNKNOWN),
        (OLD, standard("v3.3.0", None), UP_TO_1_31, Refusal.KUBERNETES_UNKNOWN),
        (UNKNOWN, standard("v3.3.0", "1.31.4"), DEFAULTS, Refusal.KUBERNETES_UNKNOWN),
        (OLD, standard("v3.3.0", "1.30.9"), DEFAULTS, Refusal.KUBERNETES_DOWNGRADE),
        (OLD, standard("v3.3.0", "1.31.1-k3s9"), DEFAULTS, Refusal.KUBERNETES_DOWNGRADE),
        (
            standard("v3.2.3", "1.31.2-k3s3"),
            standard("v3.3.0", "1.31.2-k3s1"),
            DEFAULTS,
            Refusal.KUBERNETES_DOWNGRADE,
        ),
        (OLD, standard("v3.3.0", "1.33.0"), LATEST, Refusal.KUBERNETES_MINOR_SKIPPED),
        (OLD, standard("v3.3.0", "2.0.0"), LATEST, Refusal.KUBERNETES_MINOR_SKIPPED),
        (OLD, standard("v3.3.0", "1.32.0"), UP_TO_1_31, Refusal.ABOVE_MAX_KUBERNETES),
        (UNKNOWN, standard("v3.3.0", None), UP_TO_1_31, Refusal.ABOVE_MAX_KUBERNETES),
        (OLD, standard("v3.2.3", "1.32.0"), MINIMAL, Refusal.KUBERNETES_MINOR_HELD),
        (OLD, standard("v3.2.3", "1.32.0"), KEEP, Refusal.KUBERNETES_MINOR_HELD),
        (OLD, standard("v3.3.0", "1.32.0"), KEEP, Refusal.KUBERNETES_MINOR_HELD),
        (UNKNOWN, standard("v3.3.0", None), KEEP, Refusal.KUBERNETES_MINOR_HELD),
    ],
)
def test_hop_is_refused_by_its_rule(
    running: str, target: str, policy: Policy, refusal: Refusal
) -> None:
    assert find_refusal(hop(running, target, policy)) is refusal


def test_first_of_several_reasons_is_given_in_the_order_of_the_contract() -> None:
    policy = Policy(
        exclude=frozenset({read_kairos("v4.0.0-rc1")}),
        max_step=MaxStep.PATCH,
        max_version=VersionCeiling.parse("3.2"),
        max_kubernetes=read_branch("1.31"),
    )

    first = [
        find_refusal(hop(OLD, standard(version, kubernetes), policy))
        for version, kubernetes in [
            ("v4.0.0-rc1", "1.33.0"),
            ("v4.0.0-rc2", "1.33.0"),
            ("v4.0.0", "1.33.0"),
            ("v3.2.9", "1.33.0"),
            ("v3.2.9", "1.32.0"),
        ]
    ]

    assert first == [
        Refusal.EXCLUDED,
        Refusal.PRERELEASE,
        Refusal.ABOVE_MAX_STEP,
        Refusal.KUBERNETES_MINOR_SKIPPED,
        Refusal.ABOVE_MAX_KUBERNETES,
    ]


def test_max_step_is_measured_from_the_running_image_and_kubernetes_from_the_last_hop() -> None:
    way = hop(OLD, standard("v3.9.0", "1.33.0"), MINOR, origin=standard("v3.5.0", "1.32.0"))
    too_far = hop(OLD, standard("v4.1.0", "1.33.0"), MINOR, origin=standard("v4.0.0", "1.32.0"))

    assert find_refusal(way) is None
    assert find_refusal(too_far) is Refusal.ABOVE_MAX_STEP


@pytest.mark.parametrize(
    ("target", "origin", "newer"),
    [
        (standard("v3.3.0", "1.30.0"), OLD, True),
        (standard("v3.2.2", "1.32.0"), OLD, False),
        (standard("v3.2.3", "1.31.3"), OLD, True),
        (standard("v3.2.3", "1.31.2-k3s2"), OLD, True),
        (standard("v3.2.3", "1.31.1"), OLD, False),
        (OLD, OLD, False),
        (UNKNOWN, OLD, False),
        (OLD, UNKNOWN, False),
        (core("v3.2.3"), core("v3.2.3-rc1"), True),
        (core("v4.0.0-RC1"), core("v4.0.0-rc1"), False),
        (core("v3.1.1"), core("v3.1.1-25-g2a7090f"), False),
        (core("v3.1.2"), core("v3.1.1-25-g2a7090f"), True),
    ],
)
def test_newer_is_a_higher_release_or_a_newer_kubernetes_on_the_same_one(
    target: str, origin: str, *, newer: bool
) -> None:
    assert is_newer(read_tag(target), read_tag(origin)) is newer


@pytest.mark.parametrize(
    ("target", "policy", "refused"),
    [
        (standard("v3.3.0", "1.31.4"), WITHOUT_3_3, True),
        (standard("v3.3.0", "1.31.4"), PATCH, True),
        (standard("v3.3.0", "1.31.4"), UP_TO_3_2, True),
        (standard("v3.3.0", "1.32.4"), UP_TO_1_31, True),
        (standard("v3.3.0", "1.32.4"), KEEP, True),
        # Also where a safety rule speaks first.
        (standard("v3.3.0", "1.30.4"), KEEP, True),
        (standard("v3.3.0", "1.33.4"), UP_TO_1_31, True),
        (standard("v3.3.0", "1.30.4"), DEFAULTS, False),
        (standard("v3.3.0", "1.33.4"), LATEST, False),
        (standard("v3.3.0", None), DEFAULTS, False),
        # What is unknown is not above a ceiling: that it is unknown is the reason.
        (standard("v3.3.0", None), KEEP, False),
        (standard("v3.3.0", None), UP_TO_1_31, False),
        (standard("v3.3.0", "1.31.4"), DEFAULTS, False),
    ],
)
def test_own_policy_is_told_apart_from_safety(
    target: str, policy: Policy, *, refused: bool
) -> None:
    assert is_refused_by_policy(hop(OLD, target, policy)) is refused
