"""The contract's table of statuses, row by row."""

from dataclasses import replace

import pytest

from service.domain.policy import (
    KubernetesPreference,
    MaxStep,
    Policy,
    VersionCeiling,
)
from service.domain.rules import Applies, Rules
from service.domain.version import Branch
from tests.advising import (
    HADRON,
    NO_RULES,
    OWN,
    UBUNTU,
    World,
    advise,
    bar,
    end,
    stop,
    withdraw,
)
from tests.asking import core, standard
from tests.policies import (
    DEFAULTS,
    FOLLOW,
    KEEP,
    MINOR,
    PATCH,
    PRERELEASE,
    UP_TO_1_31,
    UP_TO_3_2,
    WITHOUT_3_3,
)

A = core("v3.2.0")
K = standard("v3.2.0", "1.31.2")

UPGRADE_AVAILABLE = [
    ("a newer release", A, [core("v3.2.1")], DEFAULTS, NO_RULES),
    (
        "a newer Kubernetes on the same release",
        K,
        [standard("v3.2.0", "1.31.3")],
        DEFAULTS,
        NO_RULES,
    ),
    ("a pre-release that was asked for", A, [core("v3.3.0-rc1")], PRERELEASE, NO_RULES),
    (
        "a newer flavor release that was asked for",
        A,
        [core("v3.3.0", base="24.10")],
        FOLLOW,
        NO_RULES,
    ),
    (
        "some refused, one not",
        A,
        [core("v3.2.1"), core("v4.0.0")],
        PATCH,
        NO_RULES,
    ),
    ("the last of an ended stream", A, [core("v3.2.1")], DEFAULTS, end("v3.2.1")),
    (
        "what is left once all newer releases are refused",
        K,
        [standard("v3.2.0", "1.31.3"), standard("v3.3.0", "1.30.1")],
        DEFAULTS,
        NO_RULES,
    ),
]

AHEAD = [
    ("above every release", core("v9.0.0"), [core("v3.2.0")], DEFAULTS, NO_RULES),
    ("just above the last", core("v3.2.1"), [core("v3.2.0")], DEFAULTS, NO_RULES),
    ("above the last pre-release", core("v3.3.0-rc2"), [core("v3.3.0-rc1")], DEFAULTS, NO_RULES),
    ("a build after the last", core("v3.2.0-1-gabc"), [core("v3.2.0")], DEFAULTS, NO_RULES),
    ("of an ended stream", core("v9.0.0"), [core("v3.2.0")], DEFAULTS, end("v3.2.0")),
    ("frozen", core("v9.0.0"), [core("v3.2.0")], DEFAULTS, stop(freeze=True)),
]

WITHHELD = [
    ("max_step", A, [core("v3.3.0")], PATCH, NO_RULES),
    ("max_version", A, [core("v3.3.0")], UP_TO_3_2, NO_RULES),
    (
        "max_kubernetes",
        K,
        [standard("v3.3.0", "1.32.0")],
        UP_TO_1_31,
        NO_RULES,
    ),
    ("kubernetes=keep", K, [standard("v3.3.0", "1.32.0")], KEEP, NO_RULES),
    ("exclude", A, [core("v3.3.0")], WITHOUT_3_3, NO_RULES),
    ("the operator's max_step", A, [core("v4.0.0")], DEFAULTS, stop(max_step=MaxStep.MINOR)),
    (
        "the operator's max_version",
        A,
        [core("v3.3.0")],
        DEFAULTS,
        stop(max_version=VersionCeiling.parse("3.2")),
    ),
    (
        "the operator's max_kubernetes",
        K,
        [standard("v3.3.0", "1.32.0")],
        DEFAULTS,
        stop(max_kubernetes=Branch(1, 31)),
    ),
    (
        "the operator's keep",
        K,
        [standard("v3.3.0", "1.32.0")],
        DEFAULTS,
        stop(kubernetes=KubernetesPreference.KEEP),
    ),
    ("a freeze", A, [core("v3.3.0")], DEFAULTS, stop(freeze=True)),
    (
        "one by the caller, one by the operator",
        A,
        [core("v3.3.0"), core("v4.0.0")],
        WITHOUT_3_3,
        stop(max_step=MaxStep.MINOR),
    ),
    (
        "refused for its safety too",
        K,
        [standard("v3.3.0", "1.30.0")],
        PATCH,
        NO_RULES,
    ),
    ("withdrawn too", A, [core("v3.3.0")], WITHOUT_3_3, withdraw("v3.3.0")),
    (
        "an unwanted pre-release beside it",
        A,
        [core("v3.3.0"), core("v3.2.1-rc1")],
        PATCH,
        NO_RULES,
    ),
]

