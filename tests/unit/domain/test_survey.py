import pytest

from service.domain.lineup import Lane
from service.domain.survey import (
    Survey,
    by_image,
    by_kubernetes,
    by_lane,
    by_release,
)
from service.domain.version_range import VersionRange
from tests.asking import read_tag, standard

# By Kairos version, which Kubernetes does not follow.
IMAGES = [
    read_tag(standard("v3.5.9", "1.34.2")),
    read_tag(standard("v3.6.0", "1.34.1")),
    read_tag(standard("v3.7.0", "1.34.3")),
]
LANE = Lane(IMAGES)


@pytest.mark.parametrize(
    ("text", "survey", "alike"),
    [
        (">=3.5.0", by_release, True),
        (">=3.6.0", by_release, None),
        (">=3.8.0", by_release, False),
        ("kubernetes >=1.34.1", by_kubernetes, True),
        ("kubernetes >=1.34.2", by_kubernetes, None),
        ("kubernetes >=1.34.4", by_kubernetes, False),
        ("kubernetes >=1.34.0", by_lane, True),
        ("kubernetes >=1.35.0", by_lane, False),
        (">=3.5.0", by_image, None),
    ],
)
def test_a_test_treats_a_lane_as_it_treats_the_ends_of_its_order(
    text: str,
    survey: Survey,
    alike: bool | None,  # noqa: FBT001 - a column of the table
) -> None:
    holds = VersionRange.parse(text).holds

    assert survey(holds, LANE, IMAGES) is alike
