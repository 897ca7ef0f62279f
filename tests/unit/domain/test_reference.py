import re
import time

import pytest
from docker_image import digest, reference
from hypothesis import example, given
from hypothesis import strategies as st

from service.domain.reference import MAX_REFERENCE_LENGTH, Reference, Repository, quote
from service.errors import InvalidReferenceError

SHA256 = "sha256:" + 64 * "a"
SHA384 = "sha384:" + 96 * "b"
SHA512 = "sha512:" + 128 * "c"


@pytest.mark.parametrize(
    ("text", "registry", "name", "tag"),
    [
        ("quay.io/kairos/ubuntu:24.04-core", "quay.io", "kairos/ubuntu", "24.04-core"),
        ("quay.io/kairos/ubuntu", "quay.io", "kairos/ubuntu", None),
        ("registry.local:5000/kairos/hadron:v1", "registry.local:5000", "kairos/hadron", "v1"),
        ("registry:5000/hadron:v1", "registry:5000", "hadron", "v1"),
        ("localhost/hadron:v1", "localhost", "hadron", "v1"),
        ("localhost:5000/hadron", "localhost:5000", "hadron", None),
        ("[::1]:5000/kairos/hadron:v1", "[::1]:5000", "kairos/hadron", "v1"),
        ("[2001:db8::1]/hadron", "[2001:db8::1]", "hadron", None),
        ("[FE80::1]:65535/hadron", "[fe80::1]:65535", "hadron", None),
        ("10.0.0.1:1/hadron", "10.0.0.1:1", "hadron", None),
        ("my-registry.example/a/b/c/d", "my-registry.example", "a/b/c/d", None),
        ("xn--n3h.com/hadron", "xn--n3h.com", "hadron", None),
        # Docker's short forms.
        ("ubuntu", "docker.io", "library/ubuntu", None),
        ("ubuntu:24.04", "docker.io", "library/ubuntu", "24.04"),
        ("kairos/ubuntu:24.04", "docker.io", "kairos/ubuntu", "24.04"),
        ("docker.io/ubuntu", "docker.io", "library/ubuntu", None),
        ("docker.io/library/ubuntu", "docker.io", "library/ubuntu", None),
        ("index.docker.io/ubuntu", "docker.io", "library/ubuntu", None),
        ("index.docker.io/kairos/ubuntu", "docker.io", "kairos/ubuntu", None),
        ("local/ubuntu", "docker.io", "local/ubuntu", None),
        ("localhost", "docker.io", "library/localhost", None),
        # Named like a transport, but ordinary names.
        ("docker:24.04", "docker.io", "library/docker", "24.04"),
        ("oci-archive:1", "docker.io", "library/oci-archive", "1"),
        ("oci/ubuntu:1", "docker.io", "oci/ubuntu", "1"),
        ("https", "docker.io", "library/https", None),
        # A host may be upper case, and is the same host.
        ("QUAY.IO/kairos/ubuntu", "quay.io", "kairos/ubuntu", None),
        ("Registry/ubuntu", "registry", "ubuntu", None),
        ("LOCALHOST:5000/ubuntu", "localhost:5000", "ubuntu", None),
        # Separators within a name.
        ("quay.io/a.b/c_d/e__f/g---h", "quay.io", "a.b/c_d/e__f/g---h", None),
        # Every character of a tag.
        ("quay.io/kairos/ubuntu:_A.b-9", "quay.io", "kairos/ubuntu", "_A.b-9"),
    ],
)
def test_reference_has_a_registry_a_name_and_maybe_a_tag(
    text: str, registry: str, name: str, tag: str | None
) -> None:
    parsed = Reference.parse(text)

    assert parsed == Reference(Repository(registry, name), tag, None)


