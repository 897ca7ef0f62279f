"""How an advisor goes about a question: what it asks for, and what each failure costs."""

import pytest

from service.domain.mirror import Mirrors
from service.domain.release_file import ReleaseFile
from service.domain.tag import Arch
from service.errors import (
    IdentityMismatchError,
    NotAnOsImageError,
    RegistryError,
    RegistryUnavailableError,
    RepositoryNotAllowedError,
    RepositoryNotFoundError,
    RepositoryUnknownError,
    ServiceError,
    StreamNotFoundError,
    UnversionedTagError,
)
from tests.advising import HADRON, OFFICIAL, OWN, World, warnings_of
from tests.apps import FLAVOR
from tests.release_files import OF_FLAVOR, change

OWN_OS = f"{OWN}/os"
OWN_REFERENCE = f"{OWN}/reference"
TAG = "1-core-amd64-generic-v1.0.0"
NEWER = "1-core-amd64-generic-v1.1.0"
TAGS = (TAG, NEWER)
LATEST = ("v0.0.1-core-amd64-generic-v1.2.0",)
LISTS = {FLAVOR: TAGS, HADRON: LATEST}
REFERENCES = {OWN: OWN_REFERENCE}

SOURCE_FAILURES = [
    RepositoryNotFoundError("gone"),
    RegistryError("unusable"),
    RegistryUnavailableError("silent"),
]


def test_the_target_comes_from_the_repository_and_the_verdict_from_the_reference() -> None:
    world = World(LISTS)

    answer = world.advise(f"{FLAVOR}:{TAG}")

    assert answer.target is not None
    assert str(answer.target.reference) == f"{FLAVOR}:{NEWER}"
    assert str(answer.support.latest_branch) == "1.2"
    assert world.asked == [FLAVOR, HADRON]


@pytest.mark.parametrize(
    "image",
    [f"docker.io/kairos/flavor:{TAG}", f"quay.io/other/flavor:{TAG}", "127.0.0.1/x:latest"],
)
def test_a_repository_outside_the_allowed_ones_is_refused_before_any_fetch(image: str) -> None:
    world = World(LISTS)

    with pytest.raises(RepositoryNotAllowedError, match=image.partition(":")[0]):
        world.advise(image)

    assert world.asked == []


@pytest.mark.parametrize(
    ("image", "error"),
    [
        (FLAVOR, UnversionedTagError),
        (f"{FLAVOR}:latest", UnversionedTagError),
        (f"{FLAVOR}:{TAG}-img", NotAnOsImageError),
        ("quay.io/kairos/framework:v2.7.0", NotAnOsImageError),
    ],
)
def test_a_tag_that_no_node_can_name_is_refused_before_any_fetch(
    image: str,
    error: type[ServiceError],
) -> None:
    world = World(LISTS)

    with pytest.raises(error):
        world.advise(image)

    assert world.asked == []


def test_an_arch_that_contradicts_the_tag_is_refused_with_both_names() -> None:
    world = World(LISTS)

    with pytest.raises(IdentityMismatchError, match=r"arm64.*amd64"):
        world.advise(f"{FLAVOR}:{TAG}", arch=Arch.ARM64)

    assert world.asked == []


def test_an_arch_that_agrees_with_the_tag_is_no_obstacle() -> None:
    world = World(LISTS)

    answer = world.advise(f"{FLAVOR}:{TAG}", arch=Arch.AMD64)

    assert answer.status == "upgrade_available"


@pytest.mark.parametrize("failure", SOURCE_FAILURES, ids=repr)
def test_the_failure_of_the_reference_repository_costs_only_the_verdict(
    failure: ServiceError,
) -> None:
    world = World({FLAVOR: TAGS, HADRON: failure})

    answer = world.advise(f"{FLAVOR}:{TAG}")

    assert answer.target is not None
    assert answer.support.verdict == "unknown"
    assert "latest_branch_unknown" in warnings_of(answer)


def test_a_reference_repository_without_a_stable_release_gives_no_verdict() -> None:
    world = World({FLAVOR: TAGS, HADRON: ("v0.0.1-core-amd64-generic-v1.2.0-rc1",)})

    answer = world.advise(f"{FLAVOR}:{TAG}")

    assert answer.support.verdict == "unknown"
    assert "latest_branch_unknown" in warnings_of(answer)


@pytest.mark.parametrize("failure", SOURCE_FAILURES, ids=repr)
def test_the_failure_of_the_repository_itself_is_the_caller_s(failure: ServiceError) -> None:
    world = World({FLAVOR: failure, HADRON: LATEST})

    with pytest.raises(type(failure)):
        world.advise(f"{FLAVOR}:{TAG}")


def test_a_stream_without_an_image_is_not_found() -> None:
    world = World(LISTS)

    with pytest.raises(StreamNotFoundError):
        world.advise(f"{FLAVOR}:2-core-amd64-generic-v1.0.0")


def test_a_repository_that_is_not_official_has_no_verdict_and_no_warning_of_it() -> None:
    world = World({OWN_OS: TAGS})

    answer = world.advise(f"{OWN_OS}:{TAG}")

    assert answer.status == "upgrade_available"
    assert answer.support.verdict == "unknown"
    assert "latest_branch_unknown" not in warnings_of(answer)
    assert world.asked == [OWN_OS]


def test_a_configured_reference_gives_its_organisation_a_verdict() -> None:
    world = World({OWN_OS: TAGS, OWN_REFERENCE: LATEST}, references=REFERENCES)

    answer = world.advise(f"{OWN_OS}:{TAG}")

    assert answer.support.verdict == "end_of_line"
    assert str(answer.support.latest_branch) == "1.2"


