from dataclasses import replace

import pytest

from service.domain.policy import (
    KubernetesPreference,
    MaxStep,
    Policy,
    VersionCeiling,
)
from service.domain.rules import Applies, Rules
from service.domain.tag import Arch, Variant
from service.domain.version import Branch
from tests.advising import (
    HADRON,
    NO_RULES,
    UBUNTU,
    World,
    advise,
    alternatives_of,
    bar,
    path_of,
    rejected_of,
    releases,
    stop,
    withdraw,
)
from tests.asking import core, standard
from tests.policies import DEFAULTS, FOLLOW, KEEP, MINOR, NEXT, PATCH, PRERELEASE, UP_TO_1_31

# The order in which the contract tells them.
CODES = [
    "withdrawn",
    "excluded",
    "prerelease",
    "above_max_step",
    "above_max_version",
    "kubernetes_unknown",
    "kubernetes_downgrade",
    "kubernetes_minor_skipped",
    "above_max_kubernetes",
    "barrier",
    "kubernetes_minor_held",
]

RUNNING = standard("v3.2.0", "1.31.2")


def up_to(version: str, policy: Policy = DEFAULTS) -> Policy:
    return replace(policy, max_version=VersionCeiling.parse(version))


def without(*versions: str) -> Policy:
    return Policy(exclude=releases(*versions))


ETCD = bar("kubernetes <1.31.5+k3s1", "kubernetes >=1.32.0")

# For each code the one newer image that it refuses.
REFUSED = [
    ("withdrawn", standard("v3.2.1", "1.31.2"), DEFAULTS, withdraw("v3.2.1")),
    ("excluded", standard("v3.2.1", "1.31.2"), without("v3.2.1"), NO_RULES),
    ("excluded", standard("v3.2.1", "1.31.2"), DEFAULTS, stop(freeze=True)),
    ("prerelease", standard("v3.2.1-rc1", "1.31.2"), DEFAULTS, NO_RULES),
    ("above_max_step", standard("v3.3.0", "1.31.2"), PATCH, NO_RULES),
    ("above_max_step", standard("v4.0.0", "1.31.2"), MINOR, NO_RULES),
    ("above_max_step", standard("v4.0.0", "1.31.2"), DEFAULTS, stop(max_step=MaxStep.MINOR)),
    ("above_max_version", standard("v3.3.1", "1.31.2"), up_to("3.2"), NO_RULES),
    ("above_max_version", standard("v3.3.1", "1.31.2"), up_to("v3.3.0"), NO_RULES),
    (
        "above_max_version",
        standard("v3.3.1", "1.31.2"),
        DEFAULTS,
        stop(max_version=VersionCeiling.parse("3.2")),
    ),
    ("kubernetes_unknown", standard("v3.2.1", None), DEFAULTS, NO_RULES),
    ("kubernetes_downgrade", standard("v3.2.1", "1.31.1"), DEFAULTS, NO_RULES),
    ("kubernetes_downgrade", standard("v3.2.1", "1.30.9"), DEFAULTS, NO_RULES),
    ("kubernetes_minor_skipped", standard("v3.2.1", "1.33.0"), DEFAULTS, NO_RULES),
    (
        "above_max_kubernetes",
        standard("v3.2.1", "1.32.0"),
        UP_TO_1_31,
        NO_RULES,
    ),
    (
        "above_max_kubernetes",
        standard("v3.2.1", "1.32.0"),
        DEFAULTS,
        stop(max_kubernetes=Branch(1, 31)),
    ),
    ("barrier", standard("v3.2.1", "1.32.0"), DEFAULTS, ETCD),
    ("barrier", standard("v4.0.0", "1.31.2"), DEFAULTS, bar("<3.2.1", ">=4.0.0")),
    ("kubernetes_minor_held", standard("v3.2.0", "1.32.0"), DEFAULTS, NO_RULES),
    ("kubernetes_minor_held", standard("v3.2.0", "1.32.0"), KEEP, NO_RULES),
    ("kubernetes_minor_held", standard("v3.2.1", "1.32.0"), KEEP, NO_RULES),
    (
        "kubernetes_minor_held",
        standard("v3.2.1", "1.32.0"),
        DEFAULTS,
        stop(kubernetes=KubernetesPreference.KEEP),
    ),
]

