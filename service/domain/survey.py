"""How a test treats images of a lane, told by a few of them.

Most tests look at one version alone, and hold for none, for all, or for what lies beyond some
version: they treat all images as they treat the ends of an order.
"""

from collections.abc import Callable, Sequence

from service.domain.lineup import Lane
from service.domain.tag import ImageTag

Predicate = Callable[[ImageTag], bool]

# Whether a test holds for all of some images of a lane, or for none; None where each must be asked.
# The images are lowest first, and at least one.
Survey = Callable[[Predicate, Lane, Sequence[ImageTag]], bool | None]


def by_lane(test: Predicate, _: Lane, images: Sequence[ImageTag]) -> bool | None:
    """Survey for a test that looks at what all images of a lane have in common."""
    return test(images[0])


def by_release(test: Predicate, _: Lane, images: Sequence[ImageTag]) -> bool | None:
    """Survey for a test that follows the order of Kairos versions within a lane."""
    verdict = test(images[0])
    return verdict if test(images[-1]) is verdict else None


def by_kubernetes(test: Predicate, lane: Lane, _: Sequence[ImageTag]) -> bool | None:
    """Survey for a test that follows the order of Kubernetes versions within a lane."""
    verdict = test(lane.lowest)
    return verdict if test(lane.highest) is verdict else None


def by_image(_: Predicate, __: Lane, ___: Sequence[ImageTag]) -> bool | None:
    """Survey for a test that speaks of single images."""
    return None
