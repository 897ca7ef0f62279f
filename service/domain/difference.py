"""In what two images differ that an upgrade keeps: domain rule 1."""

from collections.abc import Iterator
from dataclasses import dataclass

from service.domain.image import Image
from service.domain.tag import Stream, is_lower_base


@dataclass(frozen=True, slots=True)
class Difference:
    """One part of a stream that is not the same.

    Attributes:
        part: Its name, for people.
        is_followed: Whether an upgrade may go this way where that is asked for: to a higher
            release of the same flavor.
    """

    part: str
    before: str
    after: str
    is_followed: bool = False

    def __str__(self) -> str:
        return f"{self.part} ({self.before} to {self.after})"


def list_differences(before: Image, after: Image) -> tuple[Difference, ...]:
    """List in what the streams of two images differ; aliases and unknown parts never do.

    Source: domain rule 1.
    """
    return tuple(_compare(before, after))


def _compare(before: Image, after: Image) -> Iterator[Difference]:
    if before.repository != after.repository:
        yield Difference("repository", str(before.repository), str(after.repository))
    one, other = before.tag.stream, after.tag.stream
    if one.base != other.base:
        names = before.tag.flavor_release or "none", after.tag.flavor_release or "none"
        yield Difference("flavor release", *names, is_lower_base(one.base, other.base))
    if one.variant is not other.variant:
        yield Difference("variant", one.variant, other.variant)
    if one.arch is not other.arch:
        yield Difference("architecture", one.arch, other.arch)
    if one.model != other.model:
        yield Difference("model", one.model, other.model)
    yield from _compare_rest(one, other)


def _compare_rest(one: Stream, other: Stream) -> Iterator[Difference]:
    if one.distribution and other.distribution and one.distribution is not other.distribution:
        yield Difference("Kubernetes distribution", one.distribution, other.distribution)
    if one.trusted_boot is not other.trusted_boot:
        words = {True: "yes", False: "no"}
        yield Difference("trusted boot", words[one.trusted_boot], words[other.trusted_boot])