# An image that fails two rules, of which it is told the first.
FAILS_TWICE = [
    ("withdrawn", standard("v3.2.1", "1.31.2"), without("v3.2.1"), withdraw("v3.2.1")),
    ("excluded", standard("v3.3.0-rc1", "1.31.2"), without("v3.3.0-rc1"), NO_RULES),
    ("prerelease", standard("v3.3.0-rc1", "1.31.2"), PATCH, NO_RULES),
    ("above_max_step", standard("v3.3.0", "1.31.2"), up_to("3.2", PATCH), NO_RULES),
    ("above_max_version", standard("v3.3.0", None), up_to("3.2"), NO_RULES),
    ("kubernetes_unknown", standard("v3.2.1", None), KEEP, NO_RULES),
    (
        "kubernetes_downgrade",
        standard("v3.2.1", "1.30.1"),
        Policy(max_kubernetes=Branch(1, 29)),
        NO_RULES,
    ),
    ("kubernetes_minor_skipped", standard("v3.2.1", "1.33.0"), KEEP, ETCD),
    (
        "above_max_kubernetes",
        standard("v3.2.1", "1.32.0"),
        replace(KEEP, max_kubernetes=Branch(1, 31)),
        ETCD,
    ),
    ("barrier", standard("v3.2.1", "1.32.0"), KEEP, ETCD),
]

# Images that are newer, and legal.
NOT_REFUSED = [
    (standard("v3.2.1", "1.31.2"), DEFAULTS, withdraw("v3.2.2")),
    (
        standard("v3.2.1", "1.31.2"),
        DEFAULTS,
        withdraw("v3.2.1", applies=Applies(arch=frozenset({Arch.ARM64}))),
    ),
    (
        standard("v3.2.1", "1.31.2"),
        DEFAULTS,
        withdraw("v3.2.1", applies=Applies(flavor=frozenset({"debian"}))),
    ),
    (standard("v3.2.1", "1.31.2"), without("v3.2.0", "v3.2.2"), NO_RULES),
    (standard("v3.2.1-rc1", "1.31.2"), PRERELEASE, NO_RULES),
    (standard("v3.2.1", "1.31.2"), PATCH, NO_RULES),
    (standard("v3.3.0", "1.31.2"), MINOR, NO_RULES),
    (standard("v4.0.0", "1.31.2"), DEFAULTS, NO_RULES),
    (standard("v3.3.9", "1.31.2"), up_to("3.3"), NO_RULES),
    (standard("v3.3.0", "1.31.2"), up_to("v3.3.0"), NO_RULES),
    (standard("v3.2.1", "1.32.0"), DEFAULTS, NO_RULES),
    (standard("v3.2.1", "1.32.0"), Policy(max_kubernetes=Branch(1, 32)), NO_RULES),
    (standard("v3.2.1", "1.31.9"), KEEP, NO_RULES),
    (standard("v3.2.1", "1.31.2"), DEFAULTS, ETCD),
    (standard("v3.2.1", "1.32.0"), DEFAULTS, bar("kubernetes <1.31.2+k3s1", "kubernetes >=1.32.0")),
    (standard("v3.2.0", "1.31.3"), DEFAULTS, NO_RULES),
    (standard("v3.2.0", "1.31.2-k3s2"), KEEP, NO_RULES),
    (standard("v3.2.0", "1.32.0"), NEXT, NO_RULES),
]

# All codes but the last, which ``max_kubernetes`` leaves nothing for.
EVERY_CODE = [
    ("withdrawn", [standard("v3.2.1", "1.31.2"), standard("v3.2.1", "1.30.2")]),
    ("excluded", [standard("v3.2.2", "1.31.2")]),
    ("prerelease", [standard("v3.4.0-rc2", "1.31.2"), standard("v3.4.0-rc10", "1.31.2")]),
    ("above_max_step", [standard("v4.0.0", "1.31.2"), standard("v5.0.0", "1.30.1")]),
    ("above_max_version", [standard("v3.9.0", "1.31.2")]),
    ("kubernetes_unknown", [standard("v3.3.0", None)]),
    ("kubernetes_downgrade", [standard("v3.3.0", "1.30.1"), standard("v3.3.1", "1.31.1")]),
    ("kubernetes_minor_skipped", [standard("v3.3.0", "1.33.1"), standard("v3.3.0", "1.34.1")]),
    ("above_max_kubernetes", [standard("v3.3.0", "1.32.1")]),
    ("barrier", [standard("v3.3.0", "1.31.9")]),
]

