import shlex
import string
from collections.abc import Callable
from operator import attrgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.release_file import ReleaseFile
from service.errors import InvalidRequestError
from tests.release_files import V2_4_2, V3_2_4, V3_6_0, V4_2_0, change

# What a shell assigns for the line.
READ_AS_A_SHELL = [
    ('KAIROS_FLAVOR="ubuntu"', "ubuntu"),
    ("KAIROS_FLAVOR=ubuntu", "ubuntu"),
    ("KAIROS_FLAVOR='ubuntu'", "ubuntu"),
    ("KAIROS_FLAVOR=ub\"un\"'tu'", "ubuntu"),
    ('KAIROS_FLAVOR=""', None),
    ("KAIROS_FLAVOR=''", None),
    ("KAIROS_FLAVOR=", None),
    ('  KAIROS_FLAVOR="ubuntu"  ', "ubuntu"),
    ("\tKAIROS_FLAVOR=ubuntu\t", "ubuntu"),
    ('export KAIROS_FLAVOR="ubuntu"', "ubuntu"),
    ("export KAIROS_FLAVOR=ubuntu", "ubuntu"),
    ('KAIROS_FLAVOR="ubuntu" # the flavor', "ubuntu"),
    ('KAIROS_FLAVOR="ubuntu" # isn\'t it', "ubuntu"),
    ('KAIROS_FLAVOR="ubuntu" #24 "', "ubuntu"),
    ("KAIROS_FLAVOR= # ubuntu", None),
    ('KAIROS_FLAVOR="ubuntu # 24"', "ubuntu # 24"),
    ("KAIROS_FLAVOR=ubuntu#24", "ubuntu#24"),
    ('KAIROS_FLAVOR="an ubuntu"', "an ubuntu"),
    ("KAIROS_FLAVOR=an\\ ubuntu", "an ubuntu"),
    ('KAIROS_FLAVOR="an \\"ubuntu\\""', 'an "ubuntu"'),
    ("KAIROS_FLAVOR='an \"ubuntu\"'", 'an "ubuntu"'),
    ('KAIROS_FLAVOR="it\'s"', "it's"),
    ('KAIROS_FLAVOR="a\\\\b"', "a\\b"),
    ("KAIROS_FLAVOR='a\\b'", "a\\b"),
    ('KAIROS_FLAVOR="a\\$b"', "a$b"),
    ('KAIROS_FLAVOR="a\\`b"', "a`b"),
    ("KAIROS_FLAVOR='a\\$b'", "a\\$b"),
    ("KAIROS_FLAVOR=a=b", "a=b"),
    ('KAIROS_FLAVOR="übuntu"', "übuntu"),
]

# As godotenv has it, with which Kairos' own tools read the file.
BARE_WORDS = [
    ("KAIROS_FLAVOR=an ubuntu", "an ubuntu"),
    ("KAIROS_FLAVOR=an  ubuntu v24 ", "an  ubuntu v24"),
    ("export KAIROS_FLAVOR=an ubuntu # the flavor", "an ubuntu"),
    ("KAIROS_FLAVOR=ubuntu#24 lts", "ubuntu#24 lts"),
]

NEVER_EVALUATED = [
    ("KAIROS_FLAVOR=ubuntu reboot", "ubuntu reboot"),
    ("KAIROS_FLAVOR=$(rm -rf /)", "$(rm -rf /)"),
    ('KAIROS_FLAVOR="$(reboot)"', "$(reboot)"),
    ("KAIROS_FLAVOR=$(reboot)", "$(reboot)"),
    ('KAIROS_FLAVOR="$(cat /etc/shadow)"', "$(cat /etc/shadow)"),
    ("KAIROS_FLAVOR='`reboot`'", "`reboot`"),
    ("KAIROS_FLAVOR=`reboot`", "`reboot`"),
    ('KAIROS_FLAVOR="${HOME}$PATH"', "${HOME}$PATH"),
    ('KAIROS_FLAVOR="ubuntu;reboot"', "ubuntu;reboot"),
    ("KAIROS_FLAVOR=ubuntu;reboot", "ubuntu;reboot"),
    ('KAIROS_FLAVOR="~root/*"', "~root/*"),
    ('KAIROS_FLAVOR="%(x)s{{7*7}}"', "%(x)s{{7*7}}"),
]

