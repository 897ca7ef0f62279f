from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.adapters.rules_file import load_builtin_rules
from service.domain.policy import KubernetesPreference, MaxStep, Policy, VersionCeiling
from service.domain.rules import (
    Advisory,
    Applies,
    Barrier,
    Ended,
    OperatorPolicy,
    Renamed,
    Rulebook,
    Rules,
    Successor,
    Withdrawn,
)
from service.domain.scope import RepositoryPattern
from service.domain.tag import Arch, Variant
from service.domain.version import Branch, Distribution
from service.domain.version_range import VersionRange
from service.domain.warning import Severity
from tests.asking import core, read_image, read_kairos, read_tag, standard

UBUNTU = "quay.io/kairos/ubuntu:24.04-standard-amd64-generic-v3.5.0-k3s-v1.33.2-k3s1"
HADRON = "quay.io/kairos/hadron:v0.5.1-core-arm64-rpi4-v4.2.0"
TRUSTED = "quay.io/kairos/fedora:40-core-amd64-generic-v3.6.0-uki"
BOOKWORM = "quay.io/kairos/debian:bookworm-core-amd64-generic-v3.3.6"
LEGACY = "quay.io/kairos/core-opensuse-leap:v2.4.1"
UNKNOWN = "quay.io/kairos/ubuntu:22.04-standard-arm64-nvidia-jetson-orin-nx-v4.2.0"

ALL = (RepositoryPattern.parse("quay.io/kairos/*"),)
RELEASE = read_kairos("v3.5.0")


def advisory(name: str, applies: Applies | None = None, **ranges: str) -> Advisory:
    return Advisory(
        name,
        VersionRange.parse(ranges.get("origin", "*")),
        VersionRange.parse(ranges.get("target", "*")),
        applies or Applies(),
        Severity.INFO,
        "summary",
        "url",
        "source",
    )


def barrier(name: str, applies: Applies | None = None) -> Barrier:
    ranges = (
        VersionRange.parse("kubernetes <1.33.7+k3s3"),
        VersionRange.parse("kubernetes >=1.34.0"),
    )
    return Barrier(name, *ranges, applies or Applies(), "summary", "url", "source")


@pytest.mark.parametrize(
    ("applies", "matching"),
    [
        (Applies(), [UBUNTU, HADRON, TRUSTED, BOOKWORM, LEGACY, UNKNOWN]),
        (Applies(flavor=frozenset({"ubuntu"})), [UBUNTU, UNKNOWN]),
        (Applies(flavor=frozenset({"opensuse-leap"})), [LEGACY]),
        (Applies(flavor=frozenset({"opensuse"})), []),
        (Applies(flavor_release=frozenset({"bookworm"})), [BOOKWORM]),
        (Applies(flavor_release=frozenset({"12"})), [BOOKWORM]),
        (Applies(flavor_release=frozenset({"v0.5.1", "40"})), [HADRON, TRUSTED]),
        (Applies(variant=frozenset({Variant.STANDARD})), [UBUNTU, UNKNOWN]),
        (Applies(arch=frozenset({Arch.ARM64})), [HADRON, UNKNOWN]),
        (Applies(model=frozenset({"rpi4"})), [HADRON]),
        (Applies(not_model=frozenset({"generic"})), [HADRON, UNKNOWN]),
        (Applies(distribution=frozenset({Distribution.K3S})), [UBUNTU]),
        (Applies(trusted_boot=True), [TRUSTED]),
        (Applies(trusted_boot=False), [UBUNTU, HADRON, BOOKWORM, LEGACY, UNKNOWN]),
        (Applies(form=frozenset({"text"})), [UBUNTU, HADRON, TRUSTED, BOOKWORM, LEGACY, UNKNOWN]),
        (Applies(arch=frozenset({Arch.ARM64}), model=frozenset({"generic"})), []),
    ],
)
def test_a_rule_speaks_of_the_images_that_it_applies_to(
    applies: Applies, matching: list[str]
) -> None:
    images = [UBUNTU, HADRON, TRUSTED, BOOKWORM, LEGACY, UNKNOWN]

    assert [image for image in images if applies.matches(read_image(image))] == matching


def test_a_rule_may_concern_some_forms_only() -> None:
    applies = Applies(form=frozenset({"nodeopupgrade"}))

    assert applies.matches_form("nodeopupgrade")
    assert not applies.matches_form("json")
    assert Applies().matches_form("json")


