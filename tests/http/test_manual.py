"""What is upgraded by hand, through HTTP and by the rules that come with the service."""

import pytest
from flask.testing import FlaskClient

from service.domain.catalogue import Catalogue
from service.domain.reference import Repository
from service.errors import RepositoryNotFoundError
from tests.apps import FLAVOR, MANUAL, build_client, build_client_over
from tests.fakes import ImmediateSource
from tests.lists import LEGACY, load_catalogue
from tests.release_files import ERA_A

URL = "/v1/upgrade"
ORGANISATION = "quay.io/kairos"
LISTED = {"debian", "hadron", "opensuse", "ubuntu", *LEGACY}

# A legacy image, and the newest in its successor's running major, else the next, by Kubernetes.
RENAMED = [
    ("core-opensuse-leap:v2.4.1", "opensuse:leap-15.5-core-amd64-generic-v2.5.0"),
    ("core-opensuse-leap:v1.5.0", "opensuse:leap-15.5-core-amd64-generic-v2.5.0"),
    ("core-opensuse-tumbleweed:v2.4.1", "opensuse:tumbleweed-core-amd64-generic-v2.5.0"),
    ("core-debian:v2.4.1", "debian:bookworm-core-amd64-generic-v2.5.0"),
    ("core-ubuntu:v2.4.1", "ubuntu:23.10-core-amd64-generic-v2.5.0"),
    ("core-ubuntu-20-lts:v2.4.1", "ubuntu:20.04-core-amd64-generic-v2.5.0"),
    ("core-ubuntu-22-lts-arm-rpi:v2.4.1", "ubuntu:22.04-core-arm64-rpi4-v2.5.0"),
    (
        "kairos-opensuse-leap:v2.4.1-k3sv1.27.3-k3s1",
        "opensuse:leap-15.5-standard-amd64-generic-v2.5.0-k3sv1.27.9-k3s1",
    ),
    (
        "kairos-opensuse-leap:v2.4.1-k3sv1.25.11-k3s1",
        "opensuse:leap-15.5-standard-amd64-generic-v2.4.3-k3sv1.26.9-k3s1",
    ),
    (
        "kairos-opensuse-leap:v2.3.0-k3sv1.26.6-k3s1",
        "opensuse:leap-15.5-standard-amd64-generic-v2.5.0-k3sv1.27.9-k3s1",
    ),
    ("kairos-opensuse-leap:v2.4.1-k3sv1.24.6-k3s1", None),
    ("core-alpine-ubuntu:v1.2.0", None),
]

# Official images that boot nowhere until their owner has signed them.
TRUSTED_BOOT = [
    (
        "hadron:v0.4.0-core-amd64-generic-v4.1.2-uki",
        "hadron:v0.5.1-core-amd64-generic-v4.2.0-uki",
    ),
    (
        "ubuntu:24.04-core-amd64-generic-v3.5.0-uki",
        "ubuntu:24.04-core-amd64-generic-v3.7.2-uki",
    ),
]


class Listed(ImmediateSource):
    """Answers from the lists of the tests."""

    def fetch_catalogue(self, repository: Repository) -> Catalogue:
        if repository.flavor not in LISTED:
            raise RepositoryNotFoundError(f"{repository} is not listed")
        return load_catalogue(repository.flavor)


@pytest.fixture(scope="module")
def registry() -> FlaskClient:
    """Ask an app over the lists of the tests."""
    return build_client_over(Listed())


@pytest.mark.parametrize(("image", "successor"), [*RENAMED, *TRUSTED_BOOT])
def test_json_names_the_successor_and_no_target(
    registry: FlaskClient,
    image: str,
    successor: str | None,
) -> None:
    response = registry.get(URL, query_string={"image": f"{ORGANISATION}/{image}"})

    body = response.json
    assert response.status_code == 200
    assert body is not None
    assert (body["status"], body["target"], body["path"]) == ("manual", None, [])
    named = body["successor"] and body["successor"]["reference"]
    assert named == (successor and f"{ORGANISATION}/{successor}")
    assert body["running"]["reference"] == f"{ORGANISATION}/{image}"
    assert (body["alternatives"], body["commands"]["kairos_agent"]) == ([], None)
    assert body["change"] == {"kairos": "none", "kubernetes": "none", "flavor_release": False}


@pytest.mark.parametrize(("image", "renamed"), [(RENAMED[0][0], True), (TRUSTED_BOOT[0][0], False)])
def test_only_what_was_renamed_is_told_as_renamed(
    registry: FlaskClient,
    image: str,
    *,
    renamed: bool,
) -> None:
    response = registry.get(URL, query_string={"image": f"{ORGANISATION}/{image}"})

    codes = response.headers["Upgrade-Warnings"].split(", ")
    assert ("repository_renamed" in codes) is renamed


