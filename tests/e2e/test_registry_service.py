"""The service in front of a real registry with real tags, spoken to over HTTP only."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.deployment import wait_until
from tests.e2e.service import Service, choose_free_port, start_service
from tests.lists import REAL, load_listing
from tests.servers import start_registry
from tests.worked_examples import HADRON

LEAP = "opensuse:leap-15.5-standard-amd64-generic-v2.4.2-k3sv1.27.6-k3s1"
HADRON_TARGET = "hadron:v0.5.1-standard-amd64-generic-v4.2.0-k3s-v1.34.10-k3s1"


@dataclass(frozen=True, slots=True)
class Setup:
    """A service and the registry that it asks."""

    service: Service
    registry: str


def _settings(registry: str, **more: str) -> dict[str, str]:
    organisations = f"{registry}/kairos/*,{registry}/alone/*"
    return {
        "ADVISOR_REPOSITORIES": organisations,
        "ADVISOR_OFFICIAL_REPOSITORIES": organisations,
        "ADVISOR_PRIVATE_REGISTRIES": registry,
        "ADVISOR_INSECURE_REGISTRIES": registry,
        **more,
    }


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    """Run both; `alone` holds the real list, `kairos` has Hadron's beside it."""
    real, hadron = load_listing(REAL).tags, load_listing("hadron").tags
    repositories = {"alone/opensuse": real, "kairos/opensuse": real, "kairos/hadron": hadron}
    with (
        start_registry(tmp_path_factory.mktemp("registry"), repositories) as registry,
        start_service(tmp_path_factory.mktemp("service"), _settings(registry)) as service,
    ):
        yield Setup(service, registry)


def test_the_real_list_alone_is_up_to_date_without_a_verdict(setup: Setup) -> None:
    reply = setup.service.ask(f"{setup.registry}/alone/{LEAP}")

    assert reply.status == 200
    assert reply.json["status"] == "up_to_date"
    assert reply.json["support"]["verdict"] == "unknown"
    assert reply.json["catalogue"]["tags"] == 319
    assert "latest_branch_unknown" in [warning["code"] for warning in reply.json["warnings"]]
    assert [(each["code"], each["image"]["tag"]) for each in reply.json["alternatives"]] == [
        ("next_kubernetes_minor", "leap-15.5-standard-amd64-generic-v2.4.2-k3sv1.28.2-k3s1"),
    ]


def test_the_real_list_beside_hadron_is_at_the_end_of_its_line(setup: Setup) -> None:
    reply = setup.service.ask(f"{setup.registry}/kairos/{LEAP}")

    assert reply.status == 200
    assert reply.json["status"] == "end_of_line"
    assert reply.json["support"] == {
        "verdict": "end_of_line",
        "latest_branch": "4.2",
        "running_branch": "2.4",
    }


def test_hadron_is_upgraded(setup: Setup) -> None:
    reply = setup.service.ask(f"{setup.registry}/kairos/{HADRON}")

    assert reply.status == 200
    assert reply.json["status"] == "upgrade_available"
    target = f"{setup.registry}/kairos/{HADRON_TARGET}"
    assert reply.json["target"]["reference"] == target
    assert reply.json["target"]["verified"] is True
    pinned = reply.json["target"]["pinned"]
    assert re.fullmatch(re.escape(target) + "@sha256:[0-9a-f]{64}", pinned)
    assert reply.json["commands"]["kairos_agent"] == f"kairos-agent upgrade --source oci:{pinned}"
    assert reply.headers["Upgrade-Status"] == "upgrade_available"


def test_text_is_refused_until_the_major_version_is_accepted(setup: Setup) -> None:
    image = f"{setup.registry}/kairos/{HADRON}"

    refused = setup.service.ask(image, format="text")
    given = setup.service.ask(image, format="text", accept="major_jump")

    assert refused.status == 409
    assert refused.text.startswith("error: needs-acceptance: ")
    assert "major_jump" in refused.text
    assert given.status == 200
    assert given.text.startswith(f"{setup.registry}/kairos/{HADRON_TARGET}@sha256:")


def test_text_without_a_target_has_no_body(setup: Setup) -> None:
    reply = setup.service.ask(f"{setup.registry}/kairos/{LEAP}", format="text")

    assert (reply.status, reply.text) == (204, "")


@pytest.mark.parametrize(
    ("image", "status", "code"),
    [
        ("kairos/hadron:1 2", 400, "invalid-reference"),
        ("secret/hadron:v0.0.1-core-amd64-generic-v3.7.2", 403, "repository-not-allowed"),
        ("kairos/nothing:v0.0.1-core-amd64-generic-v3.7.2", 404, "repository-not-found"),
        ("kairos/hadron:v0.0.1-core-amd64-toaster-v3.7.2", 404, "stream-not-found"),
        ("kairos/hadron:latest", 422, "unversioned-tag"),
    ],
)
def test_an_error_is_a_problem(setup: Setup, image: str, status: int, code: str) -> None:
    reply = setup.service.ask(f"{setup.registry}/{image}")

    assert reply.status == status
    assert reply.headers.get_content_type() == "application/problem+json"
    assert reply.json["code"] == code
    assert reply.json["request_id"] == reply.headers["X-Request-ID"]


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[tuple[str, ExitStack]]:
    """A registry of its own for a test that stops it: its address, and what stops it."""
    with ExitStack() as stack:
        tags = {"kairos/hadron": load_listing("hadron").tags}
        yield stack.enter_context(start_registry(tmp_path / "registry", tags)), stack


def test_a_fresh_listing_is_served_as_it_is_when_the_registry_is_gone(
    registry: tuple[str, ExitStack],
    tmp_path: Path,
) -> None:
    address, running = registry
    settings = _settings(address, ADVISOR_FRESH_SECONDS="3600")
    with start_service(tmp_path, settings) as service:
        before = service.ask(f"{address}/kairos/{HADRON}")

        running.close()
        after = service.ask(f"{address}/kairos/{HADRON}")

    assert before.json["target"] is not None
    assert after.json == before.json
    assert after.json["catalogue"]["stale"] is False


def test_a_listing_that_is_no_longer_fresh_is_served_stale_when_the_registry_is_gone(
    registry: tuple[str, ExitStack],
    tmp_path: Path,
) -> None:
    address, running = registry
    with start_service(tmp_path, _settings(address, ADVISOR_FRESH_SECONDS="0")) as service:
        before = service.ask(f"{address}/kairos/{HADRON}")

        running.close()
        # The first answer does not wait for the registry to fail.
        wait_until(lambda: service.ask(f"{address}/kairos/{HADRON}").json["catalogue"]["stale"])
        after = service.ask(f"{address}/kairos/{HADRON}")

    assert before.json["catalogue"]["stale"] is False
    assert "stale_catalogue" in [warning["code"] for warning in after.json["warnings"]]
    assert after.json["target"]["reference"] == before.json["target"]["reference"]


def test_without_a_listing_a_registry_that_is_gone_is_unavailable(tmp_path: Path) -> None:
    address = f"127.0.0.1:{choose_free_port()}"
    with start_service(tmp_path, _settings(address)) as service:
        reply = service.ask(f"{address}/kairos/{HADRON}")

    assert reply.status == 503
    assert reply.json["code"] == "registry-unavailable"
    assert int(reply.headers["Retry-After"]) > 0
