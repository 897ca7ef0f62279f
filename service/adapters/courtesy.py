"""A guest's manners: few calls at once, none while a host wants none, redirects with care."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus
from threading import BoundedSemaphore, Lock
from urllib.parse import urljoin

from cachetools import LRUCache

from service.adapters.call import Answer, Call, Origin
from service.adapters.deadline import Deadline
from service.adapters.http import HttpClient
from service.adapters.pause import Pauses
from service.errors import RegistryError, RegistryUnavailableError

# A guest takes few chairs; it is also what bounds the memory that one host can fill.
_CALLS_AT_ONCE = 4
_MAX_REDIRECTS = 5
_REDIRECTS = (
    HTTPStatus.MOVED_PERMANENTLY,
    HTTPStatus.FOUND,
    HTTPStatus.SEE_OTHER,
    HTTPStatus.TEMPORARY_REDIRECT,
    HTTPStatus.PERMANENT_REDIRECT,
)


class CourteousClient:
    """Sends calls as a host wants them sent."""

    def __init__(self, http: HttpClient, pauses: Pauses) -> None:
        self._http = http
        self._pauses = pauses
        self._lock = Lock()
        # Dropping one that is in use merely lets some more calls through.
        self._turns: LRUCache[str, BoundedSemaphore] = LRUCache(1_000)

    def send(self, call: Call, deadline: Deadline) -> Answer:
        """Send a request and follow its redirects; each hop is held to the same checks.

        What authorizes a call is for the host first asked, and left out for any other. A form is
        sent to no second address.

        Raises:
            RegistryUnavailableError: No answer in time, HTTP 429 or 5xx, or a host that wants to
                be left alone.
            RegistryError: A host that may not be asked, or a redirect that cannot be followed.
        """
        first = call
        for _ in range(_MAX_REDIRECTS + 1):
            answer = self._send_in_turn(call, deadline)
            if answer.status not in _REDIRECTS or call.form is not None:
                return answer
            call = _redirect(call, answer)
        raise RegistryError(f"{Origin.of(first.url).host} redirects without end")

    def _send_in_turn(self, call: Call, deadline: Deadline) -> Answer:
        host = Origin.of(call.url).host
        self._pauses.check(host)
        with self._turn(host, deadline):
            answer = self._http.send(call, deadline)
        self._pauses.heed(host, answer.status, answer.headers)
        return answer

    @contextmanager
    def _turn(self, host: str, deadline: Deadline) -> Iterator[None]:
        with self._lock:
            turns = self._turns.setdefault(host, BoundedSemaphore(_CALLS_AT_ONCE))
        if not turns.acquire(timeout=deadline.left(host).total_seconds()):
            raise RegistryUnavailableError(f"too many calls to {host} at once")
        try:
            yield
        finally:
            turns.release()


def _redirect(call: Call, answer: Answer) -> Call:
    origin = Origin.of(call.url)
    try:
        target = urljoin(call.url, answer.headers.get("Location", ""))
        to = Origin.of(target)
    except ValueError as error:
        raise RegistryError(f"{origin.host} redirects to what is no address") from error
    following = replace(call, url=target, led_by=call.led_by or call.url)
    return following if to == origin else following.authorized(None)