@pytest.mark.parametrize(
    ("origin", "target", "forbidden"),
    [
        ("1.33.7", "1.34.3", True),
        ("1.33.7-k3s2", "1.34.0", True),
        ("1.32.9", "1.34.3", True),
        ("1.33.7-k3s3", "1.34.3", False),
        ("1.33.8", "1.34.3", False),
        ("1.33.7", "1.33.8", False),
        ("1.34.1", "1.34.3", False),
        (None, "1.34.3", False),
        ("1.33.7", None, False),
    ],
)
def test_a_barrier_forbids_the_step_from_below_to_above_it(
    origin: str | None, target: str | None, *, forbidden: bool
) -> None:
    step = read_tag(standard("v3.7.0", origin)), read_tag(standard("v4.0.0", target))

    assert barrier("etcd").forbids(*step) is forbidden


@pytest.mark.parametrize(
    ("origin", "target", "running", "reached", "concerned"),
    [
        ("<3.1.0", ">=3.1.0", "v3.0.0", "v3.2.0", True),
        ("<3.1.0", ">=3.1.0", "v3.0.0", "v3.0.1", False),
        ("<3.1.0", ">=3.1.0", "v3.1.0", "v3.2.0", False),
        ("<3.1.0", ">=3.1.0", "v3.0.0", None, False),
        ("<3.1.0", "*", "v3.0.0", "v3.2.0", True),
        ("<3.1.0", "*", "v3.0.0", None, True),
        ("<3.1.0", "*", "v3.1.0", None, False),
        ("*", "*", "v3.1.0", None, True),
        ("*", "<4.0.0", "v3.1.0", None, False),
    ],
)
def test_an_advisory_concerns_the_step_from_one_range_to_the_other(
    origin: str, target: str, running: str, reached: str | None, *, concerned: bool
) -> None:
    rule = advisory("some", origin=origin, target=target)

    told = rule.concerns(read_tag(core(running)), read_tag(core(reached)) if reached else None)

    assert told is concerned


@pytest.mark.parametrize(
    ("repository", "matching"),
    [
        (
            "core-opensuse-leap",
            ["quay.io/kairos/core-opensuse-leap", "local:5000/core-opensuse-leap"],
        ),
        ("quay.io/kairos/core-opensuse-leap", ["quay.io/kairos/core-opensuse-leap"]),
        ("opensuse-leap", []),
    ],
)
def test_a_renamed_repository_is_named_in_any_organisation_or_in_full(
    repository: str, matching: list[str]
) -> None:
    renamed = Renamed(repository, Successor("opensuse", "1", Variant.CORE, Arch.AMD64, "generic"))
    repositories = ["quay.io/kairos/core-opensuse-leap", "local:5000/core-opensuse-leap"]

    assert [
        each for each in repositories if renamed.matches(read_image(f"{each}:v2.0.0"))
    ] == matching


@pytest.mark.parametrize(
    ("asked", "operator", "member", "narrowed"),
    [
        ({}, {}, "max_step", MaxStep.MAJOR),
        ({}, {"max_step": MaxStep.PATCH}, "max_step", MaxStep.PATCH),
        ({"max_step": MaxStep.PATCH}, {"max_step": MaxStep.MINOR}, "max_step", MaxStep.PATCH),
        ({"max_step": MaxStep.MINOR}, {"max_step": MaxStep.PATCH}, "max_step", MaxStep.PATCH),
        ({"max_step": MaxStep.MINOR}, {}, "max_step", MaxStep.MINOR),
        ({}, {"max_version": "4.1"}, "max_version", "4.1"),
        ({"max_version": "v4.1.2"}, {"max_version": "4.1"}, "max_version", "v4.1.2"),
        ({"max_version": "4.2"}, {"max_version": "v4.1.2"}, "max_version", "v4.1.2"),
        ({"max_version": "4.2"}, {}, "max_version", "4.2"),
        ({}, {}, "kubernetes", None),
        ({}, {"kubernetes": "latest"}, "kubernetes", "latest"),
        ({"kubernetes": "keep"}, {"kubernetes": "latest"}, "kubernetes", "keep"),
        ({"kubernetes": "next"}, {"kubernetes": "minimal"}, "kubernetes", "minimal"),
        ({"kubernetes": "latest"}, {}, "kubernetes", "latest"),
        ({}, {"max_kubernetes": Branch(1, 33)}, "max_kubernetes", Branch(1, 33)),
        (
            {"max_kubernetes": Branch(1, 9)},
            {"max_kubernetes": Branch(1, 33)},
            "max_kubernetes",
            Branch(1, 9),
        ),
        ({"max_kubernetes": Branch(1, 35)}, {}, "max_kubernetes", Branch(1, 35)),
        ({}, {}, "frozen", False),
        ({}, {"freeze": True}, "frozen", True),
        ({"frozen": True}, {}, "frozen", True),
    ],
)
def test_an_operator_and_a_caller_get_the_narrower_of_both(
    asked: dict[str, Any], operator: dict[str, Any], member: str, narrowed: object
) -> None:
    policy = Policy(**_read(asked))

    result = OperatorPolicy(ALL, **_read(operator)).narrow(policy)

    assert getattr(result, member) == _read({member: narrowed})[member]


