"""Answers of a whole application whose images are at a mirror: a real registry, and no other."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.app import create_app
from service.settings import Settings
from tests.integration.pushing import Pusher
from tests.servers import start_registry

OLD, NEW, LOST = (f"1-core-amd64-generic-v1.0.{patch}" for patch in range(3))
HADRON = "v0.0.1-core-amd64-generic-v1.0.2"


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Hold two official repositories elsewhere; the newest tag has lost its platform."""
    repositories = {"os/flavor": [OLD, NEW], "os/hadron": [HADRON]}
    with start_registry(tmp_path_factory.mktemp("mirror"), repositories) as address:
        Pusher(address, "os/flavor").push_image(LOST, "arm64")
        yield address


def build(mirror: str, **environ: str) -> FlaskClient:
    settings = {
        "ADVISOR_MIRRORS": f"quay.io/kairos={mirror}/os",
        "ADVISOR_INSECURE_REGISTRIES": mirror,
        "ADVISOR_PRIVATE_REGISTRIES": mirror,
        **environ,
    }
    return create_app(Settings.from_env(settings)).test_client()


def ask(client: FlaskClient, image: str, **query: str) -> TestResponse:
    return client.get("/v1/upgrade", query_string={"image": image, **query})


def test_mirror_alone_is_listed_and_verified(mirror: str) -> None:
    answer = ask(build(mirror), f"quay.io/kairos/flavor:{OLD}").json

    assert answer is not None
    assert answer["target"]["pinned"].startswith(f"quay.io/kairos/flavor:{NEW}@sha256:")
    assert answer["rejected"] == [{"code": "platform_missing", "count": 1, "example": LOST}]
    assert answer["support"]["verdict"] == "supported"
    assert (answer["target"]["signed"], answer["target"]["attested"]) == (False, False)


def test_text_names_the_mirror_where_it_shall(mirror: str) -> None:
    client = build(mirror, ADVISOR_ANSWER_WITH="mirror")

    response = ask(client, f"quay.io/kairos/flavor:{OLD}", format="text")

    assert response.status_code == 200
    assert response.text.startswith(f"{mirror}/os/flavor:{NEW}@sha256:")


def test_repository_that_is_not_at_the_mirror_is_looked_for_nowhere_else(mirror: str) -> None:
    response = ask(build(mirror), f"quay.io/kairos/other:{OLD}")

    assert response.status_code == 404
    assert response.json is not None
    assert response.json["code"] == "repository-not-found"


def test_repository_that_is_not_allowed_is_not_connected_to(mirror: str) -> None:
    response = ask(build(mirror), f"{mirror}/os/flavor:{OLD}")

    assert response.status_code == 403


def test_credential_file_that_cannot_be_used_stops_the_start(mirror: str, tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text('{"credsStore": "desktop"}')

    with pytest.raises(ValueError, match="credential helper"):
        build(mirror, ADVISOR_REGISTRY_AUTH_FILE=str(file))
