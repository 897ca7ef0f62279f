"""The images of a stream, arranged once for all that is asked of them."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from service.domain.tag import ImageTag
from service.domain.version import KairosVersion

# A Kubernetes minor as its numbers, None where there is none or nobody knows it; and whether the
# images are pre-releases.
Lane = tuple[tuple[int, ...] | None, bool]


class Lineup(Sequence[ImageTag]):
    """The images of a stream by Kairos and then Kubernetes version, lowest first.

    A lane holds those of one Kubernetes minor that are all stable or all pre-releases. Most of
    what is illegal from an image is so by its lane, and is passed over with it: a choice looks at
    two or three images, however many there are.
    """

    __slots__ = ("_images", "_lanes")

    def __init__(self, ordered: Iterable[ImageTag] = ()) -> None:
        self._images = tuple(ordered)
        lanes: defaultdict[Lane, list[ImageTag]] = defaultdict(list)
        for image in self._images:
            minor = image.kubernetes.order[:2] if image.kubernetes else None
            lanes[minor, image.version.is_prerelease].append(image)
        self._lanes = dict(lanes)

    def lane(self, lane: Lane) -> Sequence[ImageTag]:
        """Give the images of a lane, lowest first."""
        return self._lanes.get(lane, ())

    def since(self, version: KairosVersion) -> Sequence[ImageTag]:
        """Give the images of a release and of all that are higher."""
        return self._images[bisect_left(self._images, version.order, key=_release_order) :]

    def of_release(self, version: KairosVersion) -> Sequence[ImageTag]:
        """Give the images of one release."""
        images = self.since(version)
        return images[: bisect_right(images, version.order, key=_release_order)]

    def __len__(self) -> int:
        return len(self._images)

    def __iter__(self) -> Iterator[ImageTag]:
        return iter(self._images)

    def __reversed__(self) -> Iterator[ImageTag]:
        return reversed(self._images)

    @overload
    def __getitem__(self, index: int) -> ImageTag: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[ImageTag]: ...

    def __getitem__(self, index: int | slice) -> ImageTag | Sequence[ImageTag]:
        return self._images[index]


def _release_order(image: ImageTag) -> tuple[int, int, int, int, int, int]:
    return image.version.order
