"""One errand to a registry for all who want the same, in every worker that shares."""

from collections.abc import Callable
from time import sleep
from typing import Generic, TypeVar

from service.adapters.deadline import Deadline
from service.adapters.flight import Flights, Seats
from service.adapters.sharing import Sharing
from service.domain.reference import Repository
from service.errors import RegistryUnavailableError

# How often who waits for another worker's errand looks for what it brought.
_POLL_SECONDS = 0.025

# A repository, and a tag or digest there.
Subject = tuple[Repository, str]
Result = TypeVar("Result")


class Errands(Generic[Result]):
    """Has registries asked once for a whole deployment.

    Args:
        sharing: Keeps other workers from the same errand; when one dies at it, for seconds.
        seats: How many threads of this worker may wait, for its own errands or those of others.
    """

    def __init__(self, sharing: Sharing, seats: Seats) -> None:
        self._sharing = sharing
        self._seats = seats
        self._flights: Flights[Subject, Result] = Flights()

    def wait_for(
        self,
        subject: Subject,
        find: Callable[[], Result | None],
        ask: Callable[[], Result],
        deadline: Deadline,
    ) -> Result:
        """Give what is found, as soon as anyone has asked for it.

        Args:
            subject: What it is about.
            find: Looks for what another worker may have brought.
            ask: Asks the registry, and keeps what it says.
            deadline: Until when to wait.

        Raises:
            RegistryUnavailableError: There is no seat, which is told at once, or no time.
        """
        host = subject[0].registry
        with self._seats.take():
            try:
                return self._flights.join(
                    subject, lambda: self._lead(subject, find, ask, deadline), deadline.left(host)
                )
            except TimeoutError as error:
                raise RegistryUnavailableError(f"{host} gave no answer in time") from error

    def go(
        self, subject: Subject, find: Callable[[], Result | None], ask: Callable[[], Result]
    ) -> Result | None:
        """Ask, unless what is found will do; None while another is asking."""
        hold = self._sharing.try_hold(f"{subject[0]}:{subject[1]}")
        if hold is None:
            return None
        with hold:
            # Another may have finished just before.
            found = find()
            return ask() if found is None else found

    def _lead(
        self,
        subject: Subject,
        find: Callable[[], Result | None],
        ask: Callable[[], Result],
        deadline: Deadline,
    ) -> Result:
        """Ask, or wait for who is asking; should they die, ask in their place."""
        while True:
            found = self.go(subject, find, ask)
            if found is None:
                found = find()
            if found is not None:
                return found
            deadline.left(subject[0].registry)
            sleep(_POLL_SECONDS)