WHOLE_FILES = [
    ("comments and blank lines", '# c\n\n   \n#KAIROS_FLAVOR="a"\nKAIROS_FLAVOR="ubuntu"\n #\n'),
    ("CRLF", '# c\r\nKAIROS_FLAVOR="ubuntu"\r\nKAIROS_MODEL="generic"\r\n'),
    ("a byte order mark", '\ufeffKAIROS_FLAVOR="ubuntu"\n'),
    ("no newline at the end", 'KAIROS_FLAVOR="ubuntu"'),
    ("the last of two keys", 'KAIROS_FLAVOR="debian"\nKAIROS_FLAVOR="ubuntu"\n'),
    ("no prefix", 'FLAVOR="ubuntu"\n'),
    ("a prefix beside the distribution's own", 'KAIROS_FLAVOR="ubuntu"\nFLAVOR="debian"\n'),
    ("a name within the key", 'KAIROS_FLAVOR="ubuntu"\nKAIROS_KAIROS_FLAVOR="debian"\n'),
    ("lower case keys", 'KAIROS_FLAVOR="ubuntu"\nkairos_flavor="debian"\n'),
    ("the most lines", 'KAIROS_FLAVOR="ubuntu"\n' + 999 * "# a comment\n"),
    ("the most characters", 'KAIROS_FLAVOR="ubuntu"\n#'.ljust(65_536, "x")),
    ("a line separator in a comment", '# a\u2028b\nKAIROS_FLAVOR="ubuntu"\n'),
    ("binary comments", 'KAIROS_FLAVOR="ubuntu"\n# \x00\x1b\ud800\n'),
]

MALFORMED = [
    ("binary", "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03\x00>\x00", "Line 1"),
    ("a megabyte", 26_215 * 'KAIROS_FLAVOR="an ubuntu of 1 MB here"\n', "65536 characters"),
    ("a huge line", 'KAIROS_FLAVOR="'.ljust(65_537, "x"), "65536 characters"),
    ("10,000 lines", 10_000 * "A=1\n", "1000 lines"),
    ("10,000 empty lines", 10_000 * "\n", "1000 lines"),
    (
        "an unterminated quote",
        'A=1\nKAIROS_VERSION="v3.6.0\nB=1\n',
        "Line 2 .* quotes do not close",
    ),
    ("an unterminated single quote", "KAIROS_VERSION='v3.6.0", "Line 1 .* quotes do not close"),
    ("a value of two lines", 'KAIROS_NAME="a\nb"\n', "Line 1"),
    ("a dangling backslash", "KAIROS_NAME=a\\\nB=1", "Line 1"),
    ("a NUL", 'KAIROS_FLAVOR="ubuntu\x00"', "the value of KAIROS_FLAVOR is not text"),
    ("a NUL in a key", 'KAIROS\x00FLAVOR="ubuntu"', "Line 1 is not KEY=value"),
    (
        "an escape sequence",
        'KAIROS_FLAVOR="\x1b[31m"',
        "the value of KAIROS_FLAVOR is not text",
    ),
    ("a text that runs backwards", 'KAIROS_FLAVOR="\u202e"', "is not text"),
    ("a line separator", 'KAIROS_FLAVOR="a\u2028b"', "the value of KAIROS_FLAVOR is not text"),
    ("a next line", 'KAIROS_FLAVOR="a\x85b"', "the value of KAIROS_FLAVOR is not text"),
    ("a form feed", "KAIROS_FLAVOR=a\x0cB=1", "Line 1 is not KEY=value"),
    ("a lone carriage return", "KAIROS_FLAVOR=a\rB=1", "Line 1 is not KEY=value"),
    ("a lone surrogate", 'KAIROS_FLAVOR="\ud800"', "the value of KAIROS_FLAVOR is not text"),
    ("a lone surrogate in a key", '\ud800="ubuntu"', r"Line 1 is not KEY=value.*: '\\ud800"),
    ("a command", "$(reboot)", "Line 1 is not KEY=value"),
    ("a command in backticks", "`reboot`", "Line 1 is not KEY=value"),
    ("a word after a quoted value", 'KAIROS_FLAVOR="ubuntu" 24', "Line 1 is not KEY=value"),
    ("a quoted word after a bare value", 'KAIROS_FLAVOR=ubuntu "24"', "Line 1 is not KEY=value"),
    ("no value", "KAIROS_FLAVOR", "Line 1 is not KEY=value"),
    ("export alone", "export", "Line 1 is not KEY=value"),
    ("export of a name", "export KAIROS_FLAVOR", "Line 1 is not KEY=value"),
    ("no key", "=ubuntu", "Line 1 is not KEY=value"),
    ("a key with a dash", "KAIROS-FLAVOR=ubuntu", "Line 1 is not KEY=value"),
    ("a key that begins with a digit", "1A=ubuntu", "Line 1 is not KEY=value"),
    ("a key of other letters", "KAIRÖS=ubuntu", "Line 1 is not KEY=value"),
    ("blanks round the sign", "KAIROS_FLAVOR = ubuntu", "Line 1 is not KEY=value"),
    ("JSON", '{"KAIROS_FLAVOR": "ubuntu"}', "Line 1 is not KEY=value"),
    ("HTML", "<!DOCTYPE html>\n<html>", "Line 1 is not KEY=value"),
    ("a log", "Nov 22 19:07:00 node kernel: hello", "Line 1 is not KEY=value"),
]

