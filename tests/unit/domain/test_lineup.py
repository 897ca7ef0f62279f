import pytest

from service.domain.lineup import Lineup
from tests.asking import core, read_kairos, read_tag, standard

VERSIONS = ["v3.5.0", "v3.6.0", "v3.6.1", "v4.0.0"]


@pytest.mark.parametrize(
    ("ceiling", "versions"),
    [
        (None, VERSIONS),
        ("v3.6.0", VERSIONS[:2]),
        ("v3.6.0-rc1", VERSIONS[:1]),
        ("v3.4.9", []),
        ("v9.0.0", VERSIONS),
    ],
)
def test_a_lane_gives_its_images_up_to_a_ceiling(ceiling: str | None, versions: list[str]) -> None:
    (lane,) = Lineup(read_tag(core(version)) for version in VERSIONS).lanes

    images = lane.until(read_kairos(ceiling).order if ceiling else None)

    assert [str(image.version) for image in images] == versions


def test_lanes_are_found_in_the_order_of_their_keys() -> None:
    texts = [standard("v3.5.0", "1.33.0"), standard("v3.5.0", "1.34.0")]
    lineup = Lineup(map(read_tag, texts))

    lanes = lineup.find_lanes([((1, 35), False), ((1, 34), False), ((1, 33), False)])

    assert [str(image) for lane in lanes for image in lane.images] == texts[::-1]
