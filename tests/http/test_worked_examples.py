import pytest
from werkzeug.test import TestResponse

from service.adapters.rules_file import load_builtin_rules
from service.advisor import Advisor, UpgradeRequest
from service.domain.catalogue import Catalogue
from service.domain.identity import Claim
from service.domain.reference import Reference, Repository
from service.domain.rules import Rulebook, Rules
from service.domain.scope import RepositoryPattern, Scope
from service.domain.status import Status
from service.errors import RepositoryNotFoundError
from service.web.formats import Form
from tests.apps import build_client_over
from tests.fakes import ImmediateSource
from tests.lists import REAL, load_catalogue
from tests.worked_examples import (
    HADRON,
    HADRON_TARGET,
    ORGANISATION,
    WORKED_EXAMPLES,
    Lists,
    WorkedExample,
)

_FILES = {
    Lists.ALL: ("debian", "hadron", "opensuse", "ubuntu"),
    Lists.REAL_ALONE: (REAL,),
    Lists.REAL_AND_HADRON: (REAL, "hadron"),
}
_OFFICIAL = (RepositoryPattern.parse(f"{ORGANISATION}/*"),)


class ListedSource(ImmediateSource):
    """Answers from the lists of a worked example."""

    def __init__(self, lists: Lists) -> None:
        self._catalogues = {
            catalogue.repository: catalogue for catalogue in map(load_catalogue, _FILES[lists])
        }

    def fetch_catalogue(self, repository: Repository) -> Catalogue:
        if repository not in self._catalogues:
            raise RepositoryNotFoundError(f"{repository} is not listed")
        return self._catalogues[repository]


def _ask(example: WorkedExample, **query: str | list[str]) -> TestResponse:
    client = build_client_over(ListedSource(example.lists))
    return client.get(
        "/v1/upgrade", query_string={"image": example.image, **example.query, **query}
    )


@pytest.mark.parametrize("example", WORKED_EXAMPLES, ids=str)
def test_the_advisor_answers_each_worked_example(example: WorkedExample) -> None:
    rulebook = Rulebook.combine(load_builtin_rules(), Rules())
    advisor = Advisor(ListedSource(example.lists), Scope(_OFFICIAL, _OFFICIAL, {}), rulebook, None)
    claim = Claim(Reference.parse(example.image), None, None)

    answer = advisor.recommend_upgrade(UpgradeRequest(claim, example.policy), Form.JSON)

    assert answer.status is example.status
    assert tuple(str(hop.tag) for hop in answer.path) == example.path
    assert example.warnings <= {warning.code for warning in answer.warnings}
    alternatives = {found.code: str(found.image.tag) for found in answer.alternatives}
    assert example.alternatives.items() <= alternatives.items()
    rejected = {found.code: found.count for found in answer.rejected}
    assert example.rejected.items() <= rejected.items()


@pytest.mark.parametrize("example", WORKED_EXAMPLES, ids=str)
def test_http_answers_each_worked_example(example: WorkedExample) -> None:
    response = _ask(example)

    body = response.json
    assert response.status_code == 200
    assert body is not None
    assert body["status"] == example.status
    assert tuple(hop["tag"] for hop in body["path"]) == example.path
    assert (body["target"] or {}).get("tag") == (example.path[0] if example.path else None)
    assert example.warnings <= {warning["code"] for warning in body["warnings"]}
    alternatives = {found["code"]: found["image"]["tag"] for found in body["alternatives"]}
    assert example.alternatives.items() <= alternatives.items()
    rejected = {found["code"]: found["count"] for found in body["rejected"]}
    assert example.rejected.items() <= rejected.items()


@pytest.mark.parametrize("example", WORKED_EXAMPLES, ids=str)
def test_a_body_gets_the_answer_of_a_query(example: WorkedExample) -> None:
    client = build_client_over(ListedSource(example.lists))

    response = client.post("/v1/upgrade", json={"image": example.image, **example.query})

    assert response.status_code == 200
    assert response.json == _ask(example).json


@pytest.mark.parametrize("example", [each for each in WORKED_EXAMPLES if each.path], ids=str)
def test_text_gives_the_first_hop_once_its_critical_warnings_are_accepted(
    example: WorkedExample,
) -> None:
    told = _ask(example).json
    assert told is not None
    critical = [each["code"] for each in told["warnings"] if each["severity"] == "critical"]

    refused, given = _ask(example, format="text"), _ask(example, format="text", accept=critical)

    assert (refused.status_code == 409) is bool(critical)
    assert all(code in refused.text for code in critical)
    repository = example.image.partition(":")[0]
    assert (given.status_code, given.text) == (200, f"{repository}:{example.path[0]}\n")


@pytest.mark.parametrize("example", [each for each in WORKED_EXAMPLES if not each.path], ids=str)
def test_text_without_a_hop_is_empty_or_refused(example: WorkedExample) -> None:
    response = _ask(example, format="text")

    assert response.status_code == (409 if example.status is Status.BLOCKED else 204)


def test_the_major_version_is_the_only_thing_to_accept_on_the_way_to_4_2() -> None:
    example = next(each for each in WORKED_EXAMPLES if each.running == HADRON and each.path)

    refused = _ask(example, format="text")
    given = _ask(example, format="text", accept="major_jump")

    assert refused.status_code == 409
    assert refused.text.startswith("error: needs-acceptance: ")
    assert "major_jump" in refused.text
    assert (given.status_code, given.text) == (200, f"{ORGANISATION}/hadron:{HADRON_TARGET}\n")