HUGE = "1" * 5_000
HUGE_VALUES = [
    ("RELEASE", f"v1.2.3-rc{HUGE}"),
    ("RELEASE", f"v1.2.3-{HUGE}-gabc"),
    ("RELEASE", f"v{HUGE}.0.0"),
    ("VERSION", f"v1.2.3-k3sv1.2.3+k3s{HUGE}"),
    ("SOFTWARE_VERSION", f"v1.2.3+k3s{HUGE}"),
    ("SOFTWARE_VERSION", f"v1.2.3-rc{HUGE}+k3s1"),
    ("SOFTWARE_VERSION", f"v{HUGE}.2.3+k3s1"),
    ("MODEL", "x" * 60_000),
    ("FLAVOR_RELEASE", "1." * 30_000),
    ("VARIANT", "x" * 60_000),
    ("TARGETARCH", "x" * 60_000),
    ("TRUSTED_BOOT", "x" * 60_000),
    ("NAME", "x" * 60_000),
    ("ARTIFACT", "-" * 60_000),
    ("IMAGE_REPO", "a/" * 30_000),
]

FLAVOR_RELEASES = [
    # flavor, as the file has it, as the tag has it
    ("ubuntu", "24.04", "24.04"),
    ("debian", "12", "12"),
    ("alpine", "3.21", "3.21"),
    ("fedora", "40", "40"),
    ("opensuse", "leap-15.6", "leap-15.6"),
    ("opensuse", "tumbleweed-20250601", "tumbleweed-latest"),
    ("opensuse", "tumbleweed", "tumbleweed-latest"),
    ("opensuse", "tumbleweed-latest", "tumbleweed-latest"),
    ("rockylinux", "9", "9"),
    ("rockylinux", "9.6", "9"),
    ("hadron", "v0.5.1", "v0.5.1"),
    ("hadron", "0.5.1", "v0.5.1"),
]

VERSIONS = [
    # RELEASE, VERSION, the Kairos version
    ("v3.6.0", "v3.6.0", "v3.6.0"),
    ("v3.2.4", "v3.2.4-v1.31.3-k3s1", "v3.2.4"),
    (None, "v3.2.4-v1.31.3-k3s1", "v3.2.4"),
    (None, "v2.4.2-k3sv1.27.6+k3s1", "v2.4.2"),
    (None, "v2.4.2", "v2.4.2"),
    (None, "v4.0.0-RC1", "v4.0.0-RC1"),
    (None, "v3.3.0-rc1-v1.32.0-k3s1", "v3.3.0-rc1"),
    (None, "v3.1.1-25-g2a7090f", "v3.1.1-25-g2a7090f"),
    ("3.6.0", None, "v3.6.0"),
    ("v1.0.0", "v1.0.0", "v1.0.0"),
    ("v1.0.0", "v3.6.0", "v1.0.0"),
    ("", "v3.6.0", "v3.6.0"),
    ("master", "master", "None"),
    (None, "15.4", "None"),
    (None, "22.04.4 LTS (Jammy Jellyfish)", "None"),
    (None, None, "None"),
]

