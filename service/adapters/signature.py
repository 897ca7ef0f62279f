"""What cosign left beside an image: seen, not verified.

Source: cosign's signature and attestation specifications, and its bundle format as a referrer;
OCI distribution-spec v1.1.1, "Listing Referrers".
"""

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus

from service.adapters.call import Call
from service.adapters.deadline import Deadline
from service.adapters.manifest import ACCEPT
from service.adapters.next_page import find_next
from service.adapters.registry_client import RegistryClient
from service.domain.delivery import Signatures
from service.domain.reference import Repository
from service.errors import RegistryError

_MAX_BYTES = 512 * 1024
_MAX_PAGES = 5
_INDEX = {"Accept": "application/vnd.oci.image.index.v1+json"}
_SIGNATURE = "application/vnd.dev.cosign.artifact.sig.v1+json"
_BUNDLE = "application/vnd.dev.sigstore.bundle"
_CONTENT = "dev.sigstore.bundle.content"
_PREDICATE = "dev.sigstore.bundle.predicateType"

# As a bundle, a signature is a statement with this predicate.
_SIGNING_PREDICATE = "https://sigstore.dev/cosign/sign/v1"


def find_signatures(
    client: RegistryClient, repository: Repository, digest: str, deadline: Deadline
) -> Signatures:
    """Look beside a digest for a signature and an attestation, by tag and then as referrers."""
    name = digest.replace(":", "-", 1)
    signed = _has_tag(client, repository, f"{name}.sig", deadline)
    attested = _has_tag(client, repository, f"{name}.att", deadline)
    if signed and attested:
        return Signatures(signed, attested)
    try:
        referrers = list(_list_referrers(client, repository, digest, deadline))
    except (RegistryError, ValueError):
        # Absent by tag is then no proof of absence.
        return Signatures(signed or None, attested or None)
    return Signatures(
        True if any(map(_is_signature, referrers)) else signed,
        True if any(map(_is_attestation, referrers)) else attested,
    )


def _has_tag(
    client: RegistryClient, repository: Repository, tag: str, deadline: Deadline
) -> bool | None:
    call = Call(f"{client.base_url(repository)}/manifests/{tag}", _MAX_BYTES, "HEAD", ACCEPT)
    try:
        status = client.send(repository, call, deadline).status
    except RegistryError:
        return None
    known: dict[int, bool] = {HTTPStatus.OK: True, HTTPStatus.NOT_FOUND: False}
    return known.get(status)


def _list_referrers(
    client: RegistryClient, repository: Repository, digest: str, deadline: Deadline
) -> Iterator[Mapping[str, object]]:
    """List what refers to a digest; nothing where the registry has no such list.

    Raises:
        RegistryError: It cannot be asked.
        ValueError: It answers nonsense.
    """
    url = f"{client.base_url(repository)}/referrers/{digest}"
    for page in range(_MAX_PAGES):
        answer = client.send(repository, Call(url, _MAX_BYTES, headers=_INDEX), deadline)
        if page == 0 and answer.status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
            return
        if answer.status != HTTPStatus.OK:
            raise RegistryError(f"{repository.registry} lists no referrers")
        yield from client.read(repository, _read_referrers, answer.body, deadline)
        following = find_next(url, answer.headers.get("Link", ""))
        if following is None:
            return
        url = following
    raise RegistryError(f"{repository.registry} lists referrers without end")


def _read_referrers(body: bytes) -> list[Mapping[str, object]]:
    try:
        document = json.loads(body)
    except RecursionError as error:
        raise ValueError("is not JSON") from error
    found = document.get("manifests") if isinstance(document, dict) else None
    if not isinstance(found, list):
        raise ValueError("has no list")  # noqa: TRY004 - malformed, not misused
    return [referrer for referrer in found if isinstance(referrer, dict)]


def _is_signature(referrer: Mapping[str, object]) -> bool:
    kind, notes = _describe(referrer)
    if kind == _SIGNATURE:
        return True
    said = notes.get(_CONTENT) == "message-signature"
    return kind.startswith(_BUNDLE) and (said or notes.get(_PREDICATE) == _SIGNING_PREDICATE)


def _is_attestation(referrer: Mapping[str, object]) -> bool:
    kind, notes = _describe(referrer)
    said = notes.get(_CONTENT) == "dsse-envelope"
    return kind.startswith(_BUNDLE) and said and notes.get(_PREDICATE) != _SIGNING_PREDICATE


def _describe(referrer: Mapping[str, object]) -> tuple[str, Mapping[str, object]]:
    notes = referrer.get("annotations")
    return str(referrer.get("artifactType")), notes if isinstance(notes, dict) else {}
