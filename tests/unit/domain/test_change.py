import pytest

from service.domain.change import Change
from tests.asking import core, read_tag, standard


@pytest.mark.parametrize(
    ("running", "target", "kairos"),
    [
        (core("v3.2.3"), core("v3.2.3"), "none"),
        (core("v4.0.0-RC1"), core("v4.0.0-rc1"), "none"),
        (core("v4.0.0-rc1"), core("v4.0.0-rc2"), "prerelease"),
        (core("v4.0.0-rc1"), core("v4.0.0"), "prerelease"),
        (core("v3.2.3"), core("v3.2.4"), "patch"),
        (core("v3.2.3"), core("v3.3.0"), "minor"),
        (core("v3.2.3"), core("v4.2.3"), "major"),
        (core("v3.9.9"), core("v4.0.0-rc1"), "major"),
    ],
)
def test_kairos_changes_by_the_highest_part_that_differs(
    running: str, target: str, kairos: str
) -> None:
    assert Change.between(read_tag(running), read_tag(target)).kairos == kairos


@pytest.mark.parametrize(
    ("running", "target", "kubernetes"),
    [
        ("1.31.2", "1.31.2", "none"),
        ("1.31.2-k3s1", "1.31.2-k3s3", "patch"),
        ("1.31.2", "1.31.10", "patch"),
        ("1.31.2", "1.32.0", "minor"),
        (None, None, "none"),
    ],
)
def test_kubernetes_revision_counts_as_patch(
    running: str | None, target: str | None, kubernetes: str
) -> None:
    tags = (read_tag(standard("v3.2.3", version)) for version in (running, target))

    assert Change.between(*tags).kubernetes == kubernetes


@pytest.mark.parametrize(
    ("flavor", "running", "target", "changes"),
    [
        ("debian", "12", "13", True),
        ("debian", "bookworm", "12", False),
        ("opensuse", "tumbleweed", "tumbleweed-latest", False),
        ("hadron", "v0.0.1", "v0.5.1", False),
        ("ubuntu", "24.04", "24.04", False),
    ],
)
def test_aliases_and_floating_flavor_releases_are_no_change(
    flavor: str, running: str, target: str, *, changes: bool
) -> None:
    tags = (read_tag(core("v3.2.3", base=base), flavor) for base in (running, target))

    assert Change.between(*tags).flavor_release is changes
