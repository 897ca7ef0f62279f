"""The service behind a real nginx, which caches and revalidates by what the service sends."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.e2e.service import Reply, Service, start_service
from tests.nginx import start_nginx
from tests.servers import add_tags, start_registry

_SECONDS = 20
RUNNING = "1-core-amd64-generic-v1.0.0"
NEWER = "1-core-amd64-generic-v1.1.0"
NEWEST = "1-core-amd64-generic-v1.2.0"
HADRON = "v0.0.1-core-amd64-generic-v1.1.0"
TOKEN = "a-token-of-ours"  # noqa: S105 - of no service


@dataclass(frozen=True, slots=True)
class Site:
    """A registry, the service, and nginx in front of it.

    Attributes:
        directory: Of the registry's store.
        path: That of a question to which there is a target.
    """

    proxy: Service
    service: Service
    directory: Path
    path: str

    def ask(self, **headers: str) -> Reply:
        return self.proxy.get(self.path, **headers)


@contextmanager
def start_site(directory: Path, settings: Mapping[str, str] | None = None) -> Iterator[Site]:
    own = directory / "registry"
    own.mkdir()
    repositories = {"kairos/flavor": [RUNNING, NEWER], "kairos/hadron": [HADRON]}
    with ExitStack() as stack:
        registry = stack.enter_context(start_registry(own, repositories))
        environ = {
            "ADVISOR_REPOSITORIES": f"{registry}/kairos/*",
            "ADVISOR_OFFICIAL_REPOSITORIES": f"{registry}/kairos/*",
            "ADVISOR_PRIVATE_REGISTRIES": registry,
            "ADVISOR_INSECURE_REGISTRIES": registry,
            "ADVISOR_TRACKED_REPOSITORIES": ",",
            "ADVISOR_TRUSTED_PROXIES": "1",
            **(settings or {}),
        }
        service = stack.enter_context(start_service(directory, environ))
        proxy = stack.enter_context(start_nginx(directory, service))
        path = f"/v1/upgrade?image={quote(f'{registry}/kairos/flavor:{RUNNING}')}"
        yield Site(proxy, service, own, path)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with start_site(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture
def hasty(tmp_path: Path) -> Iterator[Site]:
    """A site whose answers are good for a second."""
    with start_site(tmp_path, {"ADVISOR_FRESH_SECONDS": "1"}) as running:
        yield running


def wait_for(ask: Callable[[], Reply], condition: Callable[[Reply], bool]) -> Reply:
    deadline = time.monotonic() + _SECONDS
    while not condition(reply := ask()):
        assert time.monotonic() < deadline, f"{reply.status} {reply.headers} {reply.text}"
        time.sleep(0.2)
    return reply


def test_an_answer_is_kept_for_those_who_ask_the_same(site: Site) -> None:
    path = f"{site.path}&max_step=minor"

    first, second = site.proxy.get(path), site.proxy.get(path)

    assert [first.headers["X-Cache"], second.headers["X-Cache"]] == ["MISS", "HIT"]
    assert second.text == first.text
    # Nobody but nginx has seen the second.
    assert second.headers["X-Request-ID"] == first.headers["X-Request-ID"]


def test_each_form_is_kept_by_itself(site: Site) -> None:
    forms = ["application/json", "text/plain"]

    first = [site.ask(Accept=form) for form in forms]
    second = [site.ask(Accept=form) for form in forms]

    assert [each.headers["X-Cache"] for each in second] == ["HIT", "HIT"]
    assert [each.headers.get_content_type() for each in second] == forms
    assert [each.text for each in second] == [each.text for each in first]
    assert NEWER in second[1].text


def test_who_has_the_answer_is_told_so_by_the_cache(site: Site) -> None:
    tag = site.ask().headers["ETag"]

    reply = site.ask(**{"If-None-Match": tag})

    assert (reply.status, reply.text) == (304, "")
    assert reply.headers["X-Cache"] == "HIT"


@pytest.mark.parametrize("query", ["&max_step=x", "&unknown=1"])
def test_an_error_is_not_kept(site: Site, query: str) -> None:
    replies = [site.proxy.get(site.path + query) for _ in range(2)]

    assert [reply.status for reply in replies] == [400, 400]
    assert replies[0].headers["X-Request-ID"] != replies[1].headers["X-Request-ID"]


def test_what_was_kept_is_revalidated_by_its_tag(hasty: Site) -> None:
    first = hasty.ask()

    reply = wait_for(hasty.ask, lambda reply: reply.headers["X-Cache"] == "REVALIDATED")

    assert (reply.status, reply.text) == (200, first.text)
    assert reply.headers["ETag"] == first.headers["ETag"]


def test_another_decision_replaces_what_was_kept(hasty: Site) -> None:
    first = hasty.ask()
    add_tags(hasty.directory, "kairos/flavor", [NEWEST])

    reply = wait_for(hasty.ask, lambda reply: reply.json["target"]["tag"] == NEWEST)

    assert first.json["target"]["tag"] == NEWER
    assert reply.headers["ETag"] != first.headers["ETag"]


def test_what_was_kept_outlives_the_service(hasty: Site) -> None:
    first = hasty.ask()

    hasty.service.process.terminate()
    hasty.service.process.wait()

    reply = wait_for(hasty.ask, lambda reply: reply.headers["X-Cache"] == "STALE")
    assert (reply.status, reply.text) == (200, first.text)


def test_what_needs_a_token_is_kept_for_nobody(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text(f"{TOKEN}\n")

    with start_site(tmp_path, {"ADVISOR_API_TOKENS_FILE": str(tokens)}) as site:
        replies = [site.ask(Authorization=f"Bearer {TOKEN}") for _ in range(2)]
        without = site.ask()

    assert [reply.status for reply in replies] == [200, 200]
    assert [reply.headers["X-Cache"] for reply in replies] == ["MISS", "MISS"]
    assert (without.status, without.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_nobody_is_another_client_by_their_own_word(tmp_path: Path) -> None:
    with start_site(tmp_path, {"ADVISOR_RATE_LIMIT": "2/hour"}) as site:
        replies = [
            site.proxy.get("/v1/upgrade", **{"X-Forwarded-For": f"192.0.2.{number}"})
            for number in range(3)
        ]

    assert [reply.status for reply in replies] == [400, 400, 429]
