import itertools
from functools import cmp_to_key

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.version import Branch, Distribution, KairosVersion, KubernetesVersion
from tests.asking import read_branch, read_kairos, read_kubernetes

# Each step of this list is a sentence of the order, lowest first.
KAIROS_ORDER = [
    "v1.0.0",
    "v2.4.2-rc1",
    "v2.4.2",
    "v2.10.0",
    "v3.1.1-alpha1",
    "v3.1.1-alpha2",
    "v3.1.1-beta1",
    "v3.1.1-beta.2",
    "v3.1.1-beta4",
    "v3.1.1-RC1",
    "v3.1.1-rc1-3-g2a7090f",  # after its base, and before the next pre-release
    "v3.1.1-rc2",
    "v3.1.1-rc9",
    "v3.1.1-RC10",
    "v3.1.1",
    "v3.1.1-1-g83c0aef",  # after its base, and before the next patch
    "v3.1.1-9-g83c0aef",
    "v3.1.1-25-g2a7090f",
    "v3.1.2-alpha1",
    "v3.1.2-rc1",
    "v3.1.2",
    "v3.1.10",
    "v3.2.0",
    "v4.0.0-beta1",
    "v4.0.0",
    "v10.0.0",
]

KUBERNETES_ORDER = [
    "k3s1.9.9-k3s1",
    "k3s1.31.2-rc1-k3s1",
    "k3s1.31.2-rc2-k3s3",
    "k3s1.31.2-rc10-k3s1",
    "k3s1.31.2-k3s1",
    "k3s1.31.2-k3s2",
    "k3s1.31.2-k3s10",
    "k3s1.31.3-k3s1",
    "k3s1.31.11-k3s1",
    "k3s1.32.0-k3s1",
    "k3s2.0.0-k3s1",
]


@pytest.mark.parametrize(("lower", "higher"), list(itertools.pairwise(KAIROS_ORDER)))
def test_kairos_versions_compare_as_semver_with_numbers_as_numbers(lower: str, higher: str) -> None:
    assert read_kairos(lower) < read_kairos(higher)
    assert not read_kairos(higher) < read_kairos(lower)
    assert read_kairos(lower) != read_kairos(higher)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("v3.5.1-beta.1", "v3.5.1-beta1"),
        ("v4.0.0-RC1", "v4.0.0-rc1"),
        ("v4.0.0-RC.1", "v4.0.0-rc1"),
    ],
)
def test_spelling_of_a_prerelease_does_not_matter(one: str, other: str) -> None:
    assert read_kairos(one) == read_kairos(other)
    assert hash(read_kairos(one)) == hash(read_kairos(other))


@pytest.mark.parametrize(("lower", "higher"), list(itertools.pairwise(KUBERNETES_ORDER)))
def test_kubernetes_versions_compare_by_numbers_then_candidate_then_revision(
    lower: str, higher: str
) -> None:
    assert read_kubernetes(lower) < read_kubernetes(higher)
    assert not read_kubernetes(higher) < read_kubernetes(lower)