ALTERNATIVES = [
    # why, running, list, policy, expected
    (
        "a major above",
        core("v3.2.0"),
        [core("v3.3.0"), core("v4.0.0")],
        DEFAULTS,
        [("within_major", core("v3.3.0"))],
    ),
    ("nothing within the major", core("v3.2.0"), [core("v4.0.0")], DEFAULTS, []),
    ("no major above", core("v3.2.0"), [core("v3.3.0")], DEFAULTS, []),
    (
        "a minor above a patch",
        core("v3.2.0"),
        [core("v3.2.1"), core("v3.3.0")],
        PATCH,
        [("next_minor", core("v3.3.0")), ("next_major", core("v3.3.0"))],
    ),
    (
        "no patch",
        core("v3.2.0"),
        [core("v3.3.0")],
        PATCH,
        [("next_minor", core("v3.3.0")), ("next_major", core("v3.3.0"))],
    ),
    ("no minor above a patch", core("v3.2.0"), [core("v3.2.1")], PATCH, []),
    (
        "a minor and a major above a patch",
        core("v3.2.0"),
        [core("v3.2.1"), core("v3.3.0"), core("v4.0.0")],
        PATCH,
        [("next_minor", core("v3.3.0")), ("next_major", core("v4.0.0"))],
    ),
    (
        "a major alone above a patch",
        core("v3.2.0"),
        [core("v3.2.1"), core("v4.0.0")],
        PATCH,
        [("next_major", core("v4.0.0"))],
    ),
    (
        "a major above a minor",
        core("v3.2.0"),
        [core("v3.3.0"), core("v4.0.0")],
        MINOR,
        [("next_major", core("v4.0.0"))],
    ),
    ("no major above a minor", core("v3.2.0"), [core("v3.3.0")], MINOR, []),
    (
        "a major above the ceiling",
        core("v3.2.0"),
        [core("v3.3.0"), core("v4.0.0")],
        up_to("3.9", MINOR),
        [],
    ),
    (
        "an excluded major",
        core("v3.2.0"),
        [core("v3.3.0"), core("v4.0.0")],
        replace(MINOR, exclude=releases("v4.0.0")),
        [],
    ),
    (
        "a Kubernetes above on the same release",
        standard("v3.2.0", "1.31.2"),
        [standard("v3.2.0", "1.32.2")],
        DEFAULTS,
        [("next_kubernetes_minor", standard("v3.2.0", "1.32.2"))],
    ),
    (
        "a Kubernetes above on the target's release",
        standard("v3.2.0", "1.31.2"),
        [standard("v3.3.0", "1.31.2"), standard("v3.3.0", "1.32.2")],
        DEFAULTS,
        [("next_kubernetes_minor", standard("v3.3.0", "1.32.2"))],
    ),
    (
        "a Kubernetes above on a higher release than what keeps it",
        standard("v3.2.0", "1.31.2"),
        [standard("v3.2.1", "1.31.2"), standard("v3.3.0", "1.32.2")],
        KEEP,
        [("next_kubernetes_minor", standard("v3.3.0", "1.32.2"))],
    ),
    (
        "a Kubernetes above that is taken anyway",
        standard("v3.2.0", "1.31.2"),
        [standard("v3.3.0", "1.32.2")],
        DEFAULTS,
        [],
    ),
    (
        "a Kubernetes above that was asked for",
        standard("v3.2.0", "1.31.2"),
        [standard("v3.3.0", "1.32.2")],
        NEXT,
        [],
    ),
    (
        "a Kubernetes two above",
        standard("v3.2.0", "1.31.2"),
        [standard("v3.2.0", "1.33.2")],
        DEFAULTS,
        [],
    ),
    (
        "a Kubernetes above the ceiling",
        standard("v3.2.0", "1.31.2"),
        [standard("v3.3.0", "1.31.2"), standard("v3.3.0", "1.32.2")],
        UP_TO_1_31,
        [],
    ),
    (
        "a higher flavor release",
        core("v3.2.0"),
        [core("v3.2.0", base="24.10"), core("v3.3.0", base="24.10")],
        DEFAULTS,
        [("flavor_release_change", core("v3.3.0", base="24.10"))],
    ),
    (
        "a higher flavor release with nothing newer",
        core("v3.2.0"),
        [core("v3.3.0"), core("v3.3.0", base="24.10")],
        DEFAULTS,
        [],
    ),
    ("a lower flavor release", core("v3.2.0"), [core("v3.3.0", base="22.04")], DEFAULTS, []),
    (
        "a higher flavor release that was asked for",
        core("v3.2.0"),
        [core("v3.3.0", base="24.10")],
        FOLLOW,
        [],
    ),
    (
        "a pre-release",
        core("v3.2.0"),
        [core("v3.2.1-rc1")],
        DEFAULTS,
        [("prerelease", core("v3.2.1-rc1"))],
    ),
    (
        "a pre-release above the target",
        core("v3.2.0"),
        [core("v3.2.1"), core("v3.2.2-rc1")],
        DEFAULTS,
        [("prerelease", core("v3.2.2-rc1"))],
    ),
    (
        "a pre-release below the target",
        core("v3.2.0"),
        [core("v3.2.1-rc1"), core("v3.2.1")],
        DEFAULTS,
        [],
    ),
    ("a pre-release that was asked for", core("v3.2.0"), [core("v3.2.1-rc1")], PRERELEASE, []),
    (
        "a pre-release that would make Kubernetes unknown",
        standard("v3.2.0", None),
        [
            standard("v3.2.1", None),
            standard("v3.3.0-rc1", "1.31.1"),
            standard("v3.3.0-rc2", None),
        ],
        DEFAULTS,
        [],
    ),
    (
        "all at once, in order",
        standard("v3.2.0", "1.31.2"),
        [
            standard("v3.2.1", "1.31.2"),
            standard("v3.2.1", "1.32.2"),
            standard("v3.3.0", "1.31.2"),
            standard("v4.0.0", "1.31.2"),
            standard("v3.2.2", "1.31.2", base="24.10"),
            standard("v3.2.2-rc1", "1.31.2"),
        ],
        PATCH,
        [
            ("next_minor", standard("v3.3.0", "1.31.2")),
            ("next_major", standard("v4.0.0", "1.31.2")),
            ("next_kubernetes_minor", standard("v3.2.1", "1.32.2")),
            ("flavor_release_change", standard("v3.2.2", "1.31.2", base="24.10")),
            ("prerelease", standard("v3.2.2-rc1", "1.31.2")),
        ],
    ),
    (
        "within the major first",
        core("v3.2.0"),
        [core("v3.3.0"), core("v4.0.0"), core("v4.0.1", base="24.10"), core("v4.1.0-rc1")],
        DEFAULTS,
        [
            ("within_major", core("v3.3.0")),
            ("flavor_release_change", core("v4.0.1", base="24.10")),
            ("prerelease", core("v4.1.0-rc1")),
        ],
    ),
]