def _read(members: dict[str, Any]) -> dict[str, Any]:
    readers = {"max_version": VersionCeiling.parse, "kubernetes": KubernetesPreference}
    return {
        name: readers[name](value) if name in readers and isinstance(value, str) else value
        for name, value in members.items()
    }


def test_what_an_operator_does_not_narrow_stays() -> None:
    policy = Policy(prerelease=True, exclude=frozenset({RELEASE}))

    narrowed = OperatorPolicy(ALL, max_step=MaxStep.PATCH).narrow(policy)

    assert narrowed == replace(policy, max_step=MaxStep.PATCH)


_LIMITS = {
    "max_step": st.sampled_from(MaxStep),
    "max_version": st.sampled_from(["3.5", "v3.5.0", "v3.5.1-rc1", "4.0"]).map(
        VersionCeiling.parse
    ),
    "kubernetes": st.sampled_from(KubernetesPreference),
    "max_kubernetes": st.builds(Branch, st.just(1), st.integers(28, 36)),
}
_OPTIONAL = {name: st.none() | strategy for name, strategy in _LIMITS.items()}
_POLICIES = st.builds(Policy, **_OPTIONAL | {"max_step": _LIMITS["max_step"]}, frozen=st.booleans())
_OPERATORS = st.builds(OperatorPolicy, st.just(ALL), **_OPTIONAL, freeze=st.booleans())


def _is_within(policy: Policy, limits: Policy | OperatorPolicy) -> bool:
    """Whether a policy allows nothing that the limits, where they name any, do not."""
    steps, preferences = list(MaxStep), list(KubernetesPreference)
    pairs: tuple[tuple[Any, Any, Callable[[Any], Any]], ...] = (
        (policy.max_version, limits.max_version, lambda limit: limit),
        (policy.max_kubernetes, limits.max_kubernetes, lambda limit: limit),
        (policy.max_step, limits.max_step, steps.index),
        (policy.kubernetes, limits.kubernetes, preferences.index),
    )
    return all(
        limit is None or (value is not None and key(value) <= key(limit))
        for value, limit, key in pairs
    )


@given(_POLICIES, _OPERATORS)
def test_to_narrow_never_widens(policy: Policy, operator: OperatorPolicy) -> None:
    narrowed = operator.narrow(policy)

    assert _is_within(narrowed, policy)
    assert _is_within(narrowed, operator)
    assert narrowed.frozen is (policy.frozen or operator.freeze)


@given(_POLICIES, _OPERATORS, _OPERATORS)
def test_operators_narrow_in_any_order_and_once(
    policy: Policy, one: OperatorPolicy, other: OperatorPolicy
) -> None:
    assert one.narrow(other.narrow(policy)) == other.narrow(one.narrow(policy))
    assert one.narrow(one.narrow(policy)) == one.narrow(policy)


def _sections(rules: Rules) -> dict[str, int]:
    return {field.name: len(getattr(rules, field.name)) for field in fields(rules)}


ONE_OF_EACH = Rules(
    withdrawn=(Withdrawn(RELEASE, Applies(), "summary", "url"),),
    barriers=(barrier("stop"),),
    advisories=(advisory("look"),),
    renamed=(Renamed("old", Successor("new", "1", Variant.CORE, Arch.AMD64, "generic")),),
    ended=(Ended(Applies(), RELEASE, "summary", "url"),),
    policies=(OperatorPolicy(ALL),),
)


