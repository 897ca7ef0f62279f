import random

import pytest

from service.domain.catalogue import Noise
from service.domain.version import Branch
from tests.asking import core, index, read_tag, standard
from tests.lists import load_catalogue, load_listing

UNKNOWN = standard("v3.3.0", None)
K3S = standard("v3.3.0", "1.31.4")
K0S = "24.04-standard-amd64-generic-v3.3.0-k0s-v1.31.4-k0s.0"


def list_stream(running: str, tags: list[str], flavor: str = "ubuntu") -> list[str]:
    return [
        str(image) for image in index(tags, flavor).list_images(read_tag(running, flavor).stream)
    ]


def list_following(running: str, tags: list[str], flavor: str) -> list[str]:
    stream = read_tag(running, flavor).stream
    return [str(image) for image in index(tags, flavor).list_following(stream)]


@pytest.mark.parametrize(
    "other",
    [
        "22.04-core-amd64-generic-v3.2.4",
        "24.04-standard-amd64-generic-v3.2.4",
        "24.04-core-arm64-generic-v3.2.4",
        "24.04-core-amd64-rpi4-v3.2.4",
        "24.04-core-amd64-generic-v3.2.4-uki",
    ],
)
def test_image_that_differs_in_one_part_is_of_another_stream(other: str) -> None:
    tags = [core("v3.2.3"), other, core("v3.2.4")]

    assert list_stream(core("v3.2.3"), tags) == [core("v3.2.3"), core("v3.2.4")]


def test_standard_images_are_of_one_stream_for_each_distribution() -> None:
    assert list_stream(K3S, [K3S, K0S]) == [K3S]
    assert list_stream(K0S, [K3S, K0S]) == [K0S]


def test_unknown_kubernetes_matches_every_distribution_in_both_directions() -> None:
    tags = [K3S, K0S, UNKNOWN]

    assert list_stream(UNKNOWN, tags) == [UNKNOWN, K0S, K3S]
    assert list_stream(K3S, tags) == [UNKNOWN, K3S]
    assert list_stream(K0S, tags) == [UNKNOWN, K0S]


def test_kubernetes_part_of_a_core_image_makes_no_stream_of_its_own() -> None:
    odd = "leap-15.5-core-arm64-generic-v2.4.2-k3sv1.28.2-k3s1"
    plain = "leap-15.5-core-arm64-generic-v2.4.3"

    assert list_stream(plain, [odd, plain], "opensuse") == [odd, plain]


def test_core_matches_no_standard_image_without_kubernetes() -> None:
    assert list_stream(core("v3.3.0"), [UNKNOWN]) == []


@pytest.mark.parametrize(
    ("flavor", "one", "other"),
    [
        ("debian", "bookworm", "12"),
        ("opensuse", "tumbleweed", "tumbleweed-latest"),
        ("hadron", "v0.0.1", "v0.5.1"),
    ],
)
def test_aliases_and_floating_flavor_releases_are_one_stream(
    flavor: str, one: str, other: str
) -> None:
    tags = [core("v3.2.3", base=one), core("v3.2.4", base=other)]

    assert list_stream(tags[0], tags, flavor) == tags
    assert list_stream(tags[1], tags, flavor) == tags


@pytest.mark.parametrize(
    ("flavor", "one", "other"),
    [
        ("debian", "testing", "13"),
        ("debian", "12", "13"),
        ("opensuse", "leap-15.5", "leap-15.6"),
        ("ubuntu", "v0.0.1", "v0.5.1"),
    ],
)
def test_other_flavor_releases_are_other_streams(flavor: str, one: str, other: str) -> None:
    tags = [core("v3.2.3", base=one), core("v3.2.4", base=other)]

    assert list_stream(tags[0], tags, flavor) == tags[:1]


def test_unlisted_stream_is_empty() -> None:
    assert list_stream(core("v3.2.3"), []) == []


def test_images_are_ordered_by_kairos_then_kubernetes_then_text() -> None:
    ordered = [
        standard("v3.2.0-rc2", "1.31.1"),
        standard("v3.2.0-rc10", "1.30.5"),
        standard("v3.2.0", None),
        standard("v3.2.0", "1.30.5"),
        standard("v3.2.0", "1.31.1"),
        standard("v3.2.0", "1.31.10"),
        "24.04-standard-amd64-generic-v3.2.0-k3s1.31.10-k3s1",
        standard("v3.2.0", "1.31.10-k3s3"),
        standard("v3.10.0", "1.29.0"),
    ]

    assert list_stream(ordered[-1], random.Random(1).sample(ordered, 9)) == ordered  # noqa: S311


@pytest.mark.parametrize("name", ["ubuntu", "opensuse-2023-11.real"])
def test_index_does_not_depend_on_the_order_of_the_tags(name: str) -> None:
    catalogue = load_catalogue(name)
    tags = list(load_listing(name).tags)
    random.Random(2).shuffle(tags)  # noqa: S311

    shuffled = index(tags, catalogue.repository.flavor)

    assert dict(shuffled.streams) == dict(catalogue.streams)
    assert shuffled.noise == catalogue.noise


