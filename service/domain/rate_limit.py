"""How often one client may ask, and how often it has."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class RateLimit:
    """So many requests in each window of time; a window begins with a client's first request.

    Attributes:
        window: Whole seconds.
    """

    amount: int
    window: timedelta

    @property
    def window_seconds(self) -> int:
        """The length of a window."""
        return int(self.window.total_seconds())


@dataclass(frozen=True, slots=True)
class Usage:
    """What a client has asked in its window.

    Attributes:
        count: Its requests, this one included.
        ends_in_seconds: When its next window may begin; at least 1.
    """

    count: int
    ends_in_seconds: int


class RequestCounter(Protocol):
    """Counts the requests of each client."""

    def __call__(self, client: str) -> Usage:
        """Count one more request of a client; never fails, and never waits for long."""
