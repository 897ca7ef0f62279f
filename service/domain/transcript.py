"""What others said while one question was answered, and for how long they say the same."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from weakref import ReferenceType, ref

from service.domain.catalogue import Catalogue, CatalogueSource
from service.domain.delivery import Delivery, Signatures, TargetVerifier
from service.domain.image import Image
from service.domain.lease import Lease
from service.domain.reference import Repository
from service.errors import ServiceError

# Weakly, for a list that was replaced must not stay in memory with what was made of it.
_Listed = tuple[Repository, ReferenceType[Catalogue]]


class LeasingSource(CatalogueSource, Protocol):
    """A catalogue source that can promise not to change its mind for a while."""

    def lease(self, repository: Repository) -> Lease:
        """Promise to give the same catalogue as next, by either way to one."""


class LeasingVerifier(TargetVerifier, Protocol):
    """A verifier that can promise the same."""

    def lease(self, image: Image, digest: str | None = None) -> Lease:
        """Promise to tell the same of an image as next, or of what stands beside its digest."""


# Begins the time in which one question may be verified.
StartLeasing = Callable[[], LeasingVerifier]


@dataclass(slots=True)
class Transcript:
    """The answers of a catalogue source and of a verifier, in the order of their questions.

    Rules and settings stand as long as a process does, and the domain has no clock: what is decided
    on a transcript can change only when one of these questions is answered otherwise.

    Attributes:
        has_gaps: Whether a question failed, so that there is nothing to compare with.
    """

    catalogues: list[_Listed] = field(default_factory=list)
    catalogues_soon: list[_Listed] = field(default_factory=list)
    deliveries: list[tuple[Image, Delivery]] = field(default_factory=list)
    signatures: list[tuple[Image, str, Signatures]] = field(default_factory=list)
    has_gaps: bool = False

    def repeat(
        self, source: LeasingSource, start_verifying: StartLeasing | None
    ) -> Sequence[Lease] | None:
        """Ask all of it again.

        This is what deciding anew would ask, in the same way. So all that would be noticed is
        noticed, as soon, and what is due is refreshed in the background.

        Returns:
            The promises by which the same would be answered once more without asking; None where
            something else was answered now.
        """
        verifier = start_verifying() if start_verifying and self.deliveries else None
        leases = self._take_leases(source, verifier)
        try:
            same = (
                not self.has_gaps
                and all(source.fetch_catalogue(name) is known() for name, known in self.catalogues)
                and all(source.fetch_soon(name) is known() for name, known in self.catalogues_soon)
                and (verifier is None or self._is_verified_alike(verifier))
            )
        except ServiceError:
            return None
        return leases if same else None

    def _take_leases(
        self, source: LeasingSource, verifier: LeasingVerifier | None
    ) -> Sequence[Lease]:
        leases = [source.lease(name) for name, _ in (*self.catalogues, *self.catalogues_soon)]
        if verifier:
            leases += [verifier.lease(image) for image, _ in self.deliveries]
            leases += [verifier.lease(image, digest) for image, digest, _ in self.signatures]
        return leases

    def _is_verified_alike(self, verifier: TargetVerifier) -> bool:
        return all(verifier.verify(image) == known for image, known in self.deliveries) and all(
            verifier.find_signatures(image, digest) == known
            for image, digest, known in self.signatures
        )


class TranscribedSource:
    """A catalogue source that writes down what another says."""

    def __init__(self, source: CatalogueSource, transcript: Transcript) -> None:
        self._source = source
        self._transcript = transcript

    def fetch_catalogue(self, repository: Repository) -> Catalogue:
        """See CatalogueSource."""
        return self._write(self._source.fetch_catalogue, repository, self._transcript.catalogues)

    def fetch_soon(self, repository: Repository) -> Catalogue:
        """See CatalogueSource."""
        return self._write(self._source.fetch_soon, repository, self._transcript.catalogues_soon)

    def fetch_many_soon(self, repositories: Iterable[Repository]) -> Mapping[Repository, Catalogue]:
        """See CatalogueSource; which of them are missing is not written down."""
        self._transcript.has_gaps = True
        return self._source.fetch_many_soon(repositories)

    def _write(
        self,
        fetch: Callable[[Repository], Catalogue],
        repository: Repository,
        listed: list[_Listed],
    ) -> Catalogue:
        try:
            catalogue = fetch(repository)
        except ServiceError:
            self._transcript.has_gaps = True
            raise
        listed.append((repository, ref(catalogue)))
        return catalogue


class TranscribedVerifier:
    """A verifier that writes down what another says. See TargetVerifier."""

    def __init__(self, verifier: TargetVerifier, transcript: Transcript) -> None:
        self._verifier = verifier
        self._transcript = transcript

    def verify(self, image: Image) -> Delivery:
        """See TargetVerifier."""
        delivery = self._verifier.verify(image)
        self._transcript.deliveries.append((image, delivery))
        return delivery

    def find_signatures(self, image: Image, digest: str) -> Signatures:
        """See TargetVerifier."""
        signatures = self._verifier.find_signatures(image, digest)
        self._transcript.signatures.append((image, digest, signatures))
        return signatures