@pytest.mark.parametrize(("lower", "higher"), [("k0s.0", "k0s.2"), ("k0s.2", "k0s.10")])
def test_revision_of_k0s_is_a_number(lower: str, higher: str) -> None:
    assert read_kubernetes(f"k0s-v1.36.3-{lower}") < read_kubernetes(f"k0s-v1.36.3-{higher}")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        # Every spelling of a tag.
        ("k3sv1.31.2-k3s1", "v1.31.2+k3s1"),
        ("k3s1.31.7-k3s1", "v1.31.7+k3s1"),
        ("k3s-v1.35.0-k3s3", "v1.35.0+k3s3"),
        ("1.32.2-k3s1", "v1.32.2+k3s1"),
        ("k3sv1.32.1-rc2-k3s1", "v1.32.1-rc2+k3s1"),
        ("k0s1.33.3-k0s.0", "v1.33.3+k0s.0"),
        ("k0s-v1.36.3-k0s.2", "v1.36.3+k0s.2"),
        ("1.33.3-k0s.1", "v1.33.3+k0s.1"),
        # No revision is the first one: k3s counts from 1, k0s from 0.
        ("k3s1.32.2", "v1.32.2+k3s1"),
        ("k0s1.33.3", "v1.33.3+k0s.0"),
        # A bare number counts builds of a package.
        ("k3s1.31.4-1", "v1.31.4+k3s1"),
        ("k3s1.31.4-7", "v1.31.4+k3s1"),
    ],
)
def test_every_spelling_of_kubernetes_is_one_version(text: str, shown: str) -> None:
    assert str(read_kubernetes(text)) == shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1.32.2",
        "1.32.2-1",
        "k3s",
        "k3sv1.32",
        "k3sv1.32.1-k0s.0",
        "k0s1.32.1-k3s1",
        "rke2v1.32.1",
        "k3sv1.032.1-k3s1",
        "k3sv1.32.1-k3s",
        "k3sv1.32.1+k3s1",
        "k3sv1.32.1-k3s1\n",
    ],
)
def test_text_without_a_distribution_and_numbers_is_no_kubernetes_version(text: str) -> None:
    assert KubernetesVersion.parse(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3.2.3",
        "v3.2",
        "v3.2.3.4",
        "v03.2.3",
        "v3.2.3-",
        "v3.2.3-rc",
        "v3.2.3-foo1",
        "v3.2.3-k3s1",
        "v3.2.3+k3s1",
        "v3.2.3-fips",
        "v3.2.3-25",
        "v3.2.3-25-g",
        "v3.2.3-25-gxyz",
        " v3.2.3",
        "v3.2.3\n",
        "V3.2.3",
        "vfoo",
    ],
)
def test_text_that_is_no_release_is_no_kairos_version(text: str) -> None:
    assert KairosVersion.parse(text) is None


@pytest.mark.parametrize(
    ("text", "prerelease", "development"),
    [
        ("v3.2.3", False, False),
        ("v4.0.0-RC1", True, False),
        ("v3.5.1-beta.1", True, False),
        ("v3.1.1-25-g2a7090f", False, True),
        ("v3.1.1-rc1-25-g2a7090f", True, True),
    ],
)
def test_version_says_whether_it_is_a_prerelease_or_a_development_build(
    text: str, *, prerelease: bool, development: bool
) -> None:
    version = read_kairos(text)

    assert version.is_prerelease is prerelease
    assert version.is_development is development
    assert str(version) == text


@pytest.mark.parametrize("text", ["v3.12.3", "v3.12.0-rc1", "v3.12.3-25-g2a7090f"])
def test_branch_is_major_and_minor(text: str) -> None:
    assert read_kairos(text).branch == Branch(3, 12)
    assert str(read_kairos(text).branch) == "3.12"


@pytest.mark.parametrize(
    ("text", "branch"),
    [
        ("1.33", Branch(1, 33)),
        ("v1.33", Branch(1, 33)),
        ("0.0", Branch(0, 0)),
        ("", None),
        ("1", None),
        ("1.", None),
        ("1.033", None),
        ("1.33.1", None),
        ("1.33\n", None),
        ("-1.33", None),
        ("1.x", None),
    ],
)
def test_branch_is_read_from_two_numbers(text: str, branch: Branch | None) -> None:
    assert Branch.parse(text) == branch


def test_branches_compare_by_numbers() -> None:
    assert read_branch("3.9") < read_branch("3.10") < read_branch("4.0")


@pytest.mark.parametrize("digit", ["\u0661", "\uff13", "\u07c1"])
def test_only_ascii_digits_are_digits(digit: str) -> None:
    assert Branch.parse(f"1.3{digit}") is None
    assert KairosVersion.parse(f"v3.1.1{digit}") is None
    assert KairosVersion.parse(f"v3.1.1-rc{digit}") is None
    assert KubernetesVersion.parse(f"k3sv1.31.1{digit}-k3s1") is None
    assert KubernetesVersion.parse(f"k3sv1.31.1-k3s{digit}") is None


