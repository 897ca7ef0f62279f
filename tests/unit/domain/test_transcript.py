import gc
from collections.abc import Callable

import pytest

from service.domain.delivery import Delivery, Signatures
from service.domain.image import Image
from service.domain.reference import Reference, Repository
from service.domain.transcript import TranscribedSource, TranscribedVerifier, Transcript
from service.errors import RegistryUnavailableError
from tests.apps import FLAVOR, FLAVOR_TAGS, UPGRADABLE
from tests.fakes import DIGEST, FakeTagSource, FakeVerifier, build_cache

REPOSITORY = Repository.parse(FLAVOR)
IMAGE = Image.identify(Reference.parse(UPGRADABLE))


@pytest.fixture
def tags() -> FakeTagSource:
    tags = FakeTagSource()
    tags.answers = {REPOSITORY: FLAVOR_TAGS}
    return tags


def _fetch(source: TranscribedSource) -> None:
    source.fetch_catalogue(REPOSITORY)


def _fetch_soon(source: TranscribedSource) -> None:
    source.fetch_soon(REPOSITORY)


@pytest.mark.parametrize("fetch", [_fetch, _fetch_soon])
def test_another_catalogue_is_no_repetition(
    tags: FakeTagSource, fetch: Callable[[TranscribedSource], None]
) -> None:
    transcript, cache = Transcript(), build_cache(tags)
    fetch(TranscribedSource(cache, transcript))

    assert transcript.repeat(cache, None) is not None
    assert transcript.repeat(build_cache(tags), None) is None


@pytest.mark.parametrize("fetch", [_fetch, _fetch_soon])
def test_a_failure_is_a_gap(
    tags: FakeTagSource, fetch: Callable[[TranscribedSource], None]
) -> None:
    transcript, cache = Transcript(), build_cache(tags)
    tags.answers = {REPOSITORY: RegistryUnavailableError("silent")}

    with pytest.raises(RegistryUnavailableError):
        fetch(TranscribedSource(cache, transcript))

    assert transcript.has_gaps
    assert transcript.repeat(cache, None) is None


def test_what_is_missing_of_many_is_a_gap(tags: FakeTagSource) -> None:
    transcript, cache = Transcript(), build_cache(tags)

    found = TranscribedSource(cache, transcript).fetch_many_soon([REPOSITORY])

    assert list(found) == [REPOSITORY]
    assert transcript.has_gaps


def test_a_failure_now_is_no_repetition(tags: FakeTagSource) -> None:
    transcript = Transcript()
    _fetch(TranscribedSource(build_cache(tags), transcript))
    tags.answers = {REPOSITORY: RegistryUnavailableError("silent")}

    assert transcript.repeat(build_cache(tags), None) is None


def test_a_catalogue_is_not_held_in_memory(tags: FakeTagSource) -> None:
    transcript = Transcript()
    _fetch(TranscribedSource(build_cache(tags), transcript))

    gc.collect()

    ((_, known),) = transcript.catalogues
    assert known() is None


@pytest.mark.parametrize(
    ("delivery", "signatures", "is_repeated"),
    [
        (Delivery(DIGEST), Signatures(), True),
        (Delivery(f"sha256:{'b' * 64}"), Signatures(), False),
        (Delivery(trouble="no answer"), Signatures(), False),
        (Delivery(DIGEST), Signatures(signed=True), False),
    ],
)
def test_another_finding_is_no_repetition(
    tags: FakeTagSource,
    delivery: Delivery,
    signatures: Signatures,
    is_repeated: bool,  # noqa: FBT001 - a column of the table
) -> None:
    transcript, cache, verifier = Transcript(), build_cache(tags), FakeVerifier()
    transcribed = TranscribedVerifier(verifier, transcript)
    transcribed.verify(IMAGE)
    transcribed.find_signatures(IMAGE, DIGEST)

    verifier.answers[str(IMAGE.tag)] = delivery
    verifier.signatures = signatures

    assert (transcript.repeat(cache, verifier) is not None) is is_repeated
