"""Stand-ins for the ports: a clock that is set, and tag lists that are told."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from service.domain.catalogue import TagListing
from service.domain.reference import Repository
from service.errors import RepositoryNotFoundError, ServiceError


class FakeClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = datetime(2026, 11, 22, 19, 7, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, duration: timedelta) -> None:
        self.now += duration


class FakeTagSource:
    """A TagSource that answers as told, and remembers what it was asked.

    ``answers`` holds the tags of each repository, or the error to raise; a repository that is not
    in it is not found.
    """

    def __init__(self, clock: FakeClock | None = None) -> None:
        self.clock = clock or FakeClock()
        self.answers: dict[Repository, Sequence[str] | ServiceError] = {}
        self.asked: list[Repository] = []

    def list_tags(self, repository: Repository) -> TagListing:
        self.asked.append(repository)
        answer = self.answers.get(repository)
        if answer is None:
            raise RepositoryNotFoundError(f"{repository} is not in the fake")
        if isinstance(answer, ServiceError):
            raise answer
        return TagListing(repository, tuple(answer), self.clock())
