from pathlib import Path

import pytest

from service.adapters.rules_file import RulesError, load_builtin_rules, load_rules, reload_rules
from service.domain.policy import KubernetesPreference, MaxStep, VersionCeiling
from service.domain.rules import (
    Advisory,
    Applies,
    Barrier,
    Ended,
    OperatorPolicy,
    Renamed,
    Rules,
    Successor,
    Withdrawn,
)
from service.domain.scope import RepositoryPattern
from service.domain.tag import Arch, Variant
from service.domain.version import Branch, Distribution
from service.domain.version_range import VersionRange
from service.domain.warning import Severity
from tests.asking import read_kairos

GOOD = """\
# Every key that there is.
version: 1
withdrawn:
  - release: v4.1.2
    applies: {flavor: hadron, flavor_release: 12, arch: amd64, trusted_boot: true}
    summary: >-
      Does not
      boot.
    url: https://example.com/withdrawn
  - {release: 3.2.1, summary: Gone., url: -}
barriers:
  - id: stop
    from: "kubernetes <1.33.7+k3s3"
    to: "kubernetes >=1.34.0"
    applies: {distribution: [k3s]}
    summary: A stop.
    url: https://example.com/stop
    source: ours
advisories:
  - id: look.out-1
    from: "*"
    to: ">=4.0.0 <5.0.0"
    applies:
      variant: [core, standard]
      model: [generic]
      not_model: rpi4
      form: [nodeopupgrade]
    severity: critical
    summary: Look out.
    url: https://example.com/look
    source: ours
renamed:
  - repository: core-old
    to: {repository: new, flavor_release: "9", variant: core, arch: arm64, model: rpi4}
  - repository: registry.local:5000/old/os
    to:
      {repository: quay.io/new/os, flavor_release: 9.10, variant: core, arch: arm64, model: rpi4}
ended:
  - {applies: {flavor: debian}, last: v3.7.2, summary: Ended., url: https://example.com/ended}
policies:
  - repositories: [quay.io/kairos/*, quay.io/own/os]
    freeze: no
    max_step: minor
    max_version: 4.10
    kubernetes: keep
    max_kubernetes: 1.30
  - {repositories: [quay.io/frozen/*], freeze: true}
"""

ADVISORY = """\
version: 1
advisories:
  - id: one
    from: "*"
    to: "*"
    severity: info
    summary: Something.
    url: https://example.com
    source: ours
"""
WITHDRAWN = "version: 1\nwithdrawn:\n  - release: v4.1.2\n    summary: s\n    url: u\n"
POLICY = "version: 1\npolicies:\n  - repositories: [quay.io/kairos/*]\n"
RENAMED = """\
version: 1
renamed:
  - repository: core-old
    to:
      repository: new
      flavor_release: "9"
      variant: core
      arch: arm64
      model: rpi4
"""


