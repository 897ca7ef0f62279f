"""What an answer is made of: rules, operator policies, renamed repositories, ended streams."""

from dataclasses import replace

import pytest

from service.domain.policy import KubernetesPreference, MaxStep, Policy, VersionCeiling
from service.domain.recommendation import Recommendation
from service.domain.rules import (
    Advisory,
    Applies,
    OperatorPolicy,
    Rules,
)
from service.domain.scope import RepositoryPattern
from service.domain.version import Branch
from service.domain.version_range import VersionRange
from service.domain.warning import Severity
from service.errors import (
    KubernetesVersionUnknownError,
    RegistryUnavailableError,
    RepositoryNotFoundError,
    StreamNotFoundError,
)
from tests.advising import (
    HADRON,
    NO_RULES,
    OFFICIAL,
    OWN,
    UBUNTU,
    World,
    advise,
    alternatives_of,
    bar,
    end,
    path_of,
    rejected_of,
    rename,
    stop,
    warnings_of,
    withdraw,
)
from tests.asking import core, standard
from tests.policies import DEFAULTS, MINOR, PATCH, UP_TO_3_2

LEGACY = f"{OFFICIAL}/core-ubuntu-22-lts"
LEGACY_STANDARD = f"{OFFICIAL}/kairos-ubuntu-22-lts"
TO_UBUNTU = rename("core-ubuntu-22-lts", "ubuntu", "22.04") + rename(
    "kairos-ubuntu-22-lts", "ubuntu", "22.04", "standard"
)

A = core("v3.2.0")
K = standard("v3.2.0", "1.31.2")
ROADS = [
    standard("v3.2.1", "1.31.3"),
    standard("v3.3.0", "1.31.2"),
    standard("v3.3.0", "1.32.2"),
    standard("v4.0.0", "1.31.2"),
]

# What the caller asks, what the operator set, where it leads.
NARROWED = [
    (DEFAULTS, stop(), standard("v4.0.0", "1.31.2")),
    (DEFAULTS, stop(max_step=MaxStep.MINOR), standard("v3.3.0", "1.31.2")),
    (Policy(max_step=MaxStep.MAJOR), stop(max_step=MaxStep.PATCH), standard("v3.2.1", "1.31.3")),
    (PATCH, stop(max_step=MaxStep.MAJOR), standard("v3.2.1", "1.31.3")),
    (DEFAULTS, stop(max_version=VersionCeiling.parse("3.3")), standard("v3.3.0", "1.31.2")),
    (
        Policy(max_version=VersionCeiling.parse("4.0")),
        stop(max_version=VersionCeiling.parse("3.2")),
        standard("v3.2.1", "1.31.3"),
    ),
    (
        UP_TO_3_2,
        stop(max_version=VersionCeiling.parse("4.0")),
        standard("v3.2.1", "1.31.3"),
    ),
    (
        Policy(max_version=VersionCeiling.parse("v3.3.0")),
        stop(max_version=VersionCeiling.parse("3.3")),
        standard("v3.3.0", "1.31.2"),
    ),
    (
        Policy(max_step=MaxStep.MINOR, kubernetes=KubernetesPreference.LATEST),
        stop(kubernetes=KubernetesPreference.KEEP),
        standard("v3.3.0", "1.31.2"),
    ),
    (
        MINOR,
        stop(kubernetes=KubernetesPreference.LATEST),
        standard("v3.3.0", "1.32.2"),
    ),
    (
        Policy(max_step=MaxStep.MINOR, kubernetes=KubernetesPreference.MINIMAL),
        stop(kubernetes=KubernetesPreference.LATEST),
        standard("v3.3.0", "1.31.2"),
    ),
    (
        Policy(max_step=MaxStep.MINOR, kubernetes=KubernetesPreference.NEXT),
        stop(max_kubernetes=Branch(1, 31)),
        standard("v3.3.0", "1.31.2"),
    ),
    (
        Policy(
            max_step=MaxStep.MINOR,
            kubernetes=KubernetesPreference.NEXT,
            max_kubernetes=Branch(1, 33),
        ),
        stop(max_kubernetes=Branch(1, 31)),
        standard("v3.3.0", "1.31.2"),
    ),
    (
        Policy(
            max_step=MaxStep.MINOR,
            kubernetes=KubernetesPreference.NEXT,
            max_kubernetes=Branch(1, 31),
        ),
        stop(max_kubernetes=Branch(1, 33)),
        standard("v3.3.0", "1.31.2"),
    ),
    (
        DEFAULTS,
        stop(max_step=MaxStep.MINOR) + stop(max_version=VersionCeiling.parse("3.2")),
        standard("v3.2.1", "1.31.3"),
    ),
]

