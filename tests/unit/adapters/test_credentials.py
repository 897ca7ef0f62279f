import json
from base64 import b64encode
from pathlib import Path

import pytest

from service.adapters.credentials import Credentials, CredentialsError


def load(directory: Path, document: object) -> Credentials:
    file = directory / "config.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    return Credentials.load(file)


def encode(text: str) -> str:
    return b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("key", "registry"),
    [
        ("quay.io", "quay.io"),
        ("https://quay.io", "quay.io"),
        ("https://quay.io/v2/", "quay.io"),
        ("Registry.Local:5000", "registry.local:5000"),
        ("https://index.docker.io/v1/", "docker.io"),
        ("docker.io", "docker.io"),
        ("registry-1.docker.io", "docker.io"),
    ],
)
def test_credentials_are_found_by_the_registry_of_a_reference(
    tmp_path: Path, key: str, registry: str
) -> None:
    credential = load(tmp_path, {"auths": {key: {"auth": encode("me:p:w")}}}).find(registry)

    assert credential is not None
    assert (credential.username, credential.password) == ("me", "p:w")


@pytest.mark.parametrize("registry", ["quay.io:443", "sub.quay.io", "quay.io.evil", "evil", ""])
def test_credentials_are_for_their_own_host_alone(tmp_path: Path, registry: str) -> None:
    credentials = load(tmp_path, {"auths": {"quay.io": {"auth": encode("me:pw")}}})

    assert credentials.find(registry) is None
    assert credentials.fingerprint(registry) == "anonymous"


def test_fingerprints_tell_credentials_apart_and_nothing_else(tmp_path: Path) -> None:
    one = load(tmp_path, {"auths": {"quay.io": {"auth": encode("me:pw")}}})
    same = load(tmp_path, {"auths": {"quay.io": {"username": "me", "password": "pw"}}})
    other = load(tmp_path, {"auths": {"quay.io": {"auth": encode("me:other")}}})

    assert one.fingerprint("quay.io") == same.fingerprint("quay.io")
    assert one.fingerprint("quay.io") != other.fingerprint("quay.io")
    assert len(one.fingerprint("quay.io")) == 16


SECRET = "hunter2"  # noqa: S105 - looked for where it must not be


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (f"{{{SECRET}", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ([SECRET], "is not an object"),
        ({"auths": [SECRET]}, "no object"),
        ({"credsStore": "desktop", "auths": {"quay.io": {}}}, "credential helper"),
        ({"credHelpers": {"quay.io": "x"}}, "credential helper"),
        ({"auths": {"quay.io": {}}}, "no auth"),
        ({"auths": {"quay.io": SECRET}}, "something else than texts"),
        ({"auths": {"quay.io": {"auth": 1}}}, "something else than texts"),
        ({"auths": {"quay.io": {"auth": f"{SECRET}!"}}}, "not base64"),
        ({"auths": {"quay.io": {"auth": encode(SECRET)}}}, "without a colon"),
        ({"auths": {"quay.io": {"username": SECRET}}}, "no auth"),
        ({"auths": {"quay.io/kairos": {"auth": encode(f"me:{SECRET}")}}}, "whole registries"),
    ],
)
def test_file_that_cannot_be_used_is_refused_without_its_secrets(
    tmp_path: Path, document: object, reason: str
) -> None:
    with pytest.raises(CredentialsError, match=reason) as caught:
        load(tmp_path, document)

    told = f"{caught.value!r} {caught.value.__cause__!r}"
    assert SECRET not in told
    assert encode(SECRET) not in told
    assert "ADVISOR_REGISTRY_AUTH_FILE" in told


def test_credentials_are_not_shown(tmp_path: Path) -> None:
    credentials = load(
        tmp_path,
        {"auths": {"quay.io": {"auth": encode(f"{SECRET}:{SECRET}"), "identitytoken": SECRET}}},
    )

    assert SECRET not in repr(credentials.find("quay.io"))