def test_a_configured_reference_that_fails_is_warned_of() -> None:
    world = World({OWN_OS: TAGS}, references=REFERENCES)

    answer = world.advise(f"{OWN_OS}:{TAG}")

    assert "latest_branch_unknown" in warnings_of(answer)


def test_a_configured_reference_takes_the_place_of_hadron() -> None:
    lists = {**LISTS, OWN_REFERENCE: ("1-core-amd64-generic-v7.8.0",)}
    world = World(lists, references={OFFICIAL: OWN_REFERENCE})

    answer = world.advise(f"{FLAVOR}:{TAG}")

    assert str(answer.support.latest_branch) == "7.8"
    assert HADRON not in world.asked


@pytest.mark.parametrize("image", [f"{HADRON}:{LATEST[0]}", f"{OWN_REFERENCE}:{TAG}"])
def test_a_reference_repository_is_always_allowed(image: str) -> None:
    lists = {HADRON: LATEST, OWN_REFERENCE: TAGS}
    world = World(lists, allowed=(FLAVOR,), references=REFERENCES)

    answer = world.advise(image)

    assert str(answer.running.reference) == image


def test_the_reference_repository_judges_itself() -> None:
    world = World({HADRON: LATEST})

    answer = world.advise(f"{HADRON}:{LATEST[0]}")

    assert answer.status == "up_to_date"
    assert answer.support.verdict == "supported"


def test_a_release_file_is_looked_for_in_the_default_organisation() -> None:
    world = World(LISTS, default_organisation=OFFICIAL)

    answer = world.advise(None, file=ReleaseFile.parse(OF_FLAVOR))

    assert str(answer.running.reference) == f"{FLAVOR}:{TAG}"
    assert answer.target is not None
    assert str(answer.target.tag) == NEWER


def test_a_release_file_without_an_organisation_is_refused_before_any_fetch() -> None:
    world = World(LISTS)

    with pytest.raises(RepositoryUnknownError, match="ADVISOR_DEFAULT_ORGANISATION"):
        world.advise(None, file=ReleaseFile.parse(OF_FLAVOR))

    assert world.asked == []


def test_a_repository_that_a_release_file_names_must_be_allowed() -> None:
    world = World(LISTS, default_organisation=OFFICIAL)
    file = change(OF_FLAVOR, REGISTRY_AND_ORG="169.254.169.254/kairos")

    with pytest.raises(RepositoryNotAllowedError):
        world.advise(None, file=file)

    assert world.asked == []


def test_the_matrix_is_of_the_tracked_repositories_and_names_those_without_a_list() -> None:
    world = World(
        {FLAVOR: TAGS, HADRON: LATEST, OWN_OS: TAGS, f"{OWN}/silent": SOURCE_FAILURES[2]},
        tracked=(FLAVOR, f"{OWN}/silent", f"{OWN}/gone"),
    )

    matrix = world.build_advisor().survey_matrix()

    assert [str(row.newest.reference) for row in matrix.streams] == [f"{FLAVOR}:{NEWER}"]
    assert str(matrix.latest_branch) == "1.2"
    assert [str(repository) for repository in matrix.missing] == [f"{OWN}/silent", f"{OWN}/gone"]


def test_the_matrix_judges_each_repository_by_its_own_reference_repository() -> None:
    own = ("v1-core-amd64-generic-v1.1.0",)
    world = World(
        {FLAVOR: TAGS, HADRON: LATEST, OWN_OS: TAGS, OWN_REFERENCE: own},
        references=REFERENCES,
        tracked=(OWN_OS, FLAVOR),
    )

    matrix = world.build_advisor().survey_matrix()

    verdicts = {str(row.newest.repository): row.verdict for row in matrix.streams}
    assert verdicts == {FLAVOR: "end_of_line", OWN_OS: "supported"}
    assert str(matrix.latest_branch) == "1.1"


@pytest.mark.parametrize("failure", SOURCE_FAILURES, ids=repr)
def test_the_failure_of_a_reference_repository_costs_the_matrix_only_verdicts(
    failure: ServiceError,
) -> None:
    world = World({FLAVOR: TAGS, HADRON: failure}, tracked=(FLAVOR,))

    matrix = world.build_advisor().survey_matrix()

    assert [row.verdict for row in matrix.streams] == ["unknown"]
    assert (matrix.latest_branch, matrix.missing) == (None, ())


def test_the_matrix_shows_nothing_that_may_not_be_asked_for() -> None:
    foreign = "docker.io/team/os"
    world = World({FLAVOR: TAGS, HADRON: LATEST, foreign: TAGS}, tracked=(foreign, FLAVOR))

    matrix = world.build_advisor().survey_matrix()

    assert [str(row.newest.repository) for row in matrix.streams] == [FLAVOR]
    assert foreign not in world.asked


def test_the_matrix_names_the_place_that_stands_for_a_repository() -> None:
    mirrors = Mirrors({OFFICIAL: "registry.local:5000/kairos"})
    world = World({FLAVOR: TAGS, HADRON: LATEST}, tracked=(FLAVOR,), answered=mirrors)

    matrix = world.build_advisor().survey_matrix()

    named = [str(row.newest.reference) for row in matrix.streams]
    assert named == [f"registry.local:5000/kairos/flavor:{NEWER}"]


def test_the_matrix_is_made_once_until_a_list_changes() -> None:
    lists = dict(LISTS)
    world = World(lists, tracked=(FLAVOR,))
    advisor = world.build_advisor()

    first, second = advisor.survey_matrix(), advisor.survey_matrix()
    lists[FLAVOR] = (*TAGS, "1-core-amd64-generic-v1.2.0")
    third = advisor.survey_matrix()

    assert second is first
    assert str(third.streams[0].newest.tag.version) == "v1.2.0"