SUCCESSORS = [
    # running, list of the successor, the image to go to
    ("the newest of the running major", "v2.4.1", ["v2.5.0", "v2.4.2", "v3.0.14"], "v2.5.0"),
    ("of the next where there is none", "v2.4.1", ["v3.0.1", "v3.0.14", "v4.0.0"], "v3.0.14"),
    ("never of the one after", "v2.4.1", ["v4.0.0"], None),
    ("of the next from v1", "v1.6.0", ["v2.4.2", "v2.5.0", "v3.0.14"], "v2.5.0"),
    ("no pre-release", "v2.4.1", ["v2.5.0-rc1", "v2.4.2", "v3.0.0"], "v2.4.2"),
    ("nothing newer", "v2.4.1", ["v2.4.0"], None),
]

STANDARD_SUCCESSORS = [
    # Kubernetes of v2.4.1, list of the successor, the image to go to
    (
        "the same minor",
        "1.27.3",
        [("v2.5.0", "1.27.9"), ("v2.5.0", "1.28.5")],
        ("v2.5.0", "1.27.9"),
    ),
    (
        "the next minor",
        "1.26.6",
        [("v2.5.0", "1.27.9"), ("v2.5.0", "1.28.5")],
        ("v2.5.0", "1.27.9"),
    ),
    (
        "an older release of the running major",
        "1.25.11",
        [("v2.4.2", "1.26.9"), ("v2.5.0", "1.27.9"), ("v3.0.0", "1.26.9")],
        ("v2.4.2", "1.26.9"),
    ),
    (
        "the next major, where the running one has no legal Kubernetes",
        "1.27.3",
        [("v2.5.0", "1.26.9"), ("v3.0.0", "1.28.5")],
        ("v3.0.0", "1.28.5"),
    ),
    ("none, for each skips a minor", "1.24.1", [("v2.4.2", "1.26.9"), ("v3.0.0", "1.27.9")], None),
    ("none, for each is older", "1.28.1", [("v2.4.2", "1.26.9"), ("v3.0.0", "1.27.9")], None),
]


def ask_legacy(
    version: str,
    tags: list[str],
    rules: Rules = TO_UBUNTU,
    policy: Policy = DEFAULTS,
) -> Recommendation:
    """Ask for an image of a legacy repository; these are the tags of its successor."""
    lists = {LEGACY: [version], UBUNTU: tags, HADRON: ["v0.0.1-core-amd64-generic-v4.2.0"]}
    return World(lists, rules).advise(f"{LEGACY}:{version}", policy)


def advisory(origin: str, target: str, **applies: object) -> Rules:
    rule = Advisory(
        "an-id",
        VersionRange.parse(origin),
        VersionRange.parse(target),
        replace(Applies(), **applies),  # type: ignore[arg-type]
        Severity.CRITICAL,
        "Read this.",
        "https://kairos.io/x",
        "a source",
    )
    return Rules(advisories=(rule,))


@pytest.mark.parametrize(("policy", "rules", "target"), NARROWED)
def test_the_narrower_of_caller_and_operator_holds(
    policy: Policy,
    rules: Rules,
    target: str,
) -> None:
    answer = advise(K, [K, *ROADS], policy, rules)

    assert path_of(answer)[:1] == [target]


def test_a_freeze_refuses_everything_as_excluded() -> None:
    answer = advise(K, [K, *ROADS], DEFAULTS, stop(freeze=True))

    assert answer.status == "withheld"
    assert rejected_of(answer) == [("excluded", 4, standard("v4.0.0", "1.31.2"))]
    assert alternatives_of(answer) == []


