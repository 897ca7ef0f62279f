from collections.abc import Sequence

import pytest

from service.domain.matrix import Matrix, Survey
from tests.advising import HADRON, World
from tests.asking import core, index, standard
from tests.lists import CURRENT, LEGACY, load_catalogue

REFERENCE = index(["v0.5.1-core-amd64-generic-v4.2.0"], "hadron")


def survey(*tags: str, flavor: str = "ubuntu") -> Matrix:
    catalogue = index(tags, flavor)
    return Matrix.of([Survey(catalogue.repository, catalogue, REFERENCE)])


def newest_of(matrix: Matrix) -> list[str]:
    return [str(row.newest.tag) for row in matrix.streams]


def test_a_stream_shows_its_newest_stable_image() -> None:
    matrix = survey(core("v4.1.0"), core("v4.10.0"), core("v4.9.0"), core("v5.0.0-rc1"))

    assert newest_of(matrix) == [core("v4.10.0")]


def test_the_newest_image_of_a_release_has_its_highest_kubernetes() -> None:
    matrix = survey(standard("v4.1.0", "1.35.9"), standard("v4.1.0", "1.35.10"))

    assert newest_of(matrix) == [standard("v4.1.0", "1.35.10")]


def test_of_two_spellings_the_shorter_is_shown() -> None:
    matrix = survey(core("v4.1.0-k3sv1.28.2-k3s1"), core("v4.1.0"))

    assert newest_of(matrix) == [core("v4.1.0")]


def test_a_stream_without_a_stable_image_is_left_out() -> None:
    matrix = survey(core("v4.1.0-rc1"), core("v4.1.0", base="25.10"))

    assert newest_of(matrix) == [core("v4.1.0", base="25.10")]


@pytest.mark.parametrize(
    ("tags", "rows"),
    [
        # What tells no Kubernetes is of every stream that does.
        (
            [standard("v4.1.0", "1.35.1"), standard("v4.2.0", None)],
            [("k3s", standard("v4.2.0", None))],
        ),
        (
            [standard("v4.1.0", None), standard("v4.2.0", "1.35.1")],
            [("k3s", standard("v4.2.0", "1.35.1"))],
        ),
        ([standard("v4.2.0", None)], [(None, standard("v4.2.0", None))]),
        ([core("v4.2.0")], [(None, core("v4.2.0"))]),
    ],
)
def test_an_image_that_tells_no_kubernetes_makes_no_row_beside_those_that_do(
    tags: Sequence[str], rows: list[tuple[str | None, str]]
) -> None:
    matrix = survey(*tags)

    found = [(row.stream.distribution, str(row.newest.tag)) for row in matrix.streams]
    assert found == rows


def test_rows_are_ordered_by_the_parts_of_a_stream_and_numbers_count_as_numbers() -> None:
    ordered = [
        core("v4.1.0", base="leap-15.6"),
        core("v4.1.0", base="leap-15.10"),
        core("v4.1.0", base="9"),
        core("v4.1.0", base="12"),
        f"{core('v4.1.0', base='12')}-uki",
        "12-core-arm64-generic-v4.1.0",
        "12-core-arm64-rpi4-v4.1.0",
        "12-standard-amd64-generic-v4.1.0-k0s-v1.34.1-k0s.0",
        standard("v4.1.0", "1.34.1", base="12"),
        core("v4.1.0", base="22.04"),
    ]

    assert newest_of(survey(*reversed(ordered))) == ordered
    assert newest_of(survey(*ordered)) == ordered


def test_rows_are_ordered_by_flavor_first() -> None:
    catalogues = [index([core("v4.1.0")], flavor) for flavor in ("ubuntu", "debian")]

    matrix = Matrix.of([Survey(each.repository, each, None) for each in catalogues])

    assert [row.newest.flavor for row in matrix.streams] == ["debian", "ubuntu"]


@pytest.mark.parametrize(
    ("flavor", "tag", "shown"),
    [
        ("debian", "bookworm-core-amd64-generic-v2.5.0", "12"),
        ("debian", "13-core-amd64-generic-v3.7.2", "13"),
        ("hadron", "v0.5.1-core-amd64-generic-v4.2.0", "v0.5.1"),
        ("core-opensuse-leap", "v2.4.1", None),
    ],
)
def test_a_flavor_release_is_shown_under_its_last_name(
    flavor: str, tag: str, shown: str | None
) -> None:
    matrix = survey(tag, flavor=flavor)

    assert [row.flavor_release for row in matrix.streams] == [shown]


def test_without_a_reference_repository_nothing_is_judged() -> None:
    catalogue = index([core("v4.1.0")])

    matrix = Matrix.of([Survey(catalogue.repository, catalogue, None)])

    assert matrix.latest_branch is None
    assert [row.verdict for row in matrix.streams] == ["unknown"]


def test_a_row_is_as_old_as_the_list_it_was_read_from() -> None:
    catalogue = index([core("v4.1.0")]).as_stale()

    row = Matrix.of([Survey(catalogue.repository, catalogue, REFERENCE)]).streams[0]

    assert (row.fetched_at, row.stale) == (catalogue.fetched_at, True)


@pytest.mark.parametrize("name", [*CURRENT, *LEGACY])
def test_a_verdict_is_the_one_of_the_recommendation_for_the_newest_image(name: str) -> None:
    catalogue = load_catalogue(name)
    tags = [str(image) for images in catalogue.streams.values() for image in images]
    world = World(
        {str(catalogue.repository): tags, HADRON: ("v0.5.1-core-amd64-generic-v4.2.0",)}
        if str(catalogue.repository) != HADRON
        else {HADRON: tags},
        tracked=(str(catalogue.repository),),
    )

    matrix = world.build_advisor().survey_matrix()

    assert matrix.streams
    for row in matrix.streams[::7]:
        answer = world.advise(str(row.newest.reference))
        assert (answer.support.verdict, answer.support.latest_branch) == (
            row.verdict,
            matrix.latest_branch,
        )