@pytest.mark.parametrize("encoded", [SHA256, SHA384, SHA512])
@pytest.mark.parametrize("tag", [None, "v1"])
def test_reference_may_end_in_a_digest_of_any_registered_algorithm(
    encoded: str, tag: str | None
) -> None:
    text = f"quay.io/kairos/hadron{f':{tag}' if tag else ''}@{encoded}"

    parsed = Reference.parse(text)

    assert parsed == Reference(Repository("quay.io", "kairos/hadron"), tag, encoded)
    assert str(parsed) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":v1",
        "@" + SHA256,
        "quay.io/",
        "/kairos/ubuntu",
        "quay.io//ubuntu",
        "quay.io/kairos/ubuntu/",
        "quay.io/kairos/ubuntu:",
        "quay.io/kairos/ubuntu@",
        "quay.io/kairos/ubuntu:v1:v2",
        "quay.io/kairos/ubuntu:-v1",
        "quay.io/kairos/ubuntu:.v1",
        "quay.io/kairos/ubuntu:v1/x",
        "quay.io/kairos/ubuntu:v1+k3s1",
        "quay.io/kairos/ubuntu?tag=v1",
        "quay.io/kairos/../ubuntu",
        "quay.io/kairos/.ubuntu",
        "quay.io/kairos/ubuntu-",
        "quay.io/kairos/a..b",
        "quay.io/kairos/a._b",
        "quay.io/kairos/a___b",
        "-quay.io/kairos/ubuntu",
        "quay-.io/kairos/ubuntu",
        "quay..io/kairos/ubuntu",
        "quay.io:/kairos/ubuntu",
        "quay.io:port/kairos/ubuntu",
        "quay.io:0/kairos/ubuntu",
        "quay.io:65536/kairos/ubuntu",
        "[::1/kairos/ubuntu",
        "::1/kairos/ubuntu",
        "[::g]/kairos/ubuntu",
        "[]/kairos/ubuntu",
        "[::1%25eth0]/kairos/ubuntu",
        # The dot of a host, but none.
        "a_b.io/x",
        "a__b.c/d",
        "a_b.io/x/y:v1",
        "user@quay.io/kairos/ubuntu",
        "user:secret@quay.io/kairos/ubuntu",
        "../../etc/passwd",
        "${IMAGE}",
        # A 64 digit name would be taken for an image id.
        64 * "a",
        64 * "0",
        # Digests.
        "quay.io/kairos/ubuntu@" + SHA256[:-1],
        "quay.io/kairos/ubuntu@" + SHA256 + "a",
        "quay.io/kairos/ubuntu@" + SHA384[:-1],
        "quay.io/kairos/ubuntu@" + SHA512[:-1],
        "quay.io/kairos/ubuntu@" + SHA256.upper(),
        "quay.io/kairos/ubuntu@sha256:" + 64 * "A",
        "quay.io/kairos/ubuntu@sha256:" + 64 * "g",
        "quay.io/kairos/ubuntu@sha256:" + 128 * "c",
        "quay.io/kairos/ubuntu@md5:" + 32 * "a",
        "quay.io/kairos/ubuntu@blake3:" + 64 * "a",
        f"quay.io/kairos/ubuntu@{SHA256}:v1",
        f"quay.io/kairos/ubuntu@{SHA256}@{SHA256}",
        # What hides at an end, or looks like something else.
        "quay.io/kairos/ubuntu:v1\n",
        "quay.io/kairos/ubuntu\n:v1",
        "\nquay.io/kairos/ubuntu:v1",
        "quay.io/kairos/ubuntu:v1\r\n",
        "quay.io/kairos/ubuntu:v1\0",
        "quay.io/kairos/ubuntu\t",
        "quay.io/kairos/ubuntu:v1\x7f",
        "quay.io/kairos/ubuntu:v1\x1b[2J",
        "quay.io/kairos/ubuntu:v1\x85",
        "quay.io/kairos/ubuntu:v1\u2028",
        "quay.io/kairos/ubuntu:v\u0661",
        "quay.io/kairos/\u00fcbuntu",
        "quay.io/kairos/\uff55buntu",
        "quay.io/kairos/ubuntu:v1\u200b",
        "quay.io/\u017f/ubuntu",
        "quay.io/kairos/ubuntu:\u212a",
        "quay.io/kairos/ubuntu:v1\ud800",
    ],
)
def test_text_that_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(InvalidReferenceError) as caught:
        Reference.parse(text)

    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "empty"),
        ("oci:quay.io/kairos/ubuntu:v1", "leave out the leading 'oci:'"),
        ("docker://quay.io/kairos/ubuntu:v1", "leave out the leading 'docker://'"),
        ("https://quay.io/kairos/ubuntu:v1", "leave out the leading 'https://'"),
        ("http://quay.io/kairos/ubuntu:v1", "leave out the leading 'http://'"),
        ("a_b.io/x", "'a_b.io' is not the name of a registry"),
        ("quay.io/kairos/ubuntu:v2.4.2-k3sv1.27.6 k3s1", "'+' is read as a space"),
        (" quay.io/kairos/ubuntu:v1", "'+' is read as a space"),
        ("quay.io/kairos/Ubuntu:v1", "lower case"),
        ("Ubuntu", "lower case"),
        ("quay.io/kairos/ubuntu@sha1:" + 40 * "a", "sha256 with 64"),
        ("quay.io:70000/kairos/ubuntu", "port outside 1 to 65535"),
        ("quay.io/kairos/ubuntu:", "[registry[:port]/]repository[:tag][@digest]"),
        ("quay.io/kairos/ubuntu:v1\n", "character that no reference may hold"),
        ("a" * 5000, "at most 1024 characters, not 5000"),
    ],
)
def test_refusal_says_what_would_be_right(text: str, hint: str) -> None:
    with pytest.raises(InvalidReferenceError, match=re.escape(hint)):
        Reference.parse(text)


