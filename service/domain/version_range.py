"""Ranges of Kairos and Kubernetes versions, as rules write them."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from service.domain.lineup import Lane
from service.domain.tag import ImageTag
from service.domain.version import KairosVersion, KubernetesVersion

_KUBERNETES = "kubernetes"
_ANY = "*"

_Order = tuple[float, ...]
_Interval = tuple[_Order, _Order]
_Version = KairosVersion | KubernetesVersion

# Orders compare part by part, so these stand before and after all versions, and one with the second
# at its end after all that begin with it.
_LOWEST: _Order = ()
_BEYOND: _Order = (math.inf,)

# From the bound of a condition to the orders that meet it: since the first, and before the second.
_OPERATORS: dict[str, Callable[[_Order], _Interval]] = {
    ">=": lambda bound: (bound, _BEYOND),
    "<=": lambda bound: (_LOWEST, bound + _BEYOND),
    ">": lambda bound: (bound + _BEYOND, _BEYOND),
    "<": lambda bound: (_LOWEST, bound),
    "=": lambda bound: (bound, bound + _BEYOND),
}
_CONDITION = re.compile(r"(?P<operator>>=|<=|>|<|=)v?(?P<version>\S+)")


@dataclass(frozen=True, slots=True)
class VersionRange:
    """Conditions that an image's version meets, all of them.

    Attributes:
        text: As the rule writes it, such as ``>=3.0.0 <4.0.0`` or ``kubernetes <1.33.7+k3s3``.
        of_kubernetes: Whether the conditions speak of the Kubernetes version.
        interval: What all conditions leave: the orders since the first, and before the second.
    """

    text: str
    of_kubernetes: bool
    interval: _Interval

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a range: ``*``, or conditions that all hold, separated by blanks.

        Raises:
            ValueError: Not a range; the message says what is one.
        """
        subject, *words = text.split() or [""]
        of_kubernetes = subject == _KUBERNETES
        words = words if of_kubernetes else [subject, *words]
        if words == [_ANY] and not of_kubernetes:
            return cls(text, of_kubernetes, (_LOWEST, _BEYOND))
        if not words:
            raise ValueError(f"'{text}' names no version")
        parse = _parse_kubernetes if of_kubernetes else _parse_kairos
        starts, ends = zip(*(_parse_condition(word, parse) for word in words), strict=True)
        return cls(text, of_kubernetes, (max(starts), min(ends)))

    @property
    def is_any(self) -> bool:
        """Whether it holds for whatever image there is."""
        return self.interval == (_LOWEST, _BEYOND)

    def holds(self, image: ImageTag) -> bool:
        """Whether an image is within the range; an unknown Kubernetes is in none."""
        version = image.kubernetes if self.of_kubernetes else image.version
        start, end = self.interval
        return version is not None and start <= version.order < end

    def survey(self, _: object, lane: Lane, images: Sequence[ImageTag]) -> bool | None:
        """Say whether it holds for all of some images of a lane, or for none; see ``Survey``."""
        if self.of_kubernetes:
            return self._holds_between(lane.lowest.kubernetes, lane.highest.kubernetes)
        return self._holds_between(images[0].version, images[-1].version)

    def _holds_between(self, lowest: _Version | None, highest: _Version | None) -> bool | None:
        start, end = self.interval
        if lowest is None or highest is None or highest.order < start or end <= lowest.order:
            return False
        return (start <= lowest.order and highest.order < end) or None


def _parse_condition(word: str, parse: Callable[[str], _Order]) -> _Interval:
    match = _CONDITION.fullmatch(word)
    if match is None:
        raise ValueError(f"'{word}' is not a condition such as >=3.4.0")
    return _OPERATORS[match["operator"]](parse(match["version"]))


def _parse_kairos(text: str) -> _Order:
    version = KairosVersion.parse(f"v{text}")
    if version is None:
        raise ValueError(f"'{text}' is not a Kairos version")
    return version.order


def _parse_kubernetes(text: str) -> _Order:
    """Read a version with or without a revision; without one it stands for all of its revisions."""
    numbers, plus, revision = text.partition("+")
    version = KubernetesVersion.parse(f"{numbers}-{revision or 'k0s.0'}")
    if version is None or (plus and not revision):
        raise ValueError(f"'{text}' is not a Kubernetes version such as 1.33.7+k3s3")
    return version.order if revision else version.order[:-1]