@pytest.mark.parametrize(
    ("pattern", "frozen"),
    [
        ("quay.io/kairos/*", True),
        ("quay.io/kairos/ubuntu", True),
        ("quay.io/kairos/debian", False),
        ("quay.io/*", False),
        (f"{OWN}/*", False),
    ],
)
def test_an_operators_policy_holds_for_its_repositories(pattern: str, *, frozen: bool) -> None:
    policy = OperatorPolicy((RepositoryPattern.parse(pattern),), freeze=True)

    answer = advise(A, [A, core("v3.3.0")], DEFAULTS, Rules(policies=(policy,)))

    assert (answer.status == "withheld") is frozen


@pytest.mark.parametrize(
    "rules",
    [
        withdraw("v3.3.0"),
        bar("*", ">=3.3.0"),
        end("v3.2.0"),
        advisory("*", "*"),
        rename("ubuntu", "debian", "12"),
        rename("our-os", f"{OWN}/other", "12"),
        stop(freeze=True),
    ],
)
def test_built_in_rules_change_nothing_on_a_repository_of_ones_own(rules: Rules) -> None:
    image, lists = f"{OWN}/our-os:{A}", {f"{OWN}/our-os": [A, core("v3.3.0")], f"{OWN}/other": []}

    answer = World(lists, rules).advise(image)

    assert answer == World(lists).advise(image)
    assert path_of(answer) == [core("v3.3.0")]


def test_rules_of_the_operator_come_before_the_built_in_ones() -> None:
    own, builtin = end("v3.1.0"), end("v3.2.0")
    told = replace(own.ended[0], summary="Ours.")
    world = World({UBUNTU: [A], HADRON: []}, builtin, Rules(ended=(told,)))

    answer = world.advise(f"{UBUNTU}:{A}")

    messages = [each.message for each in answer.warnings if each.code == "stream_end_of_line"]
    assert messages == ["Ours."]


def test_rules_of_the_operator_hold_on_a_repository_of_ones_own() -> None:
    world = World({f"{OWN}/our-os": [A, core("v3.3.0")]}, own=withdraw("v3.3.0"))

    assert world.advise(f"{OWN}/our-os:{A}").status == "blocked"


@pytest.mark.parametrize("name", ["core-ubuntu", "kairos-opensuse-leap"])
def test_a_repository_of_ones_own_may_have_a_legacy_name(name: str) -> None:
    world = World({f"{OWN}/{name}": ["v3.2.0", "v3.3.0"]})

    answer = world.advise(f"{OWN}/{name}:v3.2.0")

    assert answer.status == "upgrade_available"
    assert "repository_renamed" not in warnings_of(answer)


def test_a_withdrawn_release_is_in_no_hop() -> None:
    tags = [
        K,
        standard("v3.3.0", "1.32.2"),
        standard("v3.4.0", "1.33.2"),
        standard("v3.4.1", "1.33.2"),
    ]

    before = path_of(advise(K, tags))
    after = path_of(advise(K, tags, DEFAULTS, withdraw("v3.4.1")))

    assert before == [standard("v3.3.0", "1.32.2"), standard("v3.4.1", "1.33.2")]
    assert after == [standard("v3.3.0", "1.32.2"), standard("v3.4.0", "1.33.2")]


def test_a_withdrawn_release_may_run() -> None:
    answer = advise(A, [A, core("v3.3.0")], DEFAULTS, withdraw("v3.2.0"))

    assert path_of(answer) == [core("v3.3.0")]


def test_a_barrier_is_passed_by_way_of_an_image_that_meets_its_condition() -> None:
    """The worked example of domain rule 7: 1.33.7+k3s1 is too old for 1.34."""

    def hadron(base: str, version: str, kubernetes: str) -> str:
        return standard(version, kubernetes, base=base)

    running = hadron("v0.0.1", "v3.7.0", "1.33.7-k3s1")
    first = hadron("v0.0.4", "v4.0.3", "1.33.9-k3s1")
    second = hadron("v0.5.1", "v4.2.0", "1.34.10-k3s1")
    world = World(
        {HADRON: [running, first, hadron("v0.0.4", "v4.0.3", "1.34.5-k3s1"), second]},
        bar("kubernetes <1.33.7+k3s3", "kubernetes >=1.34.0"),
    )

    answer = world.advise(f"{HADRON}:{running}")

    assert path_of(answer) == [first, second]
    assert rejected_of(answer) == [("barrier", 2, second)]