@pytest.mark.parametrize(
    ("longest", "too_long"),
    [
        (f"quay.io/{255 * 'a'}", f"quay.io/{256 * 'a'}"),
        (f"quay.io/{127 * 'a'}/{127 * 'b'}", f"quay.io/{127 * 'a'}/{128 * 'b'}"),
        # The default namespace counts.
        (247 * "a", 248 * "a"),
        (f"kairos/ubuntu:{128 * 't'}", f"kairos/ubuntu:{129 * 't'}"),
    ],
)
def test_name_has_at_most_255_and_tag_at_most_128_characters(longest: str, too_long: str) -> None:
    Reference.parse(longest)

    with pytest.raises(InvalidReferenceError):
        Reference.parse(too_long)


def test_longest_parts_fit_together() -> None:
    host = f"{'.'.join(4 * [62 * 'h'])}:65535"
    text = f"{host}/{255 * 'a'}:{128 * 't'}@{SHA512}"

    assert len(text) <= MAX_REFERENCE_LENGTH
    assert str(Reference.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "quay.io/kairos/ubuntu:v1",
        f"quay.io/kairos/ubuntu@{SHA256}",
        "docker.io/library/ubuntu",
        "[::1]:5000/kairos/hadron:v1",
    ],
)
def test_canonical_reference_prints_as_it_was_read(text: str) -> None:
    assert str(Reference.parse(text)) == text


@pytest.mark.parametrize("text", ["quay.io/kairos/ubuntu:v1", f"quay.io/kairos/ubuntu@{SHA256}"])
def test_repository_alone_has_neither_tag_nor_digest(text: str) -> None:
    with pytest.raises(InvalidReferenceError, match="leave out its tag and digest"):
        Repository.parse(text)


@pytest.mark.parametrize(
    ("repository", "flavor", "organisation"),
    [
        (Repository("quay.io", "kairos/ubuntu"), "ubuntu", "quay.io/kairos"),
        (Repository("localhost:5000", "ubuntu"), "ubuntu", "localhost:5000"),
        (Repository("quay.io", "a/b/hadron"), "hadron", "quay.io/a/b"),
    ],
)
def test_last_part_of_a_name_is_the_flavor_and_the_rest_the_organisation(
    repository: Repository, flavor: str, organisation: str
) -> None:
    assert repository.flavor == flavor
    assert repository.organisation == organisation


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ubuntu", "'ubuntu'"),
        ("a\nb", r"'a\nb'"),
        ("\x1b[2J", r"'\x1b[2J'"),
        ("a" * 500, "'" + "a" * 120 + "…'"),
    ],
)
def test_quoted_text_is_short_and_printable(text: str, shown: str) -> None:
    assert quote(text) == shown