def write(directory: Path, content: str | bytes) -> Path:
    path = directory / "rules.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_every_key_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)

    assert load_rules(path) == Rules(
        withdrawn=(
            Withdrawn(
                read_kairos("v4.1.2"),
                Applies(
                    flavor=frozenset({"hadron"}),
                    flavor_release=frozenset({"12"}),
                    arch=frozenset({Arch.AMD64}),
                    trusted_boot=True,
                ),
                "Does not boot.",
                "https://example.com/withdrawn",
            ),
            Withdrawn(read_kairos("v3.2.1"), Applies(), "Gone.", "-"),
        ),
        barriers=(
            Barrier(
                "stop",
                VersionRange.parse("kubernetes <1.33.7+k3s3"),
                VersionRange.parse("kubernetes >=1.34.0"),
                Applies(distribution=frozenset({Distribution.K3S})),
                "A stop.",
                "https://example.com/stop",
                "ours",
            ),
        ),
        advisories=(
            Advisory(
                "look.out-1",
                VersionRange.parse("*"),
                VersionRange.parse(">=4.0.0 <5.0.0"),
                Applies(
                    variant=frozenset(Variant),
                    model=frozenset({"generic"}),
                    not_model=frozenset({"rpi4"}),
                    form=frozenset({"nodeopupgrade"}),
                ),
                Severity.CRITICAL,
                "Look out.",
                "https://example.com/look",
                "ours",
            ),
        ),
        renamed=(
            Renamed("core-old", Successor("new", "9", Variant.CORE, Arch.ARM64, "rpi4")),
            Renamed(
                "registry.local:5000/old/os",
                Successor("quay.io/new/os", "9.10", Variant.CORE, Arch.ARM64, "rpi4"),
            ),
        ),
        ended=(
            Ended(
                Applies(flavor=frozenset({"debian"})),
                read_kairos("v3.7.2"),
                "Ended.",
                "https://example.com/ended",
            ),
        ),
        policies=(
            OperatorPolicy(
                (
                    RepositoryPattern.parse("quay.io/kairos/*"),
                    RepositoryPattern.parse("quay.io/own/os"),
                ),
                freeze=False,
                max_step=MaxStep.MINOR,
                max_version=VersionCeiling.parse("4.10"),
                kubernetes=KubernetesPreference.KEEP,
                max_kubernetes=Branch(1, 30),
            ),
            OperatorPolicy((RepositoryPattern.parse("quay.io/frozen/*"),), freeze=True),
        ),
    )


