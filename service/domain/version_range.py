"""Ranges of Kairos and Kubernetes versions, as rules write them."""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from service.domain.tag import ImageTag
from service.domain.version import KairosVersion, KubernetesVersion

_KUBERNETES = "kubernetes"
_ANY = "*"

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
}
_CONDITION = re.compile(r"(?P<operator>>=|<=|>|<|=)v?(?P<version>\S+)")


@dataclass(frozen=True, slots=True)
class _Condition:
    """One comparison.

    Attributes:
        size: How many of a version's numbers it looks at.
    """

    compare: Callable[[Any, Any], bool]
    bound: tuple[int, ...]
    size: int


@dataclass(frozen=True, slots=True)
class VersionRange:
    """Conditions that an image's version meets, all of them.

    Attributes:
        text: As the rule writes it, such as ``>=3.0.0 <4.0.0`` or ``kubernetes <1.33.7+k3s3``.
        of_kubernetes: Whether the conditions speak of the Kubernetes version.
    """

    text: str
    of_kubernetes: bool
    conditions: tuple[_Condition, ...]

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
            return cls(text, of_kubernetes, ())
        if not words:
            raise ValueError(f"'{text}' names no version")
        parse = _parse_kubernetes if of_kubernetes else _parse_kairos
        return cls(text, of_kubernetes, tuple(_parse_condition(word, parse) for word in words))

    @property
    def is_any(self) -> bool:
        """Whether it holds for whatever image there is."""
        return not self.conditions

    def holds(self, image: ImageTag) -> bool:
        """Whether an image is within the range; an unknown Kubernetes is in none."""
        version = image.kubernetes if self.of_kubernetes else image.version
        if version is None:
            return False
        # A loop, for a generator would cost more than what it yields: an answer asks 80 ranges.
        order = version.order
        for condition in self.conditions:
            if not condition.compare(order[: condition.size], condition.bound):
                return False
        return True


def _parse_condition(word: str, parse: Callable[[str], tuple[int, ...]]) -> _Condition:
    match = _CONDITION.fullmatch(word)
    if match is None:
        raise ValueError(f"'{word}' is not a condition such as >=3.4.0")
    bound = parse(match["version"])
    return _Condition(_OPERATORS[match["operator"]], bound, len(bound))


def _parse_kairos(text: str) -> tuple[int, ...]:
    version = KairosVersion.parse(f"v{text}")
    if version is None:
        raise ValueError(f"'{text}' is not a Kairos version")
    return version.order


def _parse_kubernetes(text: str) -> tuple[int, ...]:
    """Read a version with or without a revision; without one it stands for all of its revisions."""
    numbers, plus, revision = text.partition("+")
    version = KubernetesVersion.parse(f"{numbers}-{revision or 'k0s.0'}")
    if version is None or (plus and not revision):
        raise ValueError(f"'{text}' is not a Kubernetes version such as 1.33.7+k3s3")
    return version.order if revision else version.order[:-1]