SOFTWARE = [
    # SOFTWARE_VERSION_PREFIX, SOFTWARE_VERSION, VERSION, the Kubernetes version
    ("k3s", "v1.34.1+k3s1", "v3.6.0", "v1.34.1+k3s1"),
    ("k3s", "v1.34.1+k3s10", "v3.6.0", "v1.34.1+k3s10"),
    ("k0s", "v1.34.1+k0s.0", "v3.6.0", "v1.34.1+k0s.0"),
    (None, "v1.34.1+k3s1", "v3.6.0", "v1.34.1+k3s1"),
    (None, "v1.34.1+k0s.2", "v3.6.0", "v1.34.1+k0s.2"),
    ("k3s", "v1.34.1-k3s1", "v3.6.0", "v1.34.1+k3s1"),
    ("k3s", "v1.34.1", "v3.6.0", "v1.34.1+k3s1"),
    ("k3s", "v1.34.1+k3s3", "v3.2.4-v1.31.3-k3s1", "v1.34.1+k3s3"),
    ("k3s", None, "v3.6.0", "None"),
    ("k3s", "", "v3.6.0", "None"),
    (None, None, "v3.2.4-v1.31.3-k3s1", "v1.31.3+k3s1"),
    (None, None, "v2.4.2-k3sv1.27.6+k3s1", "v1.27.6+k3s1"),
    (None, None, "v3.6.0", "None"),
    (None, "v1.34.1", "v3.6.0", "None"),
    # Another prefix is of a distribution that Kairos does not ship: VERSION tells, if it does.
    ("rke2", "v1.34.1+rke2r1", "v3.6.0", "None"),
    ("rke2", "v1.34.1+rke2r1", "v3.2.4-v1.31.3-k3s1", "v1.31.3+k3s1"),
    (None, "latest", "v3.2.4-v1.31.3-k3s1", "v1.31.3+k3s1"),
]

KUBERNETES_IN_VERSION = [
    # RELEASE, VERSION, the Kubernetes version
    ("v3.2.4", "v3.2.4-v1.31.3-k3s1", "v1.31.3+k3s1"),
    ("3.2.4", "v3.2.4-v1.31.3-k3s1", "v1.31.3+k3s1"),
    (None, "v3.2.4-v1.31.3-k3s1", "v1.31.3+k3s1"),
    ("v3.2.5", "v3.2.4-v1.31.3-k3s1", "None"),
    ("v3.2.4-rc1", "v3.2.4-v1.31.3-k3s1", "None"),
    ("master", "v3.2.4-v1.31.3-k3s1", "None"),
    ("v3.2.4", "24.04-v1.31.3-k3s1", "None"),
]

ARCHES = [
    ("amd64", None, "amd64"),
    ("arm64", None, "arm64"),
    ("riscv64", None, "riscv64"),
    (None, "arm64", "arm64"),
    (None, "aarch64", "arm64"),
    (None, "x86_64", "amd64"),
    ("arm64", "amd64", "arm64"),
    ("", "arm64", "arm64"),
    (None, None, "None"),
]

# Every question that a file answers; each reads the values anew.
READERS: list[Callable[[ReleaseFile], object]] = [
    *map(
        attrgetter,
        [
            "flavor",
            "flavor_release",
            "variant",
            "arch",
            "model",
            "version",
            "kubernetes",
            "artifact",
            "legacy_tag",
            "is_trusted_boot",
            "is_fips",
        ],
    ),
    lambda file: list(file.tags),
    lambda file: file.name_repository(None),
    lambda file: file.name_repository("quay.io/kairos"),
]