@pytest.mark.parametrize(
    ("kubernetes", "barred"),
    [
        ("1.33.7-k3s3", False),
        ("1.33.7-k3s2", True),
        ("1.33.7", True),
        ("1.33.6-k3s9", True),
        ("1.33.8", False),
        ("1.34.0", False),
    ],
)
def test_a_barrier_holds_up_to_its_condition(kubernetes: str, *, barred: bool) -> None:
    running, target = standard("v3.7.0", kubernetes), standard("v4.2.0", "1.34.10")

    answer = advise(
        running, [running, target], DEFAULTS, bar("kubernetes <1.33.7+k3s3", "kubernetes >=1.34.0")
    )

    assert (path_of(answer) == []) is barred
    assert ("barrier" in {code for code, *_ in rejected_of(answer)}) is barred


def test_a_barrier_says_nothing_of_core() -> None:
    answer = advise(
        A, [A, core("v3.3.0")], DEFAULTS, bar("kubernetes <1.33.0", "kubernetes >=1.0.0")
    )

    assert path_of(answer) == [core("v3.3.0")]


@pytest.mark.parametrize(
    ("running", "tags", "successor"),
    [row[1:] for row in SUCCESSORS],
    ids=[row[0] for row in SUCCESSORS],
)
def test_the_successor_is_of_the_running_major_else_of_the_next(
    running: str,
    tags: list[str],
    successor: str | None,
) -> None:
    answer = ask_legacy(running, [core(tag, base="22.04") for tag in tags])

    assert (answer.status, answer.target, answer.path) == ("manual", None, ())
    expected = f"{UBUNTU}:{core(successor, base='22.04')}" if successor else "None"
    assert str(answer.successor and answer.successor.reference) == expected
    assert "repository_renamed" in warnings_of(answer)


@pytest.mark.parametrize(
    ("kubernetes", "tags", "successor"),
    [row[1:] for row in STANDARD_SUCCESSORS],
    ids=[row[0] for row in STANDARD_SUCCESSORS],
)
def test_the_successor_is_legal_by_kubernetes(
    kubernetes: str,
    tags: list[tuple[str, str]],
    successor: tuple[str, str] | None,
) -> None:
    running = f"v2.4.1-k3sv{kubernetes}-k3s1"
    listed = [standard(*tag, base="22.04") for tag in tags]
    world = World({UBUNTU: listed, HADRON: []}, TO_UBUNTU)

    answer = world.advise(f"{LEGACY_STANDARD}:{running}")

    assert answer.status == "manual"
    expected = standard(*successor, base="22.04") if successor else "None"
    assert str(answer.successor and answer.successor.tag) == expected


def test_the_successor_keeps_to_the_policy_and_to_what_is_withdrawn() -> None:
    tags = [core(version, base="22.04") for version in ("v2.4.2", "v2.4.3", "v2.5.0")]

    answer = ask_legacy("v2.4.1", tags, TO_UBUNTU + withdraw("v2.5.0"))
    patched = ask_legacy(
        "v2.4.1", tags, TO_UBUNTU, Policy(max_version=VersionCeiling.parse("v2.4.2"))
    )

    assert str(answer.successor and answer.successor.tag) == tags[1]
    assert rejected_of(answer) == [("withdrawn", 1, tags[2])]
    assert str(patched.successor and patched.successor.tag) == tags[0]


def test_the_running_image_of_a_renamed_repository_stays_as_it_is_called() -> None:
    answer = ask_legacy("v2.4.1", [core("v2.5.0", base="22.04")])

    assert str(answer.running.reference) == f"{LEGACY}:v2.4.1"
    assert (str(answer.change.kairos), str(answer.change.kubernetes)) == ("none", "none")
    assert answer.change.flavor_release is False
    assert answer.catalogue.repository.flavor == "ubuntu"
    assert answer.links is None
    assert alternatives_of(answer) == []