ROADS = [standard("v3.3.0", "1.31.2"), standard("v3.3.0", "1.32.2"), standard("v4.0.0", "1.31.2")]

# What an operator stops is no alternative either.
STOPPED = [
    ("nothing stops", MINOR, NO_RULES, ["next_major", "next_kubernetes_minor"]),
    ("the step", MINOR, stop(max_step=MaxStep.MINOR), ["next_kubernetes_minor"]),
    (
        "the version",
        MINOR,
        stop(max_version=VersionCeiling.parse("3.9")),
        ["next_kubernetes_minor"],
    ),
    ("Kubernetes", MINOR, stop(max_kubernetes=Branch(1, 31)), ["next_major"]),
    ("leaving the minor", MINOR, stop(kubernetes=KubernetesPreference.KEEP), ["next_major"]),
    ("more than is needed", MINOR, stop(kubernetes=KubernetesPreference.MINIMAL), ["next_major"]),
    ("everything", MINOR, stop(freeze=True), []),
    ("a withdrawn release", MINOR, withdraw("v4.0.0"), ["next_kubernetes_minor"]),
    ("a barrier", MINOR, bar("*", "kubernetes >=1.32.0"), ["next_major"]),
]


@pytest.mark.parametrize(("code", "image", "policy", "rules"), REFUSED)
def test_each_code_tells_of_the_one_image_that_it_refuses(
    code: str,
    image: str,
    policy: Policy,
    rules: Rules,
) -> None:
    answer = advise(RUNNING, [RUNNING, image], policy, rules)

    assert rejected_of(answer) == [(code, 1, image)]
    assert path_of(answer) == []