_KEYS = st.from_regex(r"[A-Z_][A-Z0-9_]{0,20}", fullmatch=True)
_PRINTABLE = st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "))
_UNQUOTED = st.text(string.ascii_letters + string.digits + "_-.:/@+,=%")


def _double_quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _single_quoted(value: str) -> str:
    return "'" + value.replace("'", "'\"'\"'") + "'"


_WRITTEN = st.one_of(
    st.tuples(_PRINTABLE, st.sampled_from([_double_quoted, _single_quoted, shlex.quote])),
    st.tuples(_UNQUOTED, st.just(str)),
)
_ENDS = st.sampled_from(["\n", "\r\n", "  \n", " # a comment\n", "\n\n# a comment\n"])


@pytest.mark.parametrize(("line", "value"), READ_AS_A_SHELL)
def test_a_line_is_read_as_a_shell_reads_it(line: str, value: str | None) -> None:
    assert ReleaseFile.parse(line).flavor == value


@pytest.mark.parametrize(("line", "value"), BARE_WORDS)
def test_bare_words_are_one_value(line: str, value: str) -> None:
    assert ReleaseFile.parse(line).flavor == value


@pytest.mark.parametrize("text", [V2_4_2, V3_2_4, V3_6_0, V4_2_0])
def test_a_file_without_quotes_says_the_same(text: str) -> None:
    assert ReleaseFile.parse(text.replace('"', "")) == ReleaseFile.parse(text)


@pytest.mark.parametrize(("line", "value"), NEVER_EVALUATED)
def test_a_line_is_never_evaluated(line: str, value: str) -> None:
    assert ReleaseFile.parse(line).flavor == value


@pytest.mark.parametrize(
    "text", [row[1] for row in WHOLE_FILES], ids=[row[0] for row in WHOLE_FILES]
)
def test_a_file_is_read_whatever_surrounds_its_values(text: str) -> None:
    assert ReleaseFile.parse(text).flavor == "ubuntu"


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "\ufeff", "\r\n"])
def test_an_empty_file_tells_nothing(text: str) -> None:
    assert dict(ReleaseFile.parse(text).values) == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [row[1:] for row in MALFORMED],
    ids=[row[0] for row in MALFORMED],
)
def test_a_malformed_file_is_refused_with_the_line(text: str, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message) as refused:
        ReleaseFile.parse(text)

    assert [error.field for error in refused.value.errors] == ["release_file"]


@pytest.mark.parametrize("text", [row[1] for row in MALFORMED], ids=[row[0] for row in MALFORMED])
def test_a_refusal_is_one_short_printable_line(text: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        ReleaseFile.parse(text)

    assert len(str(refused.value)) < 300
    assert str(refused.value).isprintable()


def test_a_refusal_stays_short_whatever_the_key() -> None:
    with pytest.raises(InvalidRequestError) as refused:
        ReleaseFile.parse("A" * 60_000 + "=\x00")

    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    ("sample", "flavor_release"),
    [(V2_4_2, "leap-15.5"), (V3_2_4, "24.04"), (V3_6_0, "24.04"), (V4_2_0, "v0.5.1")],
    ids=["v2.4.2", "v3.2.4", "v3.6.0", "v4.2.0"],
)
def test_each_era_tells_its_flavor_release(sample: str, flavor_release: str) -> None:
    assert ReleaseFile.parse(sample).flavor_release == flavor_release


@pytest.mark.parametrize(("flavor", "told", "tagged"), FLAVOR_RELEASES)
def test_the_flavor_release_is_the_one_of_tags(flavor: str, told: str, tagged: str) -> None:
    assert change(V3_6_0, FLAVOR=flavor, FLAVOR_RELEASE=told).flavor_release == tagged


