"""Verified targets: whether the registry can deliver an image for its architecture."""

from functools import partial
from http import HTTPStatus

from service.adapters.background import Start
from service.adapters.call import Answer, Call
from service.adapters.deadline import Deadline
from service.adapters.delivery_record import DeliveryRecords
from service.adapters.errand import Errands
from service.adapters.flight import Seats
from service.adapters.manifest import ACCEPT, Manifest, read_manifest, read_platform
from service.adapters.registry_client import RegistryClient
from service.adapters.sharing import Sharing
from service.adapters.signature import find_signatures
from service.domain.delivery import Delivery, Signatures
from service.domain.image import Image
from service.domain.lease import Lease
from service.domain.legality import Refusal
from service.domain.reference import Repository
from service.errors import RegistryError, RegistryUnavailableError

# Kairos' manifests have a few KiB, configurations less than 100. Small values that are many take
# some thirty times their size in memory.
_MAX_BYTES = 512 * 1024


class RegistryVerifier:
    """Asks registries for manifests, once for all who ask for the same one.

    What is known of a tag is answered from at once. When it is due to be asked for again, that
    happens in the background, and trouble leaves what is known standing until its life ends.

    Args:
        client: Its timeout bounds all that is verified for one question.
        records: What is known already.
        sharing: Keeps other workers from asking for the same.
        seats: How many may wait for the unknown; who finds none is told that nobody knows.
        start: Does work in the background.
    """

    def __init__(
        self,
        client: RegistryClient,
        records: DeliveryRecords,
        sharing: Sharing,
        *,
        seats: Seats,
        start: Start,
    ) -> None:
        self._client = client
        self._records = records
        self._start = start
        self._deliveries: Errands[Delivery] = Errands(sharing, seats)
        self._signatures: Errands[Signatures] = Errands(sharing, seats)

    def start(self) -> "Verification":
        """Begin the time of one question."""
        return Verification(self, Deadline(self._client.timeout))

    def deliver(self, image: Image, deadline: Deadline) -> Delivery:
        """Tell what is known of an image, or ask for it."""
        subject = (image.repository, str(image.tag))
        known = self._records.find_delivery(*subject)
        if known is not None:
            if self._records.is_due(known):
                self._start(subject, lambda: self._renew(image))
            return known.said

        def find() -> Delivery | None:
            record = self._records.reread_delivery(*subject)
            return record.said if record else None

        try:
            return self._deliveries.wait_for(
                subject, find, lambda: self._ask_and_keep(image, deadline), deadline
            )
        except RegistryUnavailableError as error:
            return Delivery(trouble=str(error), retry_after_seconds=error.retry_after_seconds)

    def find_signatures(self, image: Image, digest: str, deadline: Deadline) -> Signatures:
        """Tell what is known of an image's signatures, or ask for them."""
        repository = image.repository

        def find() -> Signatures | None:
            return self._records.find_signatures(repository, digest)

        def ask() -> Signatures:
            seen = find_signatures(self._client, repository, digest, deadline)
            self._records.keep_signatures(repository, digest, seen)
            return seen

        try:
            return find() or self._signatures.wait_for((repository, digest), find, ask, deadline)
        except RegistryUnavailableError:
            return Signatures()

    def lease(self, image: Image, digest: str | None = None) -> Lease:
        """Promise for how long the same is known of an image, or of its signatures."""
        if digest is None:
            return self._records.lease_delivery(image.repository, str(image.tag))
        return self._records.lease_signatures(image.repository, digest)

    def _renew(self, image: Image) -> None:
        """Ask for an image that is due, unless another does or just did."""
        subject = (image.repository, str(image.tag))

        def find() -> Delivery | None:
            record = self._records.reread_delivery(*subject)
            return record.said if record and not self._records.is_due(record) else None

        deadline = Deadline(self._client.timeout)
        self._deliveries.go(subject, find, lambda: self._ask_and_keep(image, deadline))

    def _ask_and_keep(self, image: Image, deadline: Deadline) -> Delivery:
        """Ask for an image; trouble replaces nothing that stands."""
        repository, tag = image.repository, str(image.tag)
        said = self._ask(image, deadline)
        if said.trouble:
            known = self._records.reread_delivery(repository, tag)
            if known is not None and known.said.is_verified:
                if self._records.is_due(known):
                    self._records.postpone(repository, tag, known)
                return known.said
        self._records.keep_delivery(repository, tag, said)
        return said

    def _ask(self, image: Image, deadline: Deadline) -> Delivery:
        """Ask for an image; trouble is kept as well, so that not all who ask wait for it."""
        registry, tag = image.repository.registry, str(image.tag)
        try:
            answer = self._fetch(image.repository, f"manifests/{tag}", deadline)
            if answer.status == HTTPStatus.NOT_FOUND:
                return Delivery(refusal=Refusal.NOT_PULLABLE)
            manifest = self._client.read(image.repository, read_manifest, answer, deadline)
            return self._judge(image, manifest, deadline)
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
        config = manifest.config
        if config is None:
            return dict(manifest.platforms)
        answer = self._fetch(repository, f"blobs/{config}", deadline)
        if answer.status == HTTPStatus.NOT_FOUND:
            raise ValueError("has lost its configuration")
        read = partial(read_platform, digest=config)
        return {self._client.read(repository, read, answer.body, deadline): None}

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

    def lease(self, image: Image, digest: str | None = None) -> Lease:
        """See LeasingVerifier."""
        return self._verifier.lease(image, digest)
