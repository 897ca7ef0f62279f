"""Calls to the registry that holds a repository, with what opens it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus

from service.adapters.call import Answer, Call, Origin
from service.adapters.courtesy import CourteousClient
from service.adapters.credentials import Credentials
from service.adapters.deadline import Deadline
from service.adapters.http import HttpClient, Network
from service.adapters.parsing import Parser, Result, Sent
from service.adapters.pause import Pauses
from service.adapters.registry_auth import Authenticator
from service.adapters.store import Store
from service.domain.reference import Repository
from service.errors import RegistryError, RegistryUnavailableError, RepositoryNotFoundError

# Docker Hub answers the API on another host than the one in references.
_API_HOSTS = {"docker.io": "registry-1.docker.io"}


class RegistryClient:
    """Speaks the OCI distribution API to the registries that repositories name.

    Args:
        network: Exceptions from the guards, and the way out.
        timeout: For one request, from connecting to its last byte.
        credentials: What opens private registries.
        store: Where it is kept which hosts want to be left alone.
        clock: The current time, aware and UTC.
    """

    def __init__(
        self,
        network: Network,
        *,
        timeout: timedelta,
        credentials: Credentials,
        store: Store,
        clock: Callable[[], datetime],
    ) -> None:
        self.timeout = timeout
        self._http = HttpClient(network, timeout=timeout)
        self._client = CourteousClient(self._http, Pauses(store, clock))
        self._credentials = credentials
        self._parser = Parser()
        self._authenticator = Authenticator(self._client, credentials, clock)

    def base_url(self, repository: Repository) -> str:
        """Give the URL under which the API has a repository."""
        host = _API_HOSTS.get(repository.registry, repository.registry)
        return f"{self._http.base_url(host)}/v2/{repository.name}"

    def fingerprint(self, repository: Repository) -> str:
        """Tell with which credentials a repository is asked for; it goes into every shared key."""
        return self._credentials.fingerprint(repository.registry)

    def send(self, repository: Repository, call: Call, deadline: Deadline) -> Answer:
        """Send a call about a repository, and answer the challenge that it may meet.

        Returns:
            What the registry answered at last, whatever its status below 500 but for 429.

        Raises:
            RegistryUnavailableError: No answer in time, HTTP 429 or 5xx.
            RegistryError: A host that may not be asked, or no way in.
        """
        known = self._authenticator.recall(repository)
        answer = self._client.send(call.authorized(known), deadline)
        if answer.status != HTTPStatus.UNAUTHORIZED:
            return answer
        if Origin.of(call.url) != Origin.of(answer.url):
            # Who refuses is not who was asked.
            return answer
        key = self._authenticator.answer(repository, answer, deadline)
        return self._client.send(call.authorized(key), deadline)

    def read(
        self,
        repository: Repository,
        read: Callable[[Sent], Result],
        sent: Sent,
        deadline: Deadline,
    ) -> Result:
        """Read what the registry of a repository sent.

        Raises:
            RegistryUnavailableError: Too much else is read before it.
            ValueError: As the reading raised it.
        """
        host = repository.registry
        try:
            return self._parser.parse(read, sent, deadline.left(host))
        except TimeoutError as error:
            raise RegistryUnavailableError(f"what {host} sent was not read in time") from error


def refuse_status(answer: Answer, repository: Repository) -> None:
    """Let pass what was found.

    Raises:
        RepositoryNotFoundError: HTTP 404.
        RegistryError: Any other status than 200.
    """
    if answer.status == HTTPStatus.OK:
        return
    said = f"{repository.registry} answered HTTP {answer.status} for {repository}"
    if answer.status == HTTPStatus.NOT_FOUND:
        raise RepositoryNotFoundError(f"{repository.registry} has no repository {repository.name}")
    if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise RegistryError(f"{said}: it is private, or does not exist")
    raise RegistryError(said)