BLOCKED = [
    ("a downgrade of Kubernetes", K, [standard("v3.3.0", "1.30.9")], DEFAULTS, NO_RULES),
    ("a skipped minor", K, [standard("v3.3.0", "1.33.0")], DEFAULTS, NO_RULES),
    ("an unknown Kubernetes", K, [standard("v3.3.0", None)], DEFAULTS, NO_RULES),
    ("a barrier", K, [standard("v3.3.0", "1.32.0")], DEFAULTS, bar("*", "kubernetes >=1.32.0")),
    ("a withdrawn release", A, [core("v3.3.0")], DEFAULTS, withdraw("v3.3.0")),
    (
        "one by policy, one by safety",
        K,
        [standard("v3.3.0", "1.30.9"), standard("v4.0.0", "1.31.9")],
        MINOR,
        NO_RULES,
    ),
    ("of an ended stream", A, [core("v3.3.0")], DEFAULTS, withdraw("v3.3.0") + end("v3.2.0")),
]

END_OF_LINE = [
    ("a rule ends the stream", A, [], DEFAULTS, end("v3.2.0")),
    ("its last release was passed", A, [], DEFAULTS, end("v3.1.0")),
    ("only pre-releases are newer", A, [core("v3.3.0-rc1")], DEFAULTS, end("v3.2.0")),
]

UP_TO_DATE = [
    ("nothing is newer", A, [core("v3.1.0")], DEFAULTS, NO_RULES),
    ("only pre-releases are newer", A, [core("v3.3.0-rc1")], DEFAULTS, NO_RULES),
    (
        "only a newer Kubernetes minor on the same release",
        K,
        [standard("v3.2.0", "1.32.0")],
        DEFAULTS,
        NO_RULES,
    ),
    ("a newer Kubernetes, frozen", K, [standard("v3.2.0", "1.31.3")], DEFAULTS, stop(freeze=True)),
    ("frozen", A, [], DEFAULTS, stop(freeze=True)),
    ("a rule ends the stream later", A, [], DEFAULTS, end("v3.2.1")),
    (
        "a rule ends another stream",
        A,
        [],
        DEFAULTS,
        end("v3.2.0", Applies(flavor=frozenset({"debian"}))),
    ),
    (
        "a newer flavor release that was not asked for",
        A,
        [core("v3.3.0", base="24.10")],
        DEFAULTS,
        NO_RULES,
    ),
]

TABLE = [
    (status, *row)
    for status, rows in [
        ("upgrade_available", UPGRADE_AVAILABLE),
        ("ahead", AHEAD),
        ("withheld", WITHHELD),
        ("blocked", BLOCKED),
        ("end_of_line", END_OF_LINE),
        ("up_to_date", UP_TO_DATE),
    ]
    for row in rows
]


@pytest.mark.parametrize(
    ("status", "running", "tags", "policy", "rules"),
    [(row[0], *row[2:]) for row in TABLE],
    ids=[f"{row[0]}: {row[1]}" for row in TABLE],
)
def test_status_is_the_one_of_the_table(
    status: str,
    running: str,
    tags: list[str],
    policy: Policy,
    rules: Rules,
) -> None:
    listed = tags if status == "ahead" else [running, *tags]

    answer = advise(running, listed, policy, rules)

    assert answer.status == status
    assert (answer.target is not None) is (status == "upgrade_available")