def test_rules_of_an_operator_add_to_the_built_in_ones() -> None:
    own = replace(ONE_OF_EACH, barriers=(barrier("own"),), advisories=(advisory("mine"),))

    book = Rulebook.combine(ONE_OF_EACH, own)

    assert _sections(book.official) == dict.fromkeys(_sections(own), 2)
    assert book.official == own + ONE_OF_EACH
    assert book.elsewhere == own


def test_a_repeated_id_replaces_the_built_in_rule() -> None:
    own = Rules(
        barriers=(replace(barrier("stop"), summary="own"),),
        advisories=(replace(advisory("look"), summary="own"),),
    )

    official = Rulebook.combine(ONE_OF_EACH, own).official

    assert [(rule.id, rule.summary) for rule in official.barriers] == [("stop", "own")]
    assert [(rule.id, rule.summary) for rule in official.advisories] == [("look", "own")]


def test_an_id_replaces_a_rule_of_the_other_kind() -> None:
    official = Rulebook.combine(ONE_OF_EACH, Rules(advisories=(advisory("stop"),))).official

    assert official.barriers == ()
    assert [rule.id for rule in official.advisories] == ["stop", "look"]


@pytest.mark.parametrize("image", [UBUNTU, HADRON, TRUSTED, LEGACY])
def test_built_in_rules_change_nothing_elsewhere(image: str) -> None:
    book = Rulebook.combine(load_builtin_rules(), Rules())

    assert book.rules_for(read_image(image), official=False) == Rules()


def test_built_in_rules_speak_of_official_images() -> None:
    book = Rulebook.combine(load_builtin_rules(), Rules())

    rules = book.rules_for(read_image(UBUNTU), official=True)

    assert [rule.id for rule in rules.barriers] == ["k3s-etcd-3.6"]
    assert "v4-hadron-only" in {rule.id for rule in rules.advisories}
    assert "hadron-hardening-4.2" not in {rule.id for rule in rules.advisories}
    assert [str(rule.last) for rule in rules.ended] == ["v3.7.2"]


@pytest.mark.parametrize("official", [True, False])
def test_rules_of_an_operator_hold_for_every_repository(*, official: bool) -> None:
    book = Rulebook.combine(Rules(), ONE_OF_EACH)

    rules = book.rules_for(
        read_image("quay.io/kairos/old:1-core-amd64-generic-v1.0.0"), official=official
    )

    assert rules == ONE_OF_EACH


def test_rules_for_an_image_are_those_that_speak_of_it() -> None:
    hadron = Applies(flavor=frozenset({"hadron"}))
    own = Rules(
        withdrawn=(Withdrawn(RELEASE, hadron, "summary", "url"),),
        barriers=(barrier("stop", hadron),),
        advisories=(advisory("look", hadron),),
        renamed=ONE_OF_EACH.renamed,
        ended=(Ended(hadron, RELEASE, "summary", "url"),),
        policies=(OperatorPolicy((RepositoryPattern.parse("quay.io/kairos/had*"),)),),
    )
    book = Rulebook.combine(Rules(), own)

    assert book.rules_for(read_image(UBUNTU), official=True) == Rules()
    assert book.rules_for(read_image(HADRON), official=True) == replace(own, renamed=())


def test_rules_for_two_images_are_those_that_speak_of_either() -> None:
    hadron, ubuntu = (Applies(flavor=frozenset({name})) for name in ("hadron", "ubuntu"))
    own = Rules(
        withdrawn=tuple(Withdrawn(RELEASE, each, "summary", "url") for each in (hadron, ubuntu)),
        barriers=(barrier("stop", hadron), barrier("go", ubuntu)),
        advisories=(advisory("look", hadron), advisory("see", ubuntu)),
        ended=tuple(Ended(each, RELEASE, "summary", "url") for each in (hadron, ubuntu)),
        policies=(OperatorPolicy((RepositoryPattern.parse("quay.io/kairos/had*"),)),),
    )
    book = Rulebook.combine(Rules(), own)

    assert book.rules_for(read_image(UBUNTU), read_image(HADRON), official=True) == own
    assert book.rules_for(read_image(LEGACY), read_image(HADRON), official=True) == (
        book.rules_for(read_image(HADRON), official=True)
    )