@pytest.mark.parametrize(
    ("tag", "noise"),
    [
        ("latest", Noise.UNVERSIONED),
        ("24.04-core-amd64-generic-master", Noise.UNVERSIONED),
        ("24.04-core-amd64-generic-v3.2.3-img", Noise.ARTEFACT),
        ("sha256-" + 64 * "a", Noise.ARTEFACT),
        ("24.04-core-amd64-generic-v3.1.1-25-g2a7090f", Noise.DEVELOPMENT),
    ],
)
def test_what_is_no_candidate_is_dropped_and_counted(tag: str, noise: Noise) -> None:
    catalogue = index([tag, core("v3.2.3"), tag])

    assert dict(catalogue.noise) == {noise: 2}
    assert catalogue.tag_count == 3
    assert list(catalogue.streams) == [read_tag(core("v3.2.3")).stream]


@pytest.mark.parametrize(
    ("name", "images", "noise"),
    [
        (
            "ubuntu",
            3684 + 136,
            {Noise.ARTEFACT: 5462 + 1001, Noise.UNVERSIONED: 45, Noise.DEVELOPMENT: 1},
        ),
        ("opensuse-2023-11.real", 58, {Noise.ARTEFACT: 234 + 24, Noise.UNVERSIONED: 3}),
        ("hadron", 471 + 33, {Noise.ARTEFACT: 504, Noise.UNVERSIONED: 2}),
        ("framework", 0, {Noise.ARTEFACT: 505, Noise.UNVERSIONED: 505}),
    ],
)
def test_every_tag_of_a_list_is_an_image_or_counted(
    name: str, images: int, noise: dict[Noise, int]
) -> None:
    catalogue = load_catalogue(name)

    assert sum(map(len, catalogue.streams.values())) == images
    assert dict(catalogue.noise) == noise
    assert catalogue.tag_count == images + sum(noise.values())


@pytest.mark.parametrize(
    ("tags", "branch"),
    [
        ([core("v4.1.2"), core("v4.0.3")], Branch(4, 1)),
        ([core("v3.10.0"), core("v3.9.0")], Branch(3, 10)),
        ([core("v4.2.0-RC1"), core("v4.1.2")], Branch(4, 1)),
        ([core("v4.1.2"), standard("v4.2.0", "1.36.3")], Branch(4, 2)),
        ([core("v4.2.0-RC1")], None),
        ([core("v4.2.0-5-g2a7090f")], None),
        ([], None),
    ],
)
def test_latest_branch_is_that_of_the_newest_stable_release_of_any_stream(
    tags: list[str], branch: Branch | None
) -> None:
    assert index(tags).latest_branch == branch


def test_latest_branch_of_hadron_is_4_2() -> None:
    assert load_catalogue("hadron").latest_branch == Branch(4, 2)


def test_stale_catalogue_differs_in_nothing_else() -> None:
    catalogue = index([core("v3.2.3")])

    stale = catalogue.as_stale()

    assert (catalogue.stale, stale.stale) == (False, True)
    assert stale.streams == catalogue.streams


@pytest.mark.parametrize(
    ("flavor", "running", "followed", "left"),
    [
        ("debian", "12", ["13"], ["11", "testing"]),
        ("debian", "bookworm", ["13"], ["testing"]),
        ("debian", "9", ["10", "12"], ["8"]),
        ("debian", "testing", [], ["12", "13"]),
        ("opensuse", "leap-15.5", ["leap-15.6", "leap-15.10", "leap-16.0"], ["leap-15.4", "16.0"]),
        ("opensuse", "tumbleweed", [], ["leap-15.6"]),
        ("ubuntu", "24.04", ["24.10", "25.10"], ["22.04", "leap-25.04"]),
    ],
)
def test_following_takes_higher_flavor_releases_of_the_same_prefix(
    flavor: str, running: str, followed: list[str], left: list[str]
) -> None:
    tags = [core("v3.2.3", base=base) for base in [running, *followed, *left]]

    found = list_following(tags[0], tags, flavor)

    assert set(found) == {core("v3.2.3", base=base) for base in [running, *followed]}


def test_following_keeps_the_rest_of_the_stream() -> None:
    running = standard("v3.3.0", "1.31.4", base="12")
    higher = standard("v3.4.0", "1.32.4", base="13")
    unknown = standard("v3.4.0", None, base="13")
    k0s = "13-standard-amd64-generic-v3.4.0-k0s-v1.32.4-k0s.0"
    board = "13-standard-arm64-rpi4-v3.4.0-k3s-v1.32.4-k3s1"

    found = list_following(running, [running, higher, unknown, k0s, board], "debian")

    assert found == [running, unknown, higher]


def test_followed_images_are_ordered_and_each_is_there_once() -> None:
    tags = [
        standard("v3.3.0", "1.31.4", base="12"),
        standard("v3.4.0", "1.31.4", base="13"),
        standard("v3.4.0", "1.32.4", base="12"),
        standard("v3.5.0", None, base="13"),
    ]

    assert list_following(tags[0], tags[::-1], "debian") == tags
