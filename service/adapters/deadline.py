"""A moment by which an answer is there, whatever is still to be done for it."""

from datetime import timedelta
from time import monotonic

from service.errors import RegistryUnavailableError


class Deadline:
    """Counts down from where it is made, over any number of requests."""

    def __init__(self, within: timedelta) -> None:
        self._end = monotonic() + within.total_seconds()

    def left(self, host: str) -> timedelta:
        """Give the time that is left for a host to answer.

        Raises:
            RegistryUnavailableError: There is none.
        """
        left = self._end - monotonic()
        if left <= 0:
            raise RegistryUnavailableError(f"{host} did not answer all that was asked in time")
        return timedelta(seconds=left)
