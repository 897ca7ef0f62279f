"""An operator's own file of rules: each kind of entry changes an answer, wherever it applies."""

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.apps import build_client_over, build_source

OFFICIAL, OWN = "quay.io/kairos", "registry.example/team"
STREAM = "14-standard-amd64-generic"
TAGS = [
    f"{STREAM}-v4.0.0-k3s-v1.33.8-k3s1",
    f"{STREAM}-v4.0.1-k3s-v1.33.8-k3s1",
    f"{STREAM}-v4.0.1-k3s-v1.34.4-k3s1",
    f"{STREAM}-v4.1.0-k3s-v1.33.9-k3s1",
    f"{STREAM}-v4.1.0-k3s-v1.34.7-k3s1",
]
RUNNING, PATCH, PATCH_1_34, NEWEST, NEWEST_1_34 = TAGS
LISTS = {
    **{f"{organisation}/debian": TAGS for organisation in (OFFICIAL, OWN)},
    f"{OFFICIAL}/hadron": ["v0.0.4-core-amd64-generic-v4.0.0"],
    f"{OWN}/old": TAGS,
}

pytestmark = pytest.mark.parametrize("organisation", [OFFICIAL, OWN])


class Rules:
    """A service with a file of rules."""

    def __init__(self, directory: Path, organisation: str) -> None:
        self._file = directory / "rules.yaml"
        self._organisation = organisation
        self.client: FlaskClient | None = None

    def write(self, text: str) -> None:
        """Write the file, after its version, and start the service."""
        self._file.write_text(f"version: 1\n{text}")
        self.client = build_client_over(
            build_source(LISTS),
            ADVISOR_REPOSITORIES=f"{OFFICIAL}/*,{OWN}/*",
            ADVISOR_RULES_FILE=str(self._file),
        )

    def ask(self, repository: str = "debian", **query: str) -> dict[str, Any]:
        assert self.client is not None
        image = f"{self._organisation}/{repository}:{RUNNING}"
        response = self.client.get("/v1/upgrade", query_string={"image": image, **query})
        body: dict[str, Any] | None = response.json
        assert response.status_code == 200
        assert body is not None
        return body

    def ask_for_text(self, **query: str) -> tuple[int, str]:
        assert self.client is not None
        image = f"{self._organisation}/debian:{RUNNING}"
        query = {"image": image, "format": "text", **query}
        response = self.client.get("/v1/upgrade", query_string=query)
        return response.status_code, response.text


@pytest.fixture
def rules(tmp_path: Path, organisation: str) -> Rules:
    return Rules(tmp_path, organisation)


def _target(body: dict[str, Any]) -> str | None:
    return body["target"] and str(body["target"]["tag"])


def _rejected(body: dict[str, Any]) -> dict[str, int]:
    return {each["code"]: each["count"] for each in body["rejected"]}


def _advisory(name: str, severity: str, to: str = ">=4.1.0") -> str:
    return f"""\
advisories:
  - id: {name}
    from: "<4.1.0"
    to: "{to}"
    severity: {severity}
    summary: Mind the gap.
    url: https://wiki.example/gap
    source: the platform team
"""


def test_a_file_without_entries_changes_nothing(rules: Rules) -> None:
    rules.write("")

    body = rules.ask()

    assert (body["status"], _target(body)) == ("upgrade_available", NEWEST)
    assert body["warnings"] == []


def test_an_advisory_is_told(rules: Rules) -> None:
    rules.write(_advisory("own-gap", "warning"))

    body = rules.ask()

    assert _target(body) == NEWEST
    assert body["warnings"] == [
        {
            "code": "advisory:own-gap",
            "severity": "warning",
            "message": "Mind the gap.",
            "url": "https://wiki.example/gap",
        },
    ]


def test_an_advisory_of_another_step_is_not_told(rules: Rules) -> None:
    rules.write(_advisory("own-gap", "warning", to=">=4.2.0"))

    body = rules.ask()

    assert body["warnings"] == []


# Each is an id that a file may have.
@pytest.mark.parametrize("name", ["own-gap", "Own_Gap.2", "7", "a" * 100])
def test_a_critical_advisory_stops_text_until_it_is_accepted(rules: Rules, name: str) -> None:
    rules.write(_advisory(name, "critical"))

    refused = rules.ask_for_text()
    given = rules.ask_for_text(accept=f"advisory:{name}")

    assert refused[0] == 409
    assert f"accept=advisory:{name}" in refused[1]
    assert given[0] == 200
    assert given[1].endswith(f":{NEWEST}\n")


def test_a_withdrawn_release_is_never_offered(rules: Rules) -> None:
    rules.write("withdrawn: [{release: v4.1.0, summary: It burns., url: 'https://wiki.example'}]")

    body = rules.ask()

    assert _target(body) == PATCH
    assert all(hop["version"] != "v4.1.0" for hop in body["path"])
    assert _rejected(body)["withdrawn"] == 2
    assert [each["image"]["version"] for each in body["alternatives"]] == ["v4.0.1"]