@pytest.mark.parametrize("length", [MAX_REFERENCE_LENGTH, 50_000])
@pytest.mark.parametrize(
    "shape",
    [
        "a",
        "a-",
        "a.",
        "a/",
        "a:",
        "a@",
        "a_",
        "-",
        "1",
        "0:",
        "[",
        "[:",
        "a.b/",
        "a:1/",
        "sha256:",
        "A",
    ],
)
@pytest.mark.parametrize("end", ["", "!", ":", "/", "@sha256:"])
def test_hostile_text_is_answered_at_once(shape: str, end: str, length: int) -> None:
    text = (shape * length)[: length - len(end)] + end
    start = time.perf_counter()

    try:
        Reference.parse(text)
    except InvalidReferenceError as error:
        assert len(str(error)) < 1000  # noqa: PT017 - some of these are references

    assert time.perf_counter() - start < 1


# Pieces of references, right and wrong, and what mutates them.
_HOSTS = [
    "quay.io",
    "localhost",
    "a.b:5000",
    "[::1]:5000",
    "QUAY.io",
    "index.docker.io",
    "docker.io",
]
_NAMES = ["ubuntu", "kairos/ubuntu", "a__b/c-d", "a.b/c", "kairos", "Kairos", 64 * "a", 250 * "n"]
_TAGS = ["", ":v1", ":24.04-core-amd64-generic-v3.2.3", ":" + 128 * "t", ":_", ":-", ":"]
_DIGESTS = ["", "@" + SHA256, "@" + SHA384, "@" + SHA512, "@sha256:" + 32 * "a", "@md5:" + 32 * "a"]
_ODD = [*"aZ0.:/@_-[]+ ", "sha256:", "..", "//", "\0", "\u00e9"]


@st.composite
def _references(draw: st.DrawFn) -> str:
    """Write a reference and, at times, put something odd anywhere in it."""
    text = draw(st.sampled_from(["", *(f"{host}/" for host in _HOSTS)]))
    text += draw(st.sampled_from(_NAMES))
    text += draw(st.sampled_from(_TAGS)) + draw(st.sampled_from(_DIGESTS))
    for odd in draw(st.lists(st.sampled_from(_ODD), max_size=2)):
        place = draw(st.integers(0, len(text)))
        text = text[:place] + odd + text[place + draw(st.integers(0, 2)) :]
    return text


def _ask_oracle(text: str) -> Reference | None:
    """Ask docker-image-py, a translation of the grammar's Go source.

    Where we differ on purpose: a registry is lower-cased, and its port is one that exists. What has
    a transport before it gets a hint.
    """
    try:
        parsed = reference.Reference.parse_normalized_named(text)
    except (reference.InvalidReference, digest.InvalidDigest):
        return None
    registry, name = parsed.split_hostname()
    port = re.search(r":(\d+)$", registry or "")
    if port and not 0 < int(port[1]) < 65536:
        return None
    if registry and registry.lower() in ("docker.io", "index.docker.io"):
        registry, name = "docker.io", name if "/" in name else f"library/{name}"
    registry = (registry or "docker.io").lower()
    return Reference(Repository(registry, name), parsed.get("tag"), parsed.get("digest"))


def _ask_ourselves(text: str) -> Reference | None:
    try:
        return Reference.parse(text)
    except InvalidReferenceError:
        return None


@given(_references())
@example("a__b.c/d")
@example("docker:24.04")
@example("a.b")
def test_grammar_is_the_one_of_the_distribution_project(text: str) -> None:
    assert _ask_ourselves(text) == _ask_oracle(text)


@given(st.text(max_size=80))
def test_any_text_is_a_reference_or_refused_in_print(text: str) -> None:
    try:
        parsed = Reference.parse(text)
    except InvalidReferenceError as error:
        assert str(error).isprintable()  # noqa: PT017 - most of these are no references
    else:
        assert Reference.parse(str(parsed)) == parsed
