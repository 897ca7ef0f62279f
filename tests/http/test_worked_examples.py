import pytest

from service.advisor import Advisor, UpgradeRequest
from service.domain.catalogue import Catalogue
from service.domain.reference import Reference, Repository
from service.domain.scope import RepositoryPattern, Scope
from service.errors import RepositoryNotFoundError
from tests.apps import build_client_over
from tests.lists import REAL, load_catalogue
from tests.worked_examples import WORKED_EXAMPLES, Lists, WorkedExample

_FILES = {
    Lists.ALL: ("debian", "hadron", "opensuse", "ubuntu"),
    Lists.REAL_ALONE: (REAL,),
    Lists.REAL_AND_HADRON: (REAL, "hadron"),
}
_OFFICIAL = (RepositoryPattern.parse("quay.io/kairos/*"),)


class ListedSource:
    """Answers from the lists of a worked example."""

    def __init__(self, lists: Lists) -> None:
        self._catalogues = {
            catalogue.repository: catalogue for catalogue in map(load_catalogue, _FILES[lists])
        }

    def fetch_catalogue(self, repository: Repository) -> Catalogue:
        if repository not in self._catalogues:
            raise RepositoryNotFoundError(f"{repository} is not listed")
        return self._catalogues[repository]


@pytest.mark.parametrize("example", WORKED_EXAMPLES, ids=str)
def test_the_advisor_answers_each_worked_example(example: WorkedExample) -> None:
    advisor = Advisor(ListedSource(example.lists), Scope(_OFFICIAL, _OFFICIAL, {}))
    request = UpgradeRequest(Reference.parse(example.image), example.policy)

    answer = advisor.recommend_upgrade(request)

    assert answer.status is example.status
    assert tuple(str(hop.tag) for hop in answer.path) == example.path
    assert example.warnings <= {warning.code for warning in answer.warnings}


@pytest.mark.parametrize("example", WORKED_EXAMPLES, ids=str)
def test_http_answers_each_worked_example(example: WorkedExample) -> None:
    client = build_client_over(ListedSource(example.lists))

    response = client.get("/v1/upgrade", query_string={"image": example.image, **example.query})

    body = response.json
    assert response.status_code == 200
    assert body is not None
    assert body["status"] == example.status
    assert tuple(hop["tag"] for hop in body["path"]) == example.path
    assert (body["target"] or {}).get("tag") == (example.path[0] if example.path else None)
    assert example.warnings <= {warning["code"] for warning in body["warnings"]}