@pytest.mark.parametrize(
    ("flavor", "name"),
    [
        ("ubuntu", "Ubuntu"),
        ("ubuntu", "kairos-core-ubuntu-24.04"),
        ("ubuntu", "kairos-standard-ubuntu-"),
        ("ubuntu", None),
        ("hadron", None),
        ("rockylinux", None),
        (None, "Ubuntu"),
    ],
)
def test_a_name_of_another_form_tells_no_flavor_release(
    flavor: str | None,
    name: str | None,
) -> None:
    file = change(V3_6_0, FLAVOR=flavor, FLAVOR_RELEASE=None, NAME=name)

    assert not file.flavor_release


@pytest.mark.parametrize(("release", "version", "expected"), VERSIONS)
def test_the_kairos_version_comes_without_kubernetes(
    release: str | None,
    version: str | None,
    expected: str,
) -> None:
    assert str(change(V3_6_0, RELEASE=release, VERSION=version).version) == expected


@pytest.mark.parametrize(("prefix", "software", "version", "expected"), SOFTWARE)
def test_kubernetes_comes_from_wherever_it_is_told(
    prefix: str | None,
    software: str | None,
    version: str,
    expected: str,
) -> None:
    file = change(
        V3_6_0,
        SOFTWARE_VERSION_PREFIX=prefix,
        SOFTWARE_VERSION=software,
        VERSION=version,
        RELEASE=None,
    )

    assert str(file.kubernetes) == expected


@pytest.mark.parametrize(("release", "version", "expected"), KUBERNETES_IN_VERSION)
def test_kubernetes_in_a_version_counts_where_its_kairos_part_is_the_release(
    release: str | None,
    version: str,
    expected: str,
) -> None:
    file = change(V3_6_0, RELEASE=release, VERSION=version, SOFTWARE_VERSION=None)

    assert str(file.kubernetes) == expected


@pytest.mark.parametrize(
    ("prefix", "software"),
    [
        ("k3s", "v1.34.1+k0s.0"),
        ("k0s", "v1.34.1+k3s1"),
        ("k3s", "latest"),
        ("k3s", "v1.34"),
        ("k0s", "v1.34.1+rke2r1"),
    ],
)
@pytest.mark.parametrize("version", ["v3.6.0", "v3.6.0-v1.34.1-k3s1"])
def test_a_kubernetes_that_is_not_legible_is_refused_and_named(
    prefix: str,
    software: str,
    version: str,
) -> None:
    file = change(
        V3_6_0, SOFTWARE_VERSION_PREFIX=prefix, SOFTWARE_VERSION=software, VERSION=version
    )

    with pytest.raises(InvalidRequestError) as refused:
        _ = file.kubernetes

    assert str(refused.value) == (
        f"release_file: '{prefix}{software}' is not a Kubernetes version of k3s or k0s."
    )


@pytest.mark.parametrize(("targetarch", "arch", "expected"), ARCHES)
def test_the_arch_is_the_one_of_tags(
    targetarch: str | None,
    arch: str | None,
    expected: str,
) -> None:
    assert str(change(V3_6_0, TARGETARCH=targetarch, ARCH=arch).arch) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("true", True), ("false", False), ("", None), (None, None)],
)
def test_trusted_boot_and_fips_are_flags(value: str | None, *, expected: bool | None) -> None:
    file = change(V3_6_0, TRUSTED_BOOT=value, FIPS=value)

    assert file.is_trusted_boot is expected
    assert file.is_fips is (expected or False)


@pytest.mark.parametrize(
    ("key", "value", "read"),
    [
        ("VARIANT", "full", attrgetter("variant")),
        ("TARGETARCH", "sparc", attrgetter("arch")),
        ("TRUSTED_BOOT", "yes", attrgetter("is_trusted_boot")),
        ("FIPS", "1", attrgetter("is_fips")),
        ("IMAGE_REPO", "quay.io/Kairos/ubuntu", lambda file: file.name_repository(None)),
        ("IMAGE_REPO", "oci:quay.io/kairos/ubuntu", lambda file: file.name_repository(None)),
        ("FLAVOR", "an ubuntu", lambda file: file.name_repository("quay.io/kairos")),
    ],
)
def test_a_value_that_cannot_be_is_refused_and_named(
    key: str,
    value: str,
    read: Callable[[ReleaseFile], object],
) -> None:
    file = change(V3_6_0, **{key: value})

    with pytest.raises(InvalidRequestError, match=value) as refused:
        read(file)

    assert [error.field for error in refused.value.errors] == ["release_file"]


