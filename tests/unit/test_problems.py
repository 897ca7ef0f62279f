from collections.abc import Iterator
from http import HTTPStatus

import pytest

import service.errors
from service.errors import ServiceError
from service.web.problems import PROBLEMS, Problem

STATUSES = {
    "invalid-request": 400,
    "invalid-reference": 400,
    "unauthorized": 401,
    "repository-not-allowed": 403,
    "repository-not-found": 404,
    "stream-not-found": 404,
    "needs-acceptance": 409,
    "blocked": 409,
    "manual": 409,
    "unversioned-tag": 422,
    "not-an-os-image": 422,
    "identity-mismatch": 422,
    "repository-unknown": 422,
    "kubernetes-version-unknown": 422,
    "rate-limited": 429,
    "target-not-verified": 503,
    "registry-error": 502,
    "registry-unavailable": 503,
}


def _walk(error: type[ServiceError]) -> Iterator[type[ServiceError]]:
    for kind in error.__subclasses__():
        yield kind
        yield from _walk(kind)


KINDS = list(_walk(ServiceError))


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_in_the_table_of_problems(kind: type[ServiceError]) -> None:
    assert PROBLEMS[kind.slug].error is kind


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_has_a_slug_and_a_title_of_its_own(kind: type[ServiceError]) -> None:
    assert {"slug", "title"} <= set(vars(kind))
    assert [other for other in KINDS if other.slug == kind.slug] == [kind]
    assert [other for other in KINDS if other.title == kind.title] == [kind]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_drawn_in_the_tree(kind: type[ServiceError]) -> None:
    assert service.errors.__doc__ is not None
    assert f"─ {kind.__name__}" in service.errors.__doc__


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=list(PROBLEMS))
def test_every_problem_says_what_it_means_and_what_to_do(problem: Problem) -> None:
    assert problem.meaning.endswith(".")
    assert problem.remedy.endswith(".")


def test_the_status_of_each_slug_is_the_one_of_the_contract() -> None:
    statuses = {slug: problem.status for slug, problem in PROBLEMS.items()}

    assert statuses == {slug: HTTPStatus(status) for slug, status in STATUSES.items()}