# Each differs from the first in one thing that a rule may look at.
ALIKE = [
    "quay.io/kairos/debian:bookworm-standard-amd64-generic-v3.3.6-k3s-v1.31.2-k3s1",
    "quay.io/kairos/debian:12-standard-amd64-generic-v3.3.6-k3s-v1.31.2-k3s1",
    "quay.io/kairos/debian:bookworm-core-amd64-generic-v3.3.6",
    "quay.io/kairos/debian:bookworm-standard-arm64-generic-v3.3.6-k3s-v1.31.2-k3s1",
    "quay.io/kairos/debian:bookworm-standard-amd64-rpi4-v3.3.6-k3s-v1.31.2-k3s1",
    "quay.io/kairos/debian:bookworm-standard-amd64-generic-v3.3.6-k0s-v1.31.2-k0s.0",
    "quay.io/kairos/debian:bookworm-standard-amd64-generic-v3.3.6",
    "quay.io/kairos/debian:bookworm-standard-amd64-generic-v3.3.6-k3s-v1.31.2-k3s1-uki",
    "quay.io/kairos/ubuntu:bookworm-standard-amd64-generic-v3.3.6-k3s-v1.31.2-k3s1",
    "quay.io/team/debian:bookworm-standard-amd64-generic-v3.3.6-k3s-v1.31.2-k3s1",
]
ONE_APPLIES_OF_EACH = [
    Applies(flavor=frozenset({"debian"})),
    Applies(flavor_release=frozenset({"bookworm"})),
    Applies(variant=frozenset({Variant.STANDARD})),
    Applies(arch=frozenset({Arch.ARM64})),
    Applies(model=frozenset({"rpi4"})),
    Applies(not_model=frozenset({"rpi4"})),
    Applies(distribution=frozenset({Distribution.K3S})),
    Applies(trusted_boot=True),
]


@given(st.lists(st.tuples(st.sets(st.sampled_from(ALIKE), min_size=1, max_size=2), st.booleans())))
def test_rules_do_not_depend_on_what_was_asked_before(asked: list[tuple[set[str], bool]]) -> None:
    builtin = Rules(
        withdrawn=tuple(Withdrawn(RELEASE, each, "s", "u") for each in ONE_APPLIES_OF_EACH),
        advisories=tuple(advisory(str(n), each) for n, each in enumerate(ONE_APPLIES_OF_EACH)),
        policies=(OperatorPolicy(ALL),),
    )
    own = Rules(barriers=(barrier("stop", Applies(trusted_boot=False)),))
    book = Rulebook.combine(builtin, own)

    for names, official in asked:
        images = tuple(map(read_image, names))
        alone = Rulebook.combine(builtin, own)
        assert book.rules_for(*images, official=official) == (
            alone.rules_for(*images, official=official)
        )


def test_rules_are_selected_once_for_images_that_no_rule_tells_apart() -> None:
    book = Rulebook.combine(load_builtin_rules(), Rules())

    first = book.rules_for(read_image(HADRON), official=True)

    assert book.rules_for(read_image(HADRON.replace("v4.2.0", "v4.1.0")), official=True) is first


def test_only_so_many_selections_are_kept() -> None:
    book = Rulebook.combine(load_builtin_rules(), Rules())
    first = book.rules_for(read_image(HADRON), official=True)

    for number in range(2_000):
        book.rules_for(read_image(f"quay.io/team-{number}/{HADRON[15:]}"), official=False)

    again = book.rules_for(read_image(HADRON), official=True)
    assert again is not first
    assert again == first


def test_a_withdrawn_release_is_looked_up_for_the_whole_stream() -> None:
    """Its flavor release may differ from that of the running image, as with ``follow``."""
    applies = Applies(flavor=frozenset({"debian"}), flavor_release=frozenset({"13"}))
    book = Rulebook.combine(Rules(), Rules(withdrawn=(Withdrawn(RELEASE, applies, "s", "u"),)))

    assert len(book.rules_for(read_image(BOOKWORM), official=True).withdrawn) == 1


