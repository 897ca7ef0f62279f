"""What others said while one question was answered, and whether they still say the same."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from weakref import ReferenceType, ref

from service.domain.catalogue import Catalogue, CatalogueSource
from service.domain.delivery import Delivery, Signatures, TargetVerifier
from service.domain.image import Image
from service.domain.reference import Repository
from service.errors import ServiceError

# Weakly, for a list that was replaced must not stay in memory with what was made of it.
_Listed = tuple[Repository, ReferenceType[Catalogue]]


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

    def is_repeated_by(
        self, source: CatalogueSource, start_verifying: Callable[[], TargetVerifier] | None
    ) -> bool:
        """Ask all of it again; tell whether the same is answered.

        This is what deciding anew would ask, in the same way. So all that would be noticed is
        noticed, as soon, and what is due is refreshed in the background.
        """
        if self.has_gaps:
            return False
        try:
            return (
                all(source.fetch_catalogue(name) is known() for name, known in self.catalogues)
                and all(source.fetch_soon(name) is known() for name, known in self.catalogues_soon)
                and self._is_verified_alike(start_verifying)
            )
        except ServiceError:
            return False

    def _is_verified_alike(self, start_verifying: Callable[[], TargetVerifier] | None) -> bool:
        if start_verifying is None or not self.deliveries:
            return True
        verifier = start_verifying()
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