def test_a_file_may_hold_no_rules(tmp_path: Path) -> None:
    assert load_rules(write(tmp_path, "version: 1\nwithdrawn: []\n")) == Rules()


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ("", 1, "is empty"),
        ("# nothing\n", 1, "is empty"),
        ("- version: 1\n", 1, "a list is not a mapping"),
        ("withdrawn: []\n", 1, "version: missing"),
        ("version: 2\n", 1, "version '2' is not understood, only 1"),
        ("version:\n", 1, "nothing is not text; put text that looks otherwise in quotes"),
        ("version: 1\nadvisory: []\n", 2, "unknown key 'advisory'; known are version, "),
        ("version: 1\n? [a]\n: b\n", 2, "a list is not text; "),
        ("version: 1\nwithdrawn: []\nwithdrawn: []\n", 3, "the key 'withdrawn' stands twice"),
        ("version: 1\nadvisories:\n", 2, "nothing is not a list"),
        ("version: 1\nadvisories: {}\n", 2, "a mapping is not a list"),
        ("version: 1\nadvisories:\n  - one\n", 3, "'one' is not a mapping"),
        (ADVISORY.replace("severity", "serverity"), 6, "unknown key 'serverity'; known are id, "),
        (ADVISORY.replace("    source: ours\n", ""), 3, "source: missing"),
        (ADVISORY.replace('    to: "*"\n    severity: info\n', ""), 3, "to, severity: missing"),
        (ADVISORY.replace("info", "fatal"), 6, "'fatal' is none of info, warning, critical"),
        (ADVISORY.replace("info", "[info]"), 6, "a list is not text; "),
        (ADVISORY.replace("Something.", "''"), 7, "text is empty, or holds characters that do "),
        (ADVISORY.replace("Something.", '"\\e[2J"'), 7, "text is empty, or holds characters that"),
        (ADVISORY.replace("Something.", "yes"), 7, "'yes' is not text; put text that looks "),
        (ADVISORY.replace("id: one", "id: a,b"), 3, "'a,b' is no id: letters, digits, "),
        (ADVISORY.replace('from: "*"', "from: <3"), 4, "'3' is not a Kairos version"),
        (ADVISORY.replace('to: "*"', "to: 3.0.0"), 5, "'3.0.0' is not a condition such as >=3.4.0"),
        (ADVISORY.replace('to: "*"', "to: kubernetes"), 5, "'kubernetes' names no version"),
        (ADVISORY + ADVISORY[ADVISORY.index("  - id") :], 10, "the id 'one' stands twice"),
        (
            ADVISORY + 'barriers: [{id: one, from: "*", to: "*", summary: s, url: u, source: s}]\n',
            10,
            "the id 'one' stands twice",
        ),
        (WITHDRAWN.replace("v4.1.2", "4.1"), 3, "'4.1' is not a release such as v4.1.2"),
        (
            WITHDRAWN.replace("v4.1.2", "v4.1.2-5-gabc"),
            3,
            "'v4.1.2-5-gabc' is not a release such as v4.1.2",
        ),
        (WITHDRAWN + "    applies:\n      flavour: a\n", 7, "unknown key 'flavour'; known are "),
        (WITHDRAWN + "    applies: [a]\n", 6, "a list is not a mapping"),
        (WITHDRAWN + "    applies: {variant: full}\n", 6, "'full' is none of core, standard"),
        (
            WITHDRAWN + "    applies: {arch: [amd64, x]}\n",
            6,
            "'x' is none of amd64, arm64, riscv64",
        ),
        (WITHDRAWN + "    applies: {distribution: k8s}\n", 6, "'k8s' is none of k3s, k0s"),
        (WITHDRAWN + "    applies: {trusted_boot: 1}\n", 6, "'1' is neither true nor false"),
        (WITHDRAWN + "    applies: {model: {a: b}}\n", 6, "a mapping is not a list"),
        (WITHDRAWN + "    applies: {model: [[a]]}\n", 6, "a list is not text; "),
        (RENAMED.replace("core-old", "a b"), 3, "'a b' holds a space"),
        (RENAMED.replace("core-old", "kairos/old"), 3, "'kairos/old' is neither a name nor "),
        (RENAMED.replace("core-old", "quay.io/kairos/*"), 3, ""),
        (RENAMED.replace("new", "new:tag"), 5, ""),
        (RENAMED.replace("      model: rpi4\n", ""), 5, "model: missing"),
        ("version: 1\nended:\n  - {last: v3.7.2, summary: s, url: u}\n", 3, "applies: missing"),
        (POLICY.replace("[quay.io/kairos/*]", "quay.io/kairos/*"), 3, "'quay.io/kairos/*' is not "),
        (
            POLICY.replace("quay.io/", ""),
            3,
            "'kairos/*' does not begin with the name of a registry",
        ),
        (POLICY + "    freeze: maybe\n", 4, "'maybe' is neither true nor false"),
        (POLICY + "    max_step: none\n", 4, "'none' is none of patch, minor, major"),
        (POLICY + "    max_version: v4.1.2-5-gabc\n", 4, "'v4.1.2-5-gabc' is not a release such "),
        (POLICY + "    max_version: 4\n", 4, "'4' is not a release such as v4.1.2, or a "),
        (POLICY + "    kubernetes: newest\n", 4, "'newest' is none of keep, minimal, next, latest"),
        (POLICY + "    max_kubernetes: v1.33.1\n", 4, "'v1.33.1' is not a minor version such as "),
    ],
)
def test_a_mistake_is_told_with_its_line(
    tmp_path: Path, content: str, line: int, reason: str
) -> None:
    path = write(tmp_path, content)

    with pytest.raises(RulesError) as error:
        load_rules(path)

    assert str(error.value).startswith(f"{path}:{line}: {reason}")


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (
            "version: 1\nadvisories:\n\t- id: one\n",
            3,
            "that cannot start any token, at '\\t- id: one'",
        ),
        (ADVISORY.replace('"*"', "*", 1), 4, "while scanning an alias"),
        (ADVISORY.replace('"*"', ">=3.0.0", 1), 4, "while scanning a block scalar"),
        ("version: 1\nwithdrawn: [\n", 3, "while parsing a flow"),
        ('version: "1\n', 2, "found unexpected end of stream"),
        ("version: 1\n---\nversion: 1\n", 2, "found another document"),
        ("version: &one 1\nended: *one\n", 2, "aliases are not understood"),
        (
            "version: 1\nended: !!python/object:os.system []\n",
            2,
            "'tag:yaml.org,2002:python/object",
        ),
        ("version: !!int 1\n", 1, "tags such as 'tag:yaml.org,2002:int' are not understood"),
        ("version: 1\n<<: {ended: []}\n", 2, "'<<' is not text"),
        ("version: 1\nended: [[[[[[[[[[\n", 2, "is nested deeper than 8 levels"),
        ("[" * 500_000, 1, "is nested deeper than 8 levels"),
        ("? " * 500_000, 1, "is nested deeper than 8 levels"),
        (b"version: 1\n# \xff\n", 2, "is not UTF-8"),
        (b"version: 1\n\n\x00", 3, "holds a character that YAML does not allow"),
        (b"#" * (1024 * 1024 + 1), 1, "has more than 1,048,576 bytes"),
        (b"\xef\xbb\xbfversion: 1\r\nrules: []\r\n", 2, "unknown key 'rules'"),
    ],
)
def test_yaml_that_is_broken_or_more_than_data_is_refused(
    tmp_path: Path, content: str | bytes, line: int, reason: str
) -> None:
    path = write(tmp_path, content)

    with pytest.raises(RulesError) as error:
        load_rules(path)

    assert str(error.value).startswith(f"{path}:{line}: ")
    assert reason in str(error.value)
    assert len(str(error.value)) < 500


