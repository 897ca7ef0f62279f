import pytest

from service.adapters.mirror import MirroredTagSource
from service.domain.mirror import Mirrors
from service.domain.reference import Repository
from service.errors import RegistryUnavailableError, RepositoryNotFoundError
from tests.fakes import FakeTagSource


@pytest.mark.parametrize(
    ("asked", "listed"),
    [
        ("quay.io/kairos/ubuntu", "registry.local:5000/kairos/ubuntu"),
        ("quay.io/kairos/hadron", "registry.local:5000/os"),
        ("quay.io/kairos/hadron/beta", "registry.local:5000/os/beta"),
        ("quay.io/kairos-community/ubuntu", "quay.io/kairos-community/ubuntu"),
        ("quay.io/kairos/hadron2", "registry.local:5000/kairos/hadron2"),
        ("docker.io/library/ubuntu", "[::1]:5000/hub/library/ubuntu"),
        ("ghcr.io/kairos/ubuntu", "ghcr.io/kairos/ubuntu"),
    ],
)
def test_longest_mirror_by_whole_segments_is_listed_and_nothing_else(
    asked: str, listed: str
) -> None:
    repository, place = Repository.parse(asked), Repository.parse(listed)
    source = FakeTagSource()
    source.answers[place] = ["one"]
    mirrored = MirroredTagSource(
        source,
        Mirrors(
            {
                "quay.io/kairos": "registry.local:5000/kairos",
                "quay.io/kairos/hadron": "registry.local:5000/os",
                "docker.io": "[::1]:5000/hub",
            },
        ),
    )

    listing = mirrored.list_tags(repository)

    assert source.asked == [place]
    assert listing.repository == repository
    assert listing.tags == ("one",)


def test_repository_that_its_mirror_lacks_is_not_found_under_its_own_name() -> None:
    source = FakeTagSource()
    source.answers[Repository("quay.io", "kairos/ubuntu")] = ["one"]
    mirrored = MirroredTagSource(source, Mirrors({"quay.io": "registry.local:5000"}))

    with pytest.raises(
        RepositoryNotFoundError,
        match=r"quay\.io/kairos/ubuntu is not at its mirror, registry\.local:5000/kairos/ubuntu",
    ):
        mirrored.list_tags(Repository("quay.io", "kairos/ubuntu"))


def test_failing_mirror_is_not_bypassed() -> None:
    source = FakeTagSource()
    source.answers[Repository("quay.io", "kairos/ubuntu")] = ["one"]
    source.answers[Repository("m.local", "kairos/ubuntu")] = RegistryUnavailableError("no answer")
    mirrored = MirroredTagSource(source, Mirrors({"quay.io": "m.local"}))

    with pytest.raises(RegistryUnavailableError):
        mirrored.list_tags(Repository("quay.io", "kairos/ubuntu"))
