from service.domain.verification import RememberingVerifier
from tests.asking import read_image
from tests.fakes import DIGEST, FakeVerifier

ONE = read_image("quay.io/kairos/ubuntu:24.04-core-amd64-generic-v3.2.3")
OTHER = read_image("quay.io/kairos/ubuntu:24.04-core-amd64-generic-v3.2.4")


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