def test_a_file_that_cannot_be_read_is_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / "nothing.yaml"

    with pytest.raises(RulesError, match=r":1: cannot be read: No such file or directory$"):
        load_rules(path)


def test_rules_are_kept_until_they_are_read_again(tmp_path: Path) -> None:
    path = write(tmp_path, WITHDRAWN)
    first = load_rules(path)
    write(tmp_path, "version: 1\n")

    kept = load_rules(path)
    reload_rules(path)

    assert kept is first
    assert load_rules(path) == Rules()


def test_rules_stay_when_the_file_has_broken(tmp_path: Path) -> None:
    path = write(tmp_path, WITHDRAWN)
    first = load_rules(path)
    write(tmp_path, "version: 2\n")

    with pytest.raises(RulesError):
        reload_rules(path)

    assert load_rules(path) is first


def test_built_in_rules_are_complete() -> None:
    rules = load_builtin_rules()

    assert {name: len(getattr(rules, name)) for name in Rules.__slots__} == {
        "withdrawn": 0,
        "barriers": 1,
        "advisories": 39,
        "renamed": 26,
        "ended": 14,
        "policies": 0,
    }


def test_built_in_critical_advisories_are_those_that_stop_an_acting_form() -> None:
    critical = {r.id for r in load_builtin_rules().advisories if r.severity is Severity.CRITICAL}

    assert critical == {
        "almalinux-removed-2.4.2",
        "alpine-hybrids-removed-2.4.2",
        "arm64-gap-3.5",
        "c3os-rename",
        "k8s-upgrade-3.2.2",
        "opensuse-rpi4-3.0.9",
        "operator-exclude-path",
        "uki-loader-key",
    }


def test_every_built_in_rule_has_a_link_and_a_source() -> None:
    rules = load_builtin_rules()

    told: list[Barrier | Advisory] = [*rules.barriers, *rules.advisories]
    assert all(rule.source for rule in told)
    assert all(rule.url.startswith("https://") for rule in (*told, *rules.ended))


def test_built_in_ids_are_unique() -> None:
    rules = load_builtin_rules()

    assert len(rules.ids) == len(rules.barriers) + len(rules.advisories)


def test_built_in_renamed_repositories_are_each_named_once() -> None:
    names = [rule.repository for rule in load_builtin_rules().renamed]

    assert len(names) == len(set(names))
