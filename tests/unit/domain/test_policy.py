import pytest

from service.domain.policy import MaxStep, Policy, VersionCeiling
from tests.asking import read_kairos


@pytest.mark.parametrize(
    ("ceiling", "version", "allowed"),
    [
        ("v4.1.2", "v4.1.2", True),
        ("v4.1.2", "v4.1.3", False),
        ("v4.1.2", "v4.1.3-rc1", False),
        ("v4.1.2", "v4.1.2-rc1", True),
        ("v4.1.2", "v3.9.9", True),
        ("4.1.2", "v4.1.2", True),
        ("v4.1.2-rc1", "v4.1.2", False),
        ("v4.1.2-rc2", "v4.1.2-RC1", True),
        ("4.1", "v4.1.99", True),
        ("v4.1", "v4.1.99", True),
        ("4.1", "v4.2.0-alpha1", False),
        ("4.1", "v5.0.0", False),
        ("4.10", "v4.9.0", True),
        ("4.9", "v4.10.0", False),
    ],
)
def test_ceiling_is_a_release_or_the_whole_of_a_branch(
    ceiling: str, version: str, *, allowed: bool
) -> None:
    parsed = VersionCeiling.parse(ceiling)

    assert parsed is not None
    assert parsed.allows(read_kairos(version)) is allowed


@pytest.mark.parametrize(
    "text",
    ["", "4", "v", "latest", "4.1.x", "vv4.1.2", "4.1.2.3", "v4.1.2\n", "v3.1.1-25-g2a7090f"],
)
def test_other_text_is_no_ceiling(text: str) -> None:
    assert VersionCeiling.parse(text) is None


@pytest.mark.parametrize(
    ("max_step", "max_version", "highest", "beyond"),
    [
        (MaxStep.PATCH, None, "v3.2.99", "v3.3.0-alpha1"),
        (MaxStep.MINOR, None, "v3.99.0", "v4.0.0-alpha1"),
        (MaxStep.MAJOR, "4.1", "v4.1.99", "v4.2.0-alpha1"),
        (MaxStep.MINOR, "4.1", "v3.99.0", "v4.0.0-alpha1"),
        (MaxStep.MINOR, "v3.4.1", "v3.4.1", "v3.4.2-alpha1"),
    ],
)
def test_the_lower_of_step_and_version_is_the_ceiling(
    max_step: MaxStep, max_version: str | None, highest: str, beyond: str
) -> None:
    limit = VersionCeiling.parse(max_version) if max_version else None
    policy = Policy(max_step=max_step, max_version=limit)

    ceiling = policy.find_ceiling(read_kairos("v3.2.3"))

    assert ceiling is not None
    assert read_kairos(highest).order <= ceiling < read_kairos(beyond).order


def test_there_is_no_ceiling_without_a_limit() -> None:
    assert Policy().find_ceiling(read_kairos("v3.2.3")) is None