@pytest.mark.parametrize(
    ("tags", "latest", "status"),
    [
        ([A], "v3.2.9", "up_to_date"),
        ([A], "v3.3.0-rc1", "up_to_date"),
        ([A], "v3.3.0", "end_of_line"),
        ([A], "v4.0.0", "end_of_line"),
        ([A, core("v4.0.0-rc1")], "v4.0.0", "end_of_line"),
        ([A, core("v4.0.0")], "v4.0.0", "upgrade_available"),
        ([A], "v3.1.0", "up_to_date"),
    ],
)
def test_a_stream_below_the_latest_branch_is_at_the_end_of_its_line(
    tags: list[str],
    latest: str,
    status: str,
) -> None:
    answer = advise(A, tags, latest=core(latest))

    assert answer.status == status


@pytest.mark.parametrize(
    ("boot_state", "fit"),
    [
        ("active", True),
        ("unknown", True),
        ("passive", False),
        ("recovery", False),
        ("autoreset", False),
        ("livecd", False),
        ("installed", False),
    ],
)
@pytest.mark.parametrize(
    ("running", "tags"),
    [
        (A, [A, core("v3.3.0")]),
        (A, [A]),
        (core("v9.0.0"), [A]),
        (f"{A}-uki", [f"{A}-uki", f"{core('v3.3.0')}-uki"]),
    ],
)
def test_a_node_that_did_not_boot_what_it_should_is_blocked(
    running: str,
    tags: list[str],
    boot_state: str,
    *,
    fit: bool,
) -> None:
    world = World({UBUNTU: tags, HADRON: []})

    answer = world.advise(f"{UBUNTU}:{running}", boot_state=boot_state)

    assert (answer.status == "blocked") is not fit
    assert fit or (answer.target, answer.path, answer.successor) == (None, (), None)


@pytest.mark.parametrize(
    ("tags", "policy", "rules", "status"),
    [
        ([core("v3.3.0")], DEFAULTS, NO_RULES, "manual"),
        ([], DEFAULTS, NO_RULES, "up_to_date"),
        ([core("v3.3.0-rc1")], DEFAULTS, NO_RULES, "up_to_date"),
        ([core("v3.3.0")], PATCH, NO_RULES, "withheld"),
        ([core("v3.3.0")], DEFAULTS, withdraw("v3.3.0"), "blocked"),
        ([], DEFAULTS, end("v3.2.0"), "end_of_line"),
    ],
)
def test_official_trusted_boot_is_manual_where_another_would_be_upgraded(
    tags: list[str],
    policy: Policy,
    rules: Rules,
    status: str,
) -> None:
    running = f"{A}-uki"

    answer = advise(running, [running, *(f"{tag}-uki" for tag in tags)], policy, rules)

    assert answer.status == status
    assert (answer.target, answer.path) == (None, ())
    successor = f"{UBUNTU}:{core('v3.3.0')}-uki" if status == "manual" else None
    assert (str(answer.successor.reference) if answer.successor else None) == successor


def test_trusted_boot_of_ones_own_is_an_ordinary_upgrade() -> None:
    running, newer = f"{A}-uki", f"{core('v3.3.0')}-uki"
    world = World({f"{OWN}/ubuntu": [running, newer]})

    answer = world.advise(f"{OWN}/ubuntu:{running}")

    assert answer.status == "upgrade_available"
    assert answer.target is not None
    assert str(answer.target.tag) == newer


def test_what_is_listed_counts_and_not_what_the_policy_allows() -> None:
    """A node above all stable releases is not ahead while a pre-release is listed above it."""
    answer = advise(core("v3.2.1"), [A, core("v3.3.0-rc1")])

    assert answer.status == "up_to_date"


def test_a_pre_release_that_was_asked_for_counts_as_newer() -> None:
    policy = replace(PRERELEASE, max_step=MaxStep.PATCH)

    answer = advise(A, [A, core("v3.3.0-rc1")], policy)

    assert answer.status == "withheld"