@pytest.mark.parametrize(
    ("running", "successor", "codes"),
    [
        ("v2.4.1-k3sv1.27.3-k3s1", ("v2.5.0", "1.27.9"), set()),
        ("v2.4.1-k3sv1.26.6-k3s1", ("v2.5.0", "1.27.9"), {"kubernetes_minor_change"}),
        ("v2.4.1-k3sv1.27.3-k3s1", ("v3.0.0", "1.27.9"), {"major_jump"}),
        ("v2.3.3", ("v2.5.0", None), {"kubernetes_version_unknown"}),
        ("v2.4.1-k3sv1.27.3-k3s1", ("v2.5.0", "1.26.9"), set()),
    ],
)
def test_a_renamed_repository_is_warned_of_the_step_to_its_successor(
    running: str,
    successor: tuple[str, str | None],
    codes: set[str],
) -> None:
    world = World({UBUNTU: [standard(*successor, base="22.04")], HADRON: []}, TO_UBUNTU)

    answer = world.advise(f"{LEGACY_STANDARD}:{running}")

    of_steps = {"major_jump", "kubernetes_minor_change", "kubernetes_version_unknown"}
    assert warnings_of(answer) & (of_steps | {"multiple_hops"}) == codes


def test_a_legacy_repository_without_a_successor_is_manual_and_names_none() -> None:
    world = World({LEGACY: ["v2.4.0", "v2.4.1"], HADRON: []})

    answer = world.advise(f"{LEGACY}:v2.4.0")

    assert (answer.status, answer.target, answer.successor) == ("manual", None, None)
    assert "repository_renamed" in warnings_of(answer)


@pytest.mark.parametrize("failure", ["missing", "not allowed"])
def test_a_successor_out_of_reach_is_as_none(failure: str) -> None:
    lists = {LEGACY: ["v2.4.1"], HADRON: []}
    allowed = (f"{OFFICIAL}/core-*",) if failure == "not allowed" else (f"{OFFICIAL}/*",)
    if failure == "not allowed":
        lists[UBUNTU] = [core("v2.5.0", base="22.04")]
    world = World(lists, TO_UBUNTU, allowed=allowed)

    answer = world.advise(f"{LEGACY}:v2.4.1")

    assert (answer.status, answer.successor) == ("manual", None)
    assert "repository_renamed" in warnings_of(answer)
    looked_for = [UBUNTU] if failure == "missing" else []
    assert world.asked == [*looked_for, LEGACY, HADRON]


def test_a_successor_out_of_reach_without_its_own_list_is_not_found() -> None:
    with pytest.raises(RepositoryNotFoundError):
        World({}, TO_UBUNTU).advise(f"{LEGACY}:v2.4.1")


def test_a_successor_whose_registry_fails_is_not_taken_for_none() -> None:
    world = World({LEGACY: ["v2.4.1"], UBUNTU: RegistryUnavailableError("silent")}, TO_UBUNTU)

    with pytest.raises(RegistryUnavailableError):
        world.advise(f"{LEGACY}:v2.4.1")


def test_a_renamed_repository_is_not_asked_for_its_own_list() -> None:
    world = World({UBUNTU: [core("v2.5.0", base="22.04")], HADRON: []}, TO_UBUNTU)

    world.advise(f"{LEGACY}:v2.4.1")

    assert world.asked == [UBUNTU, HADRON]


def test_a_successor_without_the_stream_is_told_as_such() -> None:
    with pytest.raises(StreamNotFoundError, match=UBUNTU):
        ask_legacy("v2.4.1", [core("v2.5.0")])


def test_a_legacy_image_of_unknown_kubernetes_is_refused_like_any_other() -> None:
    world = World({UBUNTU: [standard("v2.5.0", "1.27.9", base="22.04")], HADRON: []}, TO_UBUNTU)

    with pytest.raises(KubernetesVersionUnknownError, match=r"^v2\.3\.3-rc1 does not tell"):
        world.advise(f"{LEGACY_STANDARD}:v2.3.3-rc1")