@pytest.mark.parametrize(
    "text",
    [
        "v{}.0.0",
        "v1.0.0-rc{}",
        "v1.0.0-{}-g2a7090f",
        "k3s{}.0.0",
        "k3s1.0.0-rc{}",
        "k3s1.0.0-k3s{}",
    ],
)
def test_number_of_any_length_is_answered(text: str) -> None:
    hostile = text.format("9" * 50_000)

    assert KairosVersion.parse(hostile) is None or hostile.startswith("v")
    assert KubernetesVersion.parse(hostile) is None or hostile.startswith("k3s")
    assert Branch.parse("9" * 50_000 + ".0") is None


def _kairos_versions() -> st.SearchStrategy[str]:
    small = st.integers(0, 12)
    stage = st.sampled_from(["", "-alpha{}", "-beta.{}", "-beta{}", "-rc{}", "-RC{}"])
    commits = st.sampled_from(["", "", "-{}-g2a7090f"])
    return st.builds(
        lambda numbers, stage, number, commits, count: (
            "v" + ".".join(map(str, numbers)) + stage.format(number) + commits.format(count)
        ),
        st.tuples(st.integers(3, 4), small, small),
        stage,
        small,
        commits,
        st.integers(1, 30),
    )


def _compare_as_rule_2_reads(one: str, other: str) -> int:
    """Compare spelled-out versions: numbers, then stage and its number, then commits."""

    def split(text: str) -> list[tuple[int, str, int]]:
        base, _, commits = text.lower().removeprefix("v").partition("-g")[0].partition("-")
        stage, _, count = commits.rpartition("-") if text.count("-g") else (commits, "", "0")
        word = stage.rstrip("0123456789").rstrip(".")
        number = stage.removeprefix(word).lstrip(".") or "0"
        return [
            *((int(each), "", 0) for each in base.split(".")),
            (0, word or "zz", int(number)),
            (int(count), "", 0),
        ]

    return (split(one) > split(other)) - (split(one) < split(other))


@given(_kairos_versions(), _kairos_versions())
def test_kairos_order_is_the_one_of_the_rule(one: str, other: str) -> None:
    left, right = read_kairos(one), read_kairos(other)

    assert (left > right) - (left < right) == _compare_as_rule_2_reads(one, other)


@given(st.lists(_kairos_versions(), max_size=6))
def test_kairos_order_is_total(texts: list[str]) -> None:
    versions = [read_kairos(text) for text in texts]

    for one, other in itertools.product(versions, repeat=2):
        assert [one < other, one == other, one > other].count(True) == 1
        assert (one <= other) is (not one > other)
    expected = sorted(texts, key=cmp_to_key(_compare_as_rule_2_reads))
    assert sorted(versions) == [read_kairos(text) for text in expected]


@given(_kairos_versions().filter(lambda text: "-g" not in text), st.integers(1, 999))
def test_development_build_sorts_just_after_its_base(base: str, commits: int) -> None:
    build = read_kairos(f"{base}-{commits}-g2a7090f")
    numbers, dash, stage = base.partition("-")
    patch = f"{numbers.rpartition('.')[0]}.{int(numbers.rpartition('.')[2]) + 1}-alpha0"
    word = stage.rstrip("0123456789")
    successor = f"{numbers}-{word}{int(stage.removeprefix(word)) + 1}" if dash else patch

    assert read_kairos(base) < build < read_kairos(successor)


@given(
    st.sampled_from(Distribution),
    st.lists(st.tuples(*3 * [st.integers(0, 40)], st.integers(0, 12)), min_size=2, max_size=2),
)
def test_kubernetes_order_is_the_one_of_its_numbers(
    distribution: Distribution, numbers: list[tuple[int, int, int, int]]
) -> None:
    dot = "." if distribution is Distribution.K0S else ""

    one, other = (
        read_kubernetes(f"{distribution}-v{major}.{minor}.{patch}-{distribution}{dot}{revision}")
        for major, minor, patch, revision in numbers
    )

    assert (one > other) is (numbers[0] > numbers[1])
    assert (one == other) is (numbers[0] == numbers[1])
    assert one.minor == Branch(*numbers[0][:2])