@pytest.mark.parametrize(("image", "successor"), [*RENAMED, *TRUSTED_BOOT])
def test_text_refuses_and_names_the_successor(
    registry: FlaskClient,
    image: str,
    successor: str | None,
) -> None:
    query = {"image": f"{ORGANISATION}/{image}", "format": "text", "accept": "major_jump"}

    response = registry.get(URL, query_string=query)

    assert (response.status_code, response.mimetype) == (409, "text/plain")
    assert response.text.startswith("error: manual: ")
    assert successor is None or f"{ORGANISATION}/{successor}" in response.text
    assert response.headers["Upgrade-Status"] == "manual"


def test_text_does_not_speak_of_a_successor_where_there_is_none(registry: FlaskClient) -> None:
    query = {"image": f"{ORGANISATION}/core-alpine-ubuntu:v1.2.0", "format": "text"}

    response = registry.get(URL, query_string=query)

    assert "rebuild from its successor" not in response.text


def test_a_successor_that_the_registry_does_not_have_and_no_list_is_a_problem(
    registry: FlaskClient,
) -> None:
    response = registry.get(URL, query_string={"image": f"{ORGANISATION}/core-fedora:v2.4.1"})

    assert response.status_code == 404
    assert response.json is not None
    assert response.json["code"] == "repository-not-found"


def test_trusted_boot_that_is_the_newest_is_up_to_date(registry: FlaskClient) -> None:
    image = f"{ORGANISATION}/hadron:v0.5.1-core-amd64-generic-v4.2.0-uki"

    response = registry.get(URL, query_string={"image": image})

    assert response.json is not None
    assert (response.json["status"], response.json["successor"]) == ("up_to_date", None)


@pytest.mark.parametrize("boot_state", ["passive", "recovery"])
@pytest.mark.parametrize("image", [RENAMED[0][0], TRUSTED_BOOT[0][0]])
def test_a_node_that_rolled_back_is_blocked_before_it_is_manual(
    registry: FlaskClient,
    image: str,
    boot_state: str,
) -> None:
    query = {"image": f"{ORGANISATION}/{image}", "boot_state": boot_state}

    response = registry.get(URL, query_string=query)

    assert response.json is not None
    assert (response.json["status"], response.json["successor"]) == ("blocked", None)


def test_a_release_file_of_a_legacy_image_names_its_successor(registry: FlaskClient) -> None:
    file = ERA_A.replace("kairos-opensuse-arm-rpi", "kairos-opensuse-leap").replace(
        "v1.3.2-k3sv1.25.4+k3s1", "v2.4.1-k3sv1.27.3+k3s1"
    )

    response = registry.post(URL, data=file, content_type="text/plain")

    assert response.json is not None
    assert response.json["running"]["reference"] == f"{ORGANISATION}/{RENAMED[7][0]}"
    assert response.json["successor"]["reference"] == f"{ORGANISATION}/{RENAMED[7][1]}"


def test_trusted_boot_told_by_the_file_alone_is_manual(registry: FlaskClient) -> None:
    image = f"{ORGANISATION}/{TRUSTED_BOOT[0][0].removesuffix('-uki')}"

    pulled = registry.get(URL, query_string={"image": image})
    told = registry.post(
        URL,
        data='KAIROS_TRUSTED_BOOT="true"\n',
        query_string={"image": image},
        content_type="text/plain",
    )

    assert pulled.json is not None
    assert told.json is not None
    assert pulled.json["status"] == "upgrade_available"
    assert (told.json["status"], told.json["target"]) == ("manual", None)
    assert told.json["running"]["trusted_boot"] is True
    assert told.json["successor"]["reference"] == f"{ORGANISATION}/{TRUSTED_BOOT[0][1]}"


TOLD = """\
KAIROS_FLAVOR="hadron"
KAIROS_FLAVOR_RELEASE="v0.4.0"
KAIROS_VARIANT="core"
KAIROS_TARGETARCH="amd64"
KAIROS_MODEL="generic"
KAIROS_TRUSTED_BOOT="true"
KAIROS_RELEASE="{release}"
"""
ARTIFACT = 'KAIROS_ARTIFACT="kairos-hadron-v0.4.0-core-amd64-generic-{release}"\n'


@pytest.mark.parametrize("file", [TOLD, TOLD + ARTIFACT])
@pytest.mark.parametrize(("release", "warned"), [("v4.1.2", False), ("v4.1.9", True)])
def test_trusted_boot_of_a_published_release_is_published(
    file: str,
    release: str,
    *,
    warned: bool,
) -> None:
    client = build_client_over(Listed(), ADVISOR_DEFAULT_ORGANISATION=ORGANISATION)

    response = client.post(URL, data=file.format(release=release), content_type="text/plain")

    assert response.json is not None
    assert response.json["running"]["trusted_boot"] is True
    codes = [warning["code"] for warning in response.json["warnings"]]
    assert ("running_not_published" in codes) is warned


def test_trusted_boot_of_ones_own_is_pulled() -> None:
    client = build_client(ADVISOR_OFFICIAL_REPOSITORIES="registry.example/none")

    response = client.get(URL, query_string={"image": MANUAL})

    assert response.json is not None
    assert response.json["status"] == "upgrade_available"
    assert response.json["target"]["reference"] == f"{FLAVOR}:1-core-amd64-generic-v1.1.0-uki"