def test_an_operator_may_rename_a_repository_of_their_own() -> None:
    old, new = f"{OWN}/old", f"{OWN}/new"
    world = World({old: [A], new: [core("v3.3.0")]}, own=rename(old, new, "24.04"))

    answer = world.advise(f"{old}:{A}")

    assert answer.status == "manual"
    assert str(answer.successor and answer.successor.reference) == f"{new}:{core('v3.3.0')}"


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        (end("v3.2.0"), True),
        (end("v3.1.0"), True),
        (end("v3.2.1"), False),
        (end("v3.2.0", Applies(flavor=frozenset({"ubuntu"}))), True),
        (end("v3.2.0", Applies(flavor=frozenset({"debian"}))), False),
        (end("v3.2.0", Applies(flavor_release=frozenset({"24.04"}))), True),
        (end("v3.2.0", Applies(flavor_release=frozenset({"22.04"}))), False),
        (NO_RULES, False),
    ],
)
def test_an_ended_stream_is_told_with_the_words_of_its_rule(rules: Rules, *, told: bool) -> None:
    answer = advise(A, [A], DEFAULTS, rules)

    ended = [warning for warning in answer.warnings if warning.code == "stream_end_of_line"]
    words = [("It ended.", "https://kairos.io/ended")] if told else []
    assert [(warning.message, warning.url) for warning in ended] == words


def test_an_ended_stream_is_told_beside_a_target() -> None:
    answer = advise(A, [A, core("v3.3.0")], DEFAULTS, end("v3.3.0"))

    assert path_of(answer) == [core("v3.3.0")]
    assert "stream_end_of_line" in warnings_of(answer)


def test_a_stream_is_not_ended_by_a_pre_release() -> None:
    answer = advise(A, [A, core("v3.3.0-rc1")], DEFAULTS, end("v3.3.0-rc1"))

    assert "stream_end_of_line" not in warnings_of(answer)


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        (advisory("<3.3.0", ">=3.3.0"), True),
        (advisory("*", "*"), True),
        (advisory("=3.2.0", "=3.3.0"), True),
        (advisory("<3.2.0", ">=3.3.0"), False),
        (advisory("<3.3.0", ">=4.0.0"), False),
        (advisory("*", "*", flavor=frozenset({"ubuntu"})), True),
        (advisory("*", "*", flavor=frozenset({"debian"})), False),
        (advisory("*", "*", form=frozenset({"json"})), True),
        (advisory("*", "*", form=frozenset({"text"})), False),
    ],
)
def test_an_advisory_is_told_of_running_to_target_alone(rules: Rules, *, told: bool) -> None:
    """The path goes on to v3.4.0, of which no advisory speaks yet."""
    tags = [K, standard("v3.3.0", "1.32.0"), standard("v3.4.0", "1.33.0")]

    answer = advise(K, tags, DEFAULTS, rules)

    assert len(path_of(answer)) == 2
    found = [warning for warning in answer.warnings if warning.code == "advisory:an-id"]
    words = [("critical", "Read this.", "https://kairos.io/x")] if told else []
    assert [(str(each.severity), each.message, each.url) for each in found] == words


@pytest.mark.parametrize(("target", "told"), [("*", True), (">=3.2.0", False), (">=0.0.0", False)])
def test_without_a_target_only_what_speaks_of_any_is_told(target: str, *, told: bool) -> None:
    answer = advise(A, [A], DEFAULTS, advisory("*", target))

    assert ("advisory:an-id" in warnings_of(answer)) is told


@pytest.mark.parametrize(("target", "told"), [("=2.5.0", True), ("=3.0.0", False), ("*", True)])
def test_with_a_successor_it_is_what_is_reached(target: str, *, told: bool) -> None:
    rules = TO_UBUNTU + advisory("=2.4.1", target)

    answer = ask_legacy("v2.4.1", [core("v2.5.0", base="22.04")], rules)

    assert ("advisory:an-id" in warnings_of(answer)) is told


@pytest.mark.parametrize(
    ("boot_state", "codes"),
    [
        ("active", set()),
        ("unknown", set()),
        ("passive", {"booted_passive"}),
        ("recovery", {"booted_recovery"}),
        ("autoreset", {"booted_recovery"}),
        ("livecd", {"booted_recovery"}),
    ],
)
def test_what_was_booted_is_told(boot_state: str, codes: set[str]) -> None:
    world = World({UBUNTU: [A], HADRON: [A]})

    assert warnings_of(world.advise(f"{UBUNTU}:{A}", boot_state=boot_state)) == codes
