"""Verified targets: whether the registry can deliver an image for its architecture."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from threading import Lock

from service.adapters.call import Answer, Call
from service.adapters.deadline import Deadline
from service.adapters.delivery_record import DeliveryRecords
from service.adapters.flight import Seats
from service.adapters.manifest import ACCEPT, Manifest, read_manifest, read_platform
from service.adapters.registry_client import RegistryClient
from service.adapters.signature import find_signatures
from service.domain.delivery import Delivery, Signatures
from service.domain.image import Image
from service.domain.legality import Refusal
from service.domain.reference import Repository
from service.errors import RegistryError, RegistryUnavailableError

# The least that registries must take as a manifest; Kairos' have a few KiB, configurations less
# than 100. Source: OCI distribution-spec v1.1.1, "Pushing Manifests".
_MAX_BYTES = 4 * 1024 * 1024
_LOCKS = 64


class RegistryVerifier:
    """Asks registries for manifests, once for all who ask for the same one.

    Args:
        client: Its timeout bounds all that is verified for one question.
        records: What is known already.
        seats: How many may wait for registries; who finds none is told that nobody knows.
    """

    def __init__(self, client: RegistryClient, records: DeliveryRecords, seats: Seats) -> None:
        self._client = client
        self._records = records
        self._seats = seats
        self._locks = [Lock() for _ in range(_LOCKS)]

    def start(self) -> "Verification":
        """Begin the time of one question."""
        return Verification(self, Deadline(self._client.timeout))

    def deliver(self, image: Image, deadline: Deadline) -> Delivery:
        """Tell what is known of an image, or ask for it."""
        repository, tag = image.repository, str(image.tag)
        known = self._records.find_delivery(repository, tag)
        if known is not None:
            return known
        try:
            with self._seats.take(), self._turn(image, deadline):
                said = self._records.find_delivery(repository, tag)
                if said is None:
                    said = self._ask(image, deadline)
                    self._records.keep_delivery(repository, tag, said)
                return said
        except RegistryError as error:
            return Delivery(trouble=str(error))

    def find_signatures(self, image: Image, digest: str, deadline: Deadline) -> Signatures:
        """Tell what is known of an image's signatures, or ask for them."""
        repository = image.repository
        known = self._records.find_signatures(repository, digest)
        if known is not None:
            return known
        try:
            with self._seats.take():
                known = find_signatures(self._client, repository, digest, deadline)
        except RegistryUnavailableError:
            return Signatures()
        self._records.keep_signatures(repository, digest, known)
        return known

    @contextmanager
    def _turn(self, image: Image, deadline: Deadline) -> Iterator[None]:
        """Wait for who asks for the same image, and no longer than for an answer."""
        host = image.repository.registry
        lock = self._locks[hash(image) % _LOCKS]
        if not lock.acquire(timeout=deadline.left(host).total_seconds()):
            raise RegistryUnavailableError(f"{host} gave no answer in time")
        try:
            yield
        finally:
            lock.release()

    def _ask(self, image: Image, deadline: Deadline) -> Delivery:
        """Ask for an image; trouble is kept as well, so that not all who ask wait for it."""
        registry, tag = image.repository.registry, str(image.tag)
        try:
            answer = self._fetch(image.repository, f"manifests/{tag}", deadline)
            if answer.status == HTTPStatus.NOT_FOUND:
                return Delivery(refusal=Refusal.NOT_PULLABLE)
            return self._judge(image, read_manifest(answer), deadline)
        except ValueError as error:
            return Delivery(trouble=f"{registry}: the manifest of {tag} {error}")
        except RegistryError as error:
            return Delivery(trouble=str(error))

    def _judge(self, image: Image, manifest: Manifest, deadline: Deadline) -> Delivery:
        repository, platform = image.repository, f"linux/{image.tag.arch}"
        platforms = self._records.find_platforms(repository, manifest.digest)
        if platforms is None:
            platforms = self._find_platforms(repository, manifest, deadline)
            self._records.keep_platforms(repository, manifest.digest, platforms)
        digests = frozenset(filter(None, platforms.values()))
        if platform not in platforms:
            return Delivery(manifest.digest, digests, Refusal.PLATFORM_MISSING)
        child = platforms[platform]
        there = child is None or self._has(repository, child, deadline)
        return Delivery(manifest.digest, digests, None if there else Refusal.NOT_PULLABLE)

    def _find_platforms(
        self, repository: Repository, manifest: Manifest, deadline: Deadline
    ) -> dict[str, str | None]:
        if manifest.config is None:
            return dict(manifest.platforms)
        answer = self._fetch(repository, f"blobs/{manifest.config}", deadline)
        if answer.status == HTTPStatus.NOT_FOUND:
            raise ValueError("has lost its configuration")
        return {read_platform(answer.body, manifest.config): None}

    def _has(self, repository: Repository, digest: str, deadline: Deadline) -> bool:
        """Tell whether the image is there that an index holds for one platform."""
        if self._records.has(repository, digest):
            return True
        answer = self._fetch(repository, f"manifests/{digest}", deadline, method="HEAD")
        if answer.status == HTTPStatus.OK:
            self._records.keep_having(repository, digest)
        return answer.status == HTTPStatus.OK

    def _fetch(
        self, repository: Repository, path: str, deadline: Deadline, *, method: str = "GET"
    ) -> Answer:
        """Fetch a part of a repository that is there, or is said not to be."""
        url = f"{self._client.base_url(repository)}/{path}"
        call = Call(url, _MAX_BYTES, method, ACCEPT)
        answer = self._client.send(repository, call, deadline)
        if answer.status not in (HTTPStatus.OK, HTTPStatus.NOT_FOUND):
            raise RegistryError(
                f"{repository.registry} answered HTTP {answer.status} for a manifest of"
                f" {repository}"
            )
        return answer


class Verification:
    """All that is verified for one question, within one time. See TargetVerifier."""

    def __init__(self, verifier: RegistryVerifier, deadline: Deadline) -> None:
        self._verifier = verifier
        self._deadline = deadline

    def verify(self, image: Image) -> Delivery:
        """See TargetVerifier."""
        return self._verifier.deliver(image, self._deadline)

    def find_signatures(self, image: Image, digest: str) -> Signatures:
        """See TargetVerifier."""
        return self._verifier.find_signatures(image, digest, self._deadline)