@pytest.mark.parametrize(
    ("changes", "default", "repository"),
    [
        ({}, None, "None"),
        ({}, "quay.io/kairos", "quay.io/kairos/ubuntu"),
        ({"FLAVOR": None}, "quay.io/kairos", "None"),
        ({"REGISTRY_AND_ORG": "quay.io/kairos"}, None, "quay.io/kairos/ubuntu"),
        ({"REGISTRY_AND_ORG": "ghcr.io/own"}, "quay.io/kairos", "ghcr.io/own/ubuntu"),
        ({"IMAGE_REPO": "quay.io/kairos/debian"}, "ghcr.io/own", "quay.io/kairos/debian"),
        (
            {"IMAGE_REPO": "quay.io/kairos/ubuntu:24.04-core-amd64-generic-v3.0.0"},
            None,
            "quay.io/kairos/ubuntu:24.04-core-amd64-generic-v3.0.0",
        ),
    ],
)
def test_the_repository_is_named_bare_in_full_by_parts_or_not_at_all(
    changes: dict[str, str | None],
    default: str | None,
    repository: str,
) -> None:
    assert str(change(V3_6_0, **changes).name_repository(default)) == repository


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    ("key", "value"), HUGE_VALUES, ids=[f"{key}-{value[:12]}" for key, value in HUGE_VALUES]
)
def test_a_huge_value_is_read_or_refused_in_short(
    key: str,
    value: str,
    read: Callable[[ReleaseFile], object],
) -> None:
    file = change(V3_6_0, **{key: value})

    try:
        read(file)
    except InvalidRequestError as error:
        assert len(str(error)) < 300  # noqa: PT017 - most are read, and nothing is raised


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    _read_or_refuse(text)


@given(
    st.lists(st.text(alphabet="KAIROS_FLVE=\"'\\#$` \t\n\r\x00\x0b\x85\u2028\ufeff"), max_size=20)
)
def test_anything_that_resembles_a_file_is_read_or_refused(lines: list[str]) -> None:
    _read_or_refuse("\n".join(lines))


@given(
    st.dictionaries(
        st.sampled_from(
            [
                *("FLAVOR", "FLAVOR_RELEASE", "NAME", "VARIANT", "TARGETARCH", "RELEASE"),
                *("VERSION", "SOFTWARE_VERSION", "SOFTWARE_VERSION_PREFIX", "IMAGE_REPO"),
                *("REGISTRY_AND_ORG", "ARTIFACT", "FIPS", "TRUSTED_BOOT"),
            ],
        ),
        _PRINTABLE | st.text("vk3s0.-+rcg1", max_size=20),
    ),
)
def test_any_values_are_read_or_refused(values: dict[str, str]) -> None:
    file = ReleaseFile(values)

    for read in READERS:
        try:
            read(file)
        except InvalidRequestError as error:
            assert str(error).isprintable()  # noqa: PT017 - most are read, and nothing is raised


@given(
    st.dictionaries(_KEYS, st.tuples(_WRITTEN, _ENDS), max_size=10),
    st.sampled_from(["", "KAIROS_"]),
    st.sampled_from(["", "\ufeff"]),
)
def test_a_written_file_is_read_back(
    values: dict[str, tuple[tuple[str, Callable[[str], str]], str]],
    prefix: str,
    mark: str,
) -> None:
    lines = [f"{prefix}{key}={write(value)}{end}" for key, ((value, write), end) in values.items()]

    file = ReleaseFile.parse(mark + "".join(lines))

    assert dict(file.values) == {key: value for key, ((value, _), _) in values.items()}


def _read_or_refuse(text: str) -> None:
    try:
        file = ReleaseFile.parse(text)
    except InvalidRequestError as error:
        assert str(error).isprintable()  # noqa: PT017 - most are refused, and some are not
    else:
        assert all(value.isprintable() for value in file.values.values())
