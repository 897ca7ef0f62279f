import pytest

from service.domain.reference import Repository
from service.domain.scope import RepositoryPattern, Scope
from service.errors import InvalidReferenceError, RepositoryNotAllowedError

PARSE = RepositoryPattern.parse
KAIROS = PARSE("quay.io/kairos/*")
OWN = PARSE("registry.local:5000/team/os-*")
SCOPE = Scope(
    allowed=(KAIROS, OWN),
    official=(KAIROS,),
    references={"registry.local:5000/team": Repository.parse("registry.local:5000/base/reference")},
)


@pytest.mark.parametrize(
    ("pattern", "repository", "matches"),
    [
        ("quay.io/kairos/*", "quay.io/kairos/ubuntu", True),
        ("quay.io/kairos/*", "QUAY.io/kairos/ubuntu", True),
        ("Quay.io/kairos/*", "quay.io/kairos/ubuntu", True),
        ("quay.io/kairos/*", "quay.io/kairos/ubuntu/extra", False),
        ("quay.io/kairos/*", "quay.io/kairos", False),
        ("quay.io/kairos/*", "quay.io/kairosx/ubuntu", False),
        ("quay.io/kairos/*", "quay.io.evil.example/kairos/ubuntu", False),
        ("quay.io/kairos/*", "quayxio/kairos/ubuntu", False),
        ("quay.io/kairos/*", "evil.example/quay.io/kairos/ubuntu", False),
        ("quay.io/kairos/*", "quay.io:443/kairos/ubuntu", False),
        ("quay.io/*/ubuntu", "quay.io/kairos/ubuntu", True),
        ("quay.io/*/ubuntu", "quay.io/a/b/ubuntu", False),
        ("quay.io/kairos/ub*", "quay.io/kairos/ubuntu", True),
        ("quay.io/kairos/ub*", "quay.io/kairos/debian", False),
        ("quay.io/kairos/hadron", "quay.io/kairos/hadron", True),
        ("quay.io/kairos/hadron", "quay.io/kairos/hadron-trusted", False),
        ("[::1]:5000/*", "[::1]:5000/os", True),
    ],
)
def test_star_stands_for_text_within_one_path_segment(
    pattern: str, repository: str, *, matches: bool
) -> None:
    assert PARSE(pattern).matches(Repository.parse(repository)) is matches


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*",
        "kairos/*",
        "quay.io",
        "quay.io/kairos/*:latest",
        "quay.io/Kairos/*",
        "https://quay.io/*",
    ],
)
def test_pattern_names_a_registry_and_repositories(text: str) -> None:
    with pytest.raises(InvalidReferenceError):
        PARSE(text)


@pytest.mark.parametrize(
    "repository",
    [
        "quay.io/kairos/ubuntu",
        "quay.io/kairos/hadron",
        "registry.local:5000/team/os-edge",
        "registry.local:5000/base/reference",
    ],
)
def test_allowed_and_reference_repositories_pass(repository: str) -> None:
    SCOPE.check(Repository.parse(repository))


@pytest.mark.parametrize(
    "repository", ["ubuntu", "ghcr.io/kairos-io/hadron", "registry.local:5000/team/other"]
)
def test_other_repositories_are_refused_with_what_is_allowed(repository: str) -> None:
    with pytest.raises(RepositoryNotAllowedError) as caught:
        SCOPE.check(Repository.parse(repository))

    assert "quay.io/kairos/*, registry.local:5000/team/os-*" in str(caught.value)


def test_reference_repository_is_allowed_where_its_flavors_are_not() -> None:
    scope = Scope(allowed=(), official=(KAIROS,), references={})

    scope.check(Repository.parse("quay.io/kairos/hadron"))
    with pytest.raises(RepositoryNotAllowedError):
        scope.check(Repository.parse("quay.io/kairos/ubuntu"))


@pytest.mark.parametrize(
    ("repository", "allowed"),
    [
        ("quay.io/foo/hadron", True),
        ("quay.io/foo/ubuntu", False),
        ("quay.io/foo/bar/hadron", False),
        ("quay.io/hadron", False),
        ("ghcr.io/foo/hadron", False),
    ],
)
def test_reference_repository_of_any_official_organisation_is_allowed(
    repository: str, *, allowed: bool
) -> None:
    scope = Scope(allowed=(), official=(PARSE("quay.io/*/ubuntu"),), references={})

    if allowed:
        scope.check(Repository.parse(repository))
    else:
        with pytest.raises(RepositoryNotAllowedError):
            scope.check(Repository.parse(repository))


@pytest.mark.parametrize(
    ("repository", "official", "reference"),
    [
        ("quay.io/kairos/ubuntu", True, "quay.io/kairos/hadron"),
        ("quay.io/kairos/hadron", True, "quay.io/kairos/hadron"),
        ("registry.local:5000/team/os-edge", False, "registry.local:5000/base/reference"),
        ("registry.local:5000/other/os", False, None),
    ],
)
def test_reference_repository_is_hadron_of_the_organisation_or_the_configured_one(
    repository: str, reference: str | None, *, official: bool
) -> None:
    asked = Repository.parse(repository)

    found = SCOPE.reference_of(asked)

    assert SCOPE.is_official(asked) is official
    assert (str(found) if found else None) == reference


def test_configured_reference_wins_over_hadron() -> None:
    own = Repository.parse("quay.io/kairos/ubuntu")
    scope = Scope(allowed=(KAIROS,), official=(KAIROS,), references={"quay.io/kairos": own})

    assert scope.reference_of(Repository.parse("quay.io/kairos/debian")) == own