_ENDED = {
    "alpine:3.21-core-amd64-generic-v3.7.2": ["v3.7.2"],
    "alpine:3.19-core-arm64-rpi3-v3.3.6": ["v3.3.6"],
    "alpine:3.21-core-arm64-rpi4-v3.7.2": ["v3.7.2"],
    "debian:12-core-amd64-generic-v3.6.0": ["v3.6.0"],
    "debian:bookworm-core-amd64-generic-v3.3.6": ["v3.6.0"],
    "debian:13-core-amd64-generic-v3.7.2": ["v3.7.2"],
    "debian:testing-core-amd64-generic-v3.3.6": ["v3.3.6"],
    "fedora:40-core-amd64-generic-v3.7.2": ["v3.7.2"],
    "hadron:v0.5.1-core-amd64-generic-v4.2.0": [],
    "hadron:v0.5.1-core-arm64-rpi4-v4.2.0": [],
    "opensuse:leap-15.6-core-amd64-generic-v3.7.2": ["v3.7.2"],
    "opensuse:leap-15.6-core-arm64-rpi3-v3.3.6": ["v3.3.6"],
    "opensuse:tumbleweed-core-amd64-generic-v3.3.6": ["v3.5.10"],
    "opensuse:tumbleweed-latest-core-amd64-generic-v3.5.10": ["v3.5.10"],
    "opensuse:tumbleweed-latest-core-arm64-generic-v3.5.0": ["v3.5.0"],
    "rockylinux:9-core-amd64-generic-v3.7.2": ["v3.7.2"],
    "ubuntu:20.04-core-amd64-generic-v3.7.2": ["v3.7.2"],
    "ubuntu:22.04-core-amd64-generic-v3.7.2": ["v3.7.2"],
    "ubuntu:22.04-core-arm64-rpi4-v3.7.2": ["v3.7.2"],
    "ubuntu:22.04-core-arm64-nvidia-jetson-agx-orin-v4.2.0": [],
    "ubuntu:22.04-core-arm64-nvidia-jetson-orin-nx-v4.2.0": [],
    "ubuntu:24.04-core-amd64-generic-v3.7.2": ["v3.7.2"],
    "ubuntu:24.10-core-amd64-generic-v3.5.3": ["v3.5.3"],
    "ubuntu:24.10-core-arm64-generic-v3.5.0": ["v3.5.0"],
    "ubuntu:25.10-core-amd64-generic-v3.7.2": ["v3.7.2"],
}


@pytest.mark.parametrize("image", _ENDED)
def test_built_in_rules_know_the_last_release_of_a_stream(image: str) -> None:
    book = Rulebook.combine(load_builtin_rules(), Rules())

    rules = book.rules_for(read_image(f"quay.io/kairos/{image}"), official=True)

    assert [str(rule.last) for rule in rules.ended] == _ENDED[image]


@pytest.mark.parametrize(
    ("repository", "successor"),
    [
        ("core-opensuse-leap", "opensuse leap-15.5 core amd64 generic"),
        ("kairos-opensuse-leap-arm-rpi", "opensuse leap-15.5 standard arm64 rpi4"),
        ("kairos-opensuse-tumbleweed", "opensuse tumbleweed standard amd64 generic"),
        ("core-debian", "debian bookworm core amd64 generic"),
        ("kairos-fedora", "fedora 38 standard amd64 generic"),
        ("core-rockylinux", "rockylinux 9 core amd64 generic"),
        ("core-ubuntu-22-lts-arm-rpi", "ubuntu 22.04 core arm64 rpi4"),
        ("kairos-ubuntu-20-lts", "ubuntu 20.04 standard amd64 generic"),
        ("core-ubuntu", "ubuntu 23.10 core amd64 generic"),
        ("core-almalinux", None),
        ("core-alpine-ubuntu", None),
        ("kairos-alpine-opensuse-leap", None),
    ],
)
def test_built_in_rules_know_what_became_of_a_legacy_repository(
    repository: str, successor: str | None
) -> None:
    book = Rulebook.combine(load_builtin_rules(), Rules())
    kubernetes = "-k3sv1.27.3-k3s1" if repository.startswith("kairos-") else ""

    image = read_image(f"quay.io/kairos/{repository}:v2.4.1{kubernetes}")
    renamed = [rule.to for rule in book.rules_for(image, official=True).renamed]

    assert [
        f"{to.repository} {to.flavor_release} {to.variant} {to.arch} {to.model}" for to in renamed
    ] == ([successor] if successor else [])
    assert all((to.variant, to.arch) == (image.tag.variant, image.tag.arch) for to in renamed)