def test_each_code_is_in_the_table() -> None:
    assert {code for code, *_ in REFUSED} == set(CODES)


@pytest.mark.parametrize(("code", "image", "policy", "rules"), FAILS_TWICE)
def test_an_image_counts_once_under_its_first_failing_rule(
    code: str,
    image: str,
    policy: Policy,
    rules: Rules,
) -> None:
    answer = advise(RUNNING, [RUNNING, image], policy, rules)

    assert rejected_of(answer) == [(code, 1, image)]


@pytest.mark.parametrize(("image", "policy", "rules"), NOT_REFUSED)
def test_a_legal_image_is_not_told_as_rejected(image: str, policy: Policy, rules: Rules) -> None:
    answer = advise(RUNNING, [RUNNING, image], policy, rules)

    assert rejected_of(answer) == []
    assert path_of(answer) == [image]


def test_groups_stand_in_the_order_of_the_contract_with_the_highest_as_example() -> None:
    tags = [tag for _, images in EVERY_CODE for tag in images]
    policy = Policy(
        max_step=MaxStep.MINOR,
        max_version=VersionCeiling.parse("3.8"),
        max_kubernetes=Branch(1, 31),
        exclude=releases("v3.2.2"),
    )
    rules = withdraw("v3.2.1") + bar("kubernetes <1.31.5+k3s1", "kubernetes >=1.31.5")

    answer = advise(RUNNING, [RUNNING, *reversed(tags)], policy, rules)

    examples = {
        "withdrawn": standard("v3.2.1", "1.31.2"),
        "prerelease": standard("v3.4.0-rc10", "1.31.2"),
        "above_max_step": standard("v5.0.0", "1.30.1"),
        "kubernetes_downgrade": standard("v3.3.1", "1.31.1"),
        "kubernetes_minor_skipped": standard("v3.3.0", "1.34.1"),
    }
    assert rejected_of(answer) == [
        (code, len(images), examples.get(code, images[0])) for code, images in EVERY_CODE
    ]
    assert [code for code, _ in EVERY_CODE] == CODES[:-1]


def test_the_held_minor_comes_last() -> None:
    tags = [RUNNING, standard("v3.2.0", "1.32.1"), standard("v3.2.0", "1.33.1")]

    answer = advise(RUNNING, tags, DEFAULTS, bar("*", "kubernetes =1.31.9"))

    assert [code for code, *_ in rejected_of(answer)] == [
        "kubernetes_minor_skipped",
        "kubernetes_minor_held",
    ]


@pytest.mark.parametrize(
    "image",
    [
        standard("v3.1.9", "1.31.2"),
        standard("v3.2.0", "1.31.1"),
        standard("v3.2.0", "1.31.2"),
        standard("v3.2.0-rc1", "1.30.1"),
        core("v9.0.0"),
        standard("v9.0.0", "1.30.1", base="22.04"),
        standard("v9.0.0", "1.30.1").replace("amd64", "arm64"),
        standard("v9.0.0", "1.30.1").replace("k3s1", "k0s.0").replace("k3s", "k0s"),
        standard("v9.0.0-1-gabcdef0", "1.30.1"),
        standard("v9.0.0", "1.30.1") + "-uki",
        standard("v9.0.0", "1.30.1") + "-img",
        "latest",
    ],
)
def test_what_is_not_newer_or_not_of_the_stream_is_not_told(image: str) -> None:
    answer = advise(RUNNING, [RUNNING, image])

    assert rejected_of(answer) == []


def test_each_image_that_follows_is_told_where_it_may_be_taken() -> None:
    tags = [core("v3.2.0"), core("v3.3.0-rc1", base="24.10"), core("v3.3.0-rc1", base="22.04")]

    answer = advise(core("v3.2.0"), tags, FOLLOW)

    assert rejected_of(answer) == [("prerelease", 1, core("v3.3.0-rc1", base="24.10"))]