def test_a_withdrawn_release_may_be_so_for_some_images_only(rules: Rules) -> None:
    rules.write(
        "withdrawn: [{release: v4.1.0, applies: {variant: core}, summary: s, url: 'https://u'}]"
    )

    body = rules.ask()

    assert _target(body) == NEWEST


def test_all_newer_releases_withdrawn_block_the_way(rules: Rules) -> None:
    withdrawn = (f"  - {{release: {each}, summary: s, url: u}}\n" for each in ("v4.0.1", "v4.1.0"))
    rules.write(f"withdrawn:\n{''.join(withdrawn)}")

    body = rules.ask()

    assert (body["status"], _rejected(body)) == ("blocked", {"withdrawn": 4})


def test_a_barrier_is_gone_around(rules: Rules) -> None:
    rules.write("""\
barriers:
  - id: own-barrier
    from: "<4.0.1"
    to: ">=4.1.0"
    summary: Stop at 4.0.1.
    url: https://wiki.example/barrier
    source: the platform team
""")

    body = rules.ask()

    assert [hop["tag"] for hop in body["path"]] == [PATCH, NEWEST]
    assert _rejected(body) == {"barrier": 2}


@pytest.mark.parametrize(
    ("policy", "query", "target"),
    [
        ("max_step: patch", {}, PATCH),
        ("max_step: patch", {"max_step": "major"}, PATCH),
        ("max_step: minor", {"max_step": "patch"}, PATCH),
        ("max_version: v4.0.1", {}, PATCH),
        ("max_version: '4.0'", {"max_version": "4.1"}, PATCH),
        ("max_version: '4.1'", {"max_version": "4.0"}, PATCH),
        ("kubernetes: next", {}, NEWEST_1_34),
        ("kubernetes: latest", {}, NEWEST_1_34),
        ("kubernetes: latest", {"kubernetes": "minimal"}, NEWEST),
        ("kubernetes: keep", {"kubernetes": "latest"}, NEWEST),
        ("max_kubernetes: '1.33'", {"kubernetes": "latest"}, NEWEST),
        ("max_kubernetes: '1.34'", {"kubernetes": "latest", "max_kubernetes": "1.33"}, NEWEST),
        ("freeze: true", {}, None),
        ("freeze: false", {}, NEWEST),
    ],
)
def test_a_policy_is_a_default_that_a_caller_may_only_narrow(
    rules: Rules,
    organisation: str,
    policy: str,
    query: dict[str, str],
    target: str | None,
) -> None:
    rules.write(f"policies: [{{repositories: ['{organisation}/*'], {policy}}}]")

    body = rules.ask(**query)

    assert _target(body) == target
    assert body["status"] == ("upgrade_available" if target else "withheld")


def test_a_policy_for_other_repositories_changes_nothing(rules: Rules, organisation: str) -> None:
    rules.write(f"policies: [{{repositories: ['{organisation}/ubuntu'], freeze: true}}]")

    body = rules.ask()

    assert _target(body) == NEWEST


def test_what_the_operator_stops_is_no_alternative(rules: Rules, organisation: str) -> None:
    rules.write(f"policies: [{{repositories: ['{organisation}/*'], freeze: true}}]")

    body = rules.ask()

    assert (body["status"], body["alternatives"]) == ("withheld", [])
    assert _rejected(body) == {"excluded": 4}


def test_an_ended_stream_says_so_once_its_last_release_is_listed(rules: Rules) -> None:
    rules.write("""\
ended:
  - applies: {flavor: debian, flavor_release: "14"}
    last: v4.1.0
    summary: We have moved to Hadron.
    url: https://wiki.example/hadron
""")

    body = rules.ask()

    assert _target(body) == NEWEST
    assert [(each["code"], each["message"], each["url"]) for each in body["warnings"]] == [
        ("stream_end_of_line", "We have moved to Hadron.", "https://wiki.example/hadron"),
    ]


def test_a_stream_whose_last_release_runs_is_at_the_end_of_its_line(
    rules: Rules,
    organisation: str,
) -> None:
    rules.write("""\
ended:
  - {applies: {flavor: debian}, last: v4.1.0, summary: The end., url: 'https://wiki.example'}
""")
    assert rules.client is not None
    image = f"{organisation}/debian:{NEWEST}"

    response = rules.client.get("/v1/upgrade", query_string={"image": image})

    assert response.json is not None
    assert response.json["status"] == "end_of_line"


def test_a_renamed_repository_names_its_successor(rules: Rules, organisation: str) -> None:
    rules.write(f"""\
renamed:
  - repository: {OWN}/old
    to: {{repository: {organisation}/debian, flavor_release: "14",
         variant: standard, arch: amd64, model: generic}}
""")
    assert rules.client is not None

    response = rules.client.get("/v1/upgrade", query_string={"image": f"{OWN}/old:{RUNNING}"})

    body = response.json
    assert body is not None
    assert (body["status"], body["target"]) == ("manual", None)
    assert body["successor"]["reference"] == f"{organisation}/debian:{NEWEST}"
    assert "repository_renamed" in [each["code"] for each in body["warnings"]]
