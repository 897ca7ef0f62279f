"""For how long what a port said stands, so that it need not be asked again.

Source: Gray and Cheriton, "Leases: an efficient fault-tolerant mechanism for distributed file cache
consistency", 1989.
"""

from dataclasses import dataclass
from math import inf


class Changes:
    """What a port knows to have changed within this process.

    Attributes:
        mark: Another object after each change.
    """

    def __init__(self) -> None:
        self.mark = object()

    def note(self) -> None:
        """Note a change; who else can see it yet must not have read what it replaces."""
        self.mark = object()


@dataclass(frozen=True, slots=True)
class Lease:
    """The promise of a port to say the same again, unless something changes in this process.

    It must be taken before the port is asked: what changes in between then ends it.

    Attributes:
        until: When the promise ends; seconds of the monotonic clock.
        changes: Those of the port.
        mark: That of the changes when the lease was taken.
    """

    until: float
    changes: Changes
    mark: object

    @classmethod
    def take(cls, changes: Changes) -> "Lease":
        """Take a lease without an end of its own."""
        return cls(inf, changes, changes.mark)

    def holds(self, now: float) -> bool:
        """Whether the port would still say the same."""
        return now < self.until and self.changes.mark is self.mark
