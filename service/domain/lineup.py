"""The images of a stream, arranged once for all that is asked of them."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from service.domain.tag import ImageTag
from service.domain.version import KairosVersion

# A Kubernetes minor as its numbers, None where there is none or nobody knows it; and whether the
# images are pre-releases.
LaneKey = tuple[tuple[int, ...] | None, bool]


class Lane:
    """Images of one Kubernetes minor, all stable or all pre-releases, in the order of a lineup.

    Attributes:
        images: By Kairos and then Kubernetes version, lowest first; at least one.
        lowest: One with the lowest Kubernetes version.
        highest: One with the highest.
        releases: Their Kairos versions.
    """

    __slots__ = ("_ordered", "highest", "images", "lowest", "releases")

    def __init__(self, images: Sequence[ImageTag]) -> None:
        self.images = images
        self.lowest = min(images, key=_kubernetes_order)
        self.highest = max(images, key=_kubernetes_order)
        self._ordered: list[tuple[float, ...]] = list(map(_release_order, images))
        self.releases = frozenset(image.version for image in images)

    def since(self, version: KairosVersion) -> Sequence[ImageTag]:
        """Give the images of a release and of all that are higher."""
        return self.images[bisect_left(self._ordered, version.order) :]

    def until(self, ceiling: tuple[float, ...] | None) -> Sequence[ImageTag]:
        """Give the images up to some order of Kairos versions; all without one."""
        if ceiling is None:
            return self.images
        return self.images[: bisect_right(self._ordered, ceiling)]


class Lineup(Sequence[ImageTag]):
    """The images of a stream by Kairos and then Kubernetes version, lowest first.

    Most of what is illegal from an image is so by its lane, and is passed over or counted with it:
    a choice looks at two or three images, however many there are.
    """

    __slots__ = ("_images", "_lanes", "_releases")

    def __init__(self, ordered: Iterable[ImageTag] = ()) -> None:
        self._images = tuple(ordered)
        # Found by their place here, for searching in images calls a function at each step.
        self._releases = list(map(_release_order, self._images))
        lanes: defaultdict[LaneKey, list[ImageTag]] = defaultdict(list)
        for image in self._images:
            minor = image.kubernetes.order[:2] if image.kubernetes else None
            lanes[minor, image.version.is_prerelease].append(image)
        self._lanes = {key: Lane(images) for key, images in lanes.items()}

    def find_lanes(self, keys: Iterable[LaneKey]) -> Iterator[Lane]:
        """Give those of some lanes that have images, in the same order."""
        return filter(None, map(self._lanes.get, keys))

    @property
    def lanes(self) -> Iterable[Lane]:
        """All lanes, in no order."""
        return self._lanes.values()

    def since(self, version: KairosVersion) -> Sequence[ImageTag]:
        """Give the images of a release and of all that are higher."""
        return self._images[bisect_left(self._releases, version.order) :]

    def of_release(self, version: KairosVersion) -> Sequence[ImageTag]:
        """Give the images of one release."""
        order, releases = version.order, self._releases
        return self._images[bisect_left(releases, order) : bisect_right(releases, order)]

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


def version_order(image: ImageTag) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Give the key that orders images by Kairos and then Kubernetes version."""
    return image.version.order, _kubernetes_order(image)


def _release_order(image: ImageTag) -> tuple[int, int, int, int, int, int]:
    return image.version.order


def _kubernetes_order(image: ImageTag) -> tuple[int, ...]:
    return image.kubernetes.order if image.kubernetes else ()
