from service.domain.delivery import Delivery
from service.domain.legality import Refusal
from service.domain.verification import RememberingVerifier
from tests.asking import read_image
from tests.fakes import DIGEST, FakeVerifier

ONE = read_image("quay.io/kairos/ubuntu:24.04-core-amd64-generic-v3.2.3")
OTHER = read_image("quay.io/kairos/ubuntu:24.04-core-amd64-generic-v3.2.4")
RC1, SAME = (
    read_image(f"quay.io/kairos/ubuntu:24.04-core-amd64-generic-v4.0.0-{rc}")
    for rc in ("RC1", "rc1")
)


def test_each_image_is_verified_once() -> None:
    verifier = FakeVerifier()
    remembering = RememberingVerifier(verifier)

    for image in (ONE, OTHER, ONE, OTHER):
        assert remembering.verify(image).digest == DIGEST
        assert remembering.find_signatures(image, DIGEST) == verifier.signatures

    repository = str(ONE.repository)
    assert verifier.asked == [
        str(ONE.reference),
        f"{repository}@{DIGEST}",
        str(OTHER.reference),
        f"{repository}@{DIGEST}",
    ]


def test_equal_versions_of_two_spellings_are_two_images() -> None:
    verifier = FakeVerifier()
    verifier.answers = {str(RC1.tag): Delivery(refusal=Refusal.NOT_PULLABLE)}
    remembering = RememberingVerifier(verifier)

    found = [remembering.verify(image).is_verified for image in (RC1, SAME)]

    assert RC1 == SAME
    assert found == [False, True]