LANE = [
    standard("v3.2.0", "1.31.2"),
    standard("v3.3.0", "1.31.4"),
    standard("v3.4.0", "1.31.6"),
    standard("v4.0.0", "1.31.8"),
]


@pytest.mark.parametrize(
    ("rules", "barred"),
    [
        (bar("*", ">=3.3.0 <4.0.0"), LANE[1:3]),
        (bar("*", "=3.3.0"), LANE[1:2]),
        (bar("*", ">3.2.0 <=3.3.0") + bar("*", ">=4.0.0"), [LANE[1], LANE[3]]),
        (bar("*", "kubernetes >=1.31.4 <1.31.8"), LANE[1:3]),
        (bar("*", "kubernetes >=1.31.1"), LANE),
        (bar("*", ">=3.2.0 <5.0.0"), LANE),
        (bar("*", ">=4.1.0"), []),
    ],
)
def test_a_barrier_bars_what_is_between_its_ends_and_nothing_else(
    rules: Rules, barred: list[str]
) -> None:
    answer = advise(
        standard("v3.1.0", "1.31.0"), [standard("v3.1.0", "1.31.0"), *LANE], DEFAULTS, rules
    )

    assert rejected_of(answer) == ([("barrier", len(barred), barred[-1])] if barred else [])
    assert path_of(answer)[:1] == [image for image in LANE if image not in barred][-1:]


def test_a_target_stands_beside_what_was_rejected() -> None:
    tags = [RUNNING, standard("v3.3.0", "1.31.5"), standard("v3.4.0", "1.33.1")]

    answer = advise(RUNNING, tags)

    assert path_of(answer) == [standard("v3.3.0", "1.31.5")]
    assert rejected_of(answer) == [("kubernetes_minor_skipped", 1, standard("v3.4.0", "1.33.1"))]


@pytest.mark.parametrize(
    ("running", "tags", "policy", "expected"),
    [row[1:] for row in ALTERNATIVES],
    ids=[row[0] for row in ALTERNATIVES],
)
def test_an_alternative_appears_where_its_one_change_gives_another_target(
    running: str,
    tags: list[str],
    policy: Policy,
    expected: list[tuple[str, str]],
) -> None:
    answer = advise(running, [running, *tags], policy)

    assert alternatives_of(answer) == expected


@pytest.mark.parametrize(
    ("policy", "rules", "codes"),
    [row[1:] for row in STOPPED],
    ids=[row[0] for row in STOPPED],
)
def test_no_alternative_passes_a_rule(policy: Policy, rules: Rules, codes: list[str]) -> None:
    answer = advise(RUNNING, [RUNNING, *ROADS], policy, rules)

    assert [code for code, _ in alternatives_of(answer)] == codes


@pytest.mark.parametrize("boot_state", ["passive", "recovery"])
def test_a_node_that_rolled_back_gets_no_alternatives(boot_state: str) -> None:
    world = World({UBUNTU: [core("v3.2.0"), core("v4.0.0")], HADRON: []})

    answer = world.advise(f"{UBUNTU}:{core('v3.2.0')}", MINOR, boot_state=boot_state)

    assert alternatives_of(answer) == []
    assert rejected_of(answer) == [("above_max_step", 1, core("v4.0.0"))]


def test_what_is_not_pulled_has_no_alternatives() -> None:
    running, newer = (f"{core(version)}-uki" for version in ("v3.2.0", "v3.3.0"))

    answer = advise(running, [running, newer, f"{core('v4.0.0')}-uki"])

    assert alternatives_of(answer) == []


def test_an_alternative_is_of_the_running_repository() -> None:
    answer = advise(core("v3.2.0"), [core("v3.2.0"), core("v4.0.0")], MINOR)

    assert [str(found.image.reference) for found in answer.alternatives] == [
        f"{UBUNTU}:{core('v4.0.0')}",
    ]


def test_a_withdrawn_release_is_withdrawn_where_it_applies_alone() -> None:
    rules = withdraw("v3.3.0", applies=Applies(variant=frozenset({Variant.STANDARD})))
    tags = [core("v3.2.0"), core("v3.3.0"), RUNNING, standard("v3.3.0", "1.31.2")]

    assert path_of(advise(core("v3.2.0"), tags, DEFAULTS, rules)) == [core("v3.3.0")]
    assert path_of(advise(RUNNING, tags, DEFAULTS, rules)) == []
