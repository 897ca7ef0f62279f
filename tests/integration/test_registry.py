import socket
from pathlib import Path
from time import monotonic

import pytest

from service.adapters.http import Network
from service.domain.reference import Repository
from service.errors import RegistryError, RegistryUnavailableError, RepositoryNotFoundError
from tests.fakes import FakeClock
from tests.integration.clients import HASTE, LOOPBACK, make_client, make_source, resolve_with
from tests.integration.conftest import REGISTRY_TAGS
from tests.integration.registry_server import TAGS, RegistryServer


def test_real_registry_lists_all_its_tags(registry: str) -> None:
    listing = make_source().list_tags(Repository(registry, "kairos/ubuntu"))

    assert listing.repository == Repository(registry, "kairos/ubuntu")
    assert sorted(listing.tags) == sorted(REGISTRY_TAGS)
    assert listing.fetched_at == FakeClock().now


def test_real_registry_lists_a_repository_without_tags(registry: str) -> None:
    listing = make_source().list_tags(Repository(registry, "kairos/empty"))

    assert listing.tags == ()


def test_real_registry_does_not_know_a_repository(registry: str) -> None:
    with pytest.raises(RepositoryNotFoundError, match="has no repository kairos/none"):
        make_source().list_tags(Repository(registry, "kairos/none"))


@pytest.mark.parametrize("name", ["pages/relative", "pages/absolute"])
def test_pages_are_followed_to_the_last(faulty: RegistryServer, name: str) -> None:
    listing = make_source().list_tags(Repository(faulty.address, name))

    assert listing.tags == TAGS
    assert [path.partition("?")[2] for path in faulty.requests] == [
        "n=1000",
        "n=100&next_page=token-100",
        "n=100&next_page=token-200",
    ]


def test_connection_is_kept_between_pages_and_listings(faulty: RegistryServer) -> None:
    source = make_source()

    source.list_tags(Repository(faulty.address, "pages/relative"))
    source.list_tags(Repository(faulty.address, "pages/absolute"))

    assert len(faulty.requests) == 6
    assert faulty.connections == 1


def test_page_size_is_left_out_where_it_is_refused(faulty: RegistryServer) -> None:
    listing = make_source().list_tags(Repository(faulty.address, "n-refused"))

    assert listing.tags == TAGS


@pytest.mark.parametrize(("name", "tags"), [("null", ()), ("repeated", ("b", "a"))])
def test_tags_may_be_null_or_repeated(
    faulty: RegistryServer, name: str, tags: tuple[str, ...]
) -> None:
    listing = make_source().list_tags(Repository(faulty.address, name))

    assert listing.tags == tags


def test_cookies_are_not_sent_back(faulty: RegistryServer) -> None:
    source = make_source()
    source.list_tags(Repository(faulty.address, "stranger"))

    listing = source.list_tags(Repository(faulty.address, "stranger"))

    assert listing.tags == ()


def test_unknown_repository_is_not_found(faulty: RegistryServer) -> None:
    with pytest.raises(RepositoryNotFoundError):
        make_source().list_tags(Repository(faulty.address, "status/404"))


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("status/429", 17),
        ("status/429-hour", 3600),
        ("status/429-garbage", 30),
        ("status/500", 30),
        ("status/503", 5),
        ("second-page-fails", 30),
        ("reset", 30),
        ("cut", 30),
        ("cut-chunk", 30),
        ("endless-head", 30),
        ("endless-chunk-line", 30),
    ],
)
def test_registry_that_cannot_answer_is_unavailable_for_as_long_as_it_says(
    faulty: RegistryServer, name: str, seconds: int
) -> None:
    with pytest.raises(RegistryUnavailableError) as caught:
        make_source().list_tags(Repository(faulty.address, name))

    assert caught.value.retry_after_seconds == seconds


@pytest.mark.parametrize(
    "name",
    [
        "stall",
        "second-page-stalls",
        "endless-slow-pages",
        "drip/head",
        "drip/body",
        "endless-interim",
        "endless-trailers",
    ],
)
def test_registry_that_does_not_end_its_answer_is_unavailable(
    faulty: RegistryServer, name: str
) -> None:
    started = monotonic()

    with pytest.raises(RegistryUnavailableError, match="in time"):
        make_source(make_client(timeout=HASTE)).list_tags(Repository(faulty.address, name))

    assert monotonic() - started < 3


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("status/401", "private, or does not exist"),
        ("status/403", "HTTP 403"),
        ("status/418", "HTTP 418"),
        ("loop", "without end"),
        ("endless-pages", "without end"),
        ("endless-large-pages", "a list over"),
        ("link/other-host", "on another host"),
        ("link/other-port", "on another host"),
        ("link/other-scheme", "on another host"),
        ("link/credentials", "no URL"),
        ("link/no-url", "no URL"),
        ("link/garbage", "no URL"),
        ("other-repository", "answered for 'secret', not other-repository"),
        ("endless-body", "over 2,097,152 bytes"),
        ("endless-chunks", "over 2,097,152 bytes"),
        ("endless-redirect", "over 2,097,152 bytes"),
        ("body/one-string", "no tag"),
        ("body/html", "is not JSON"),
        ("body/deep", "is not JSON"),
        ("body/huge-number", "is not JSON"),
        ("body/empty", "is not JSON"),
        ("body/list", "no member 'tags'"),
        ("body/no-tags", "no member 'tags'"),
        ("body/tags-text", "not a list"),
        ("body/tag-number", "no tag"),
        ("body/tag-overlong", "no tag"),
        ("body/too-many", "more than 50,000 tags"),
    ],
)
def test_unusable_answer_is_an_error_and_never_a_shorter_listing(
    faulty: RegistryServer, name: str, complaint: str
) -> None:
    with pytest.raises(RegistryError) as caught:
        make_source().list_tags(Repository(faulty.address, name))

    assert complaint in str(caught.value)
    assert not isinstance(caught.value, RegistryUnavailableError)


def test_next_page_is_found_among_other_links(faulty: RegistryServer) -> None:
    listing = make_source().list_tags(Repository(faulty.address, "link/many"))

    assert listing.tags == ("a", "b")


def test_refused_connection_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"

    with pytest.raises(RegistryUnavailableError, match=f"the connection to {address} failed"):
        make_source().list_tags(Repository(address, "kairos/ubuntu"))


def test_name_that_does_not_resolve_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    resolve_with(monkeypatch, fail)

    with pytest.raises(RegistryUnavailableError):
        make_source().list_tags(Repository("registry.example", "kairos/ubuntu"))


def test_docker_hub_is_asked_at_its_api_host(monkeypatch: pytest.MonkeyPatch) -> None:
    resolved = []

    def fail(host: str, *_: object, **__: object) -> None:
        resolved.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    resolve_with(monkeypatch, fail)

    with pytest.raises(RegistryUnavailableError):
        make_source().list_tags(Repository("docker.io", "library/ubuntu"))

    assert resolved == ["registry-1.docker.io"]


def test_host_that_is_no_name_is_an_error() -> None:
    with pytest.raises(RegistryError, match="is not a host name"):
        make_source().list_tags(Repository(f"{'a' * 64}.example", "kairos/ubuntu"))


def test_registry_on_loopback_is_refused_unless_it_is_listed(faulty: RegistryServer) -> None:
    source = make_source(make_client(Network(insecure=LOOPBACK)))

    with pytest.raises(RegistryError, match="an address that is not public"):
        source.list_tags(Repository(faulty.address, "null"))

    assert faulty.connections == 0


def test_registry_is_spoken_to_over_tls_unless_it_is_listed(faulty: RegistryServer) -> None:
    source = make_source(make_client(Network(private=LOOPBACK)))

    with pytest.raises(RegistryError, match="does not speak TLS"):
        source.list_tags(Repository(faulty.address, "null"))

    assert faulty.requests == []


def test_name_is_resolved_once_and_the_checked_address_connected_to(
    faulty: RegistryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolved = []
    resolve = socket.getaddrinfo

    def answer(host: str, *args: object, **kwargs: object) -> object:
        resolved.append(host)
        address = "127.0.0.1" if host == "registry.example" else host
        return resolve(address, *args, **kwargs)  # type: ignore[arg-type]

    resolve_with(monkeypatch, answer)
    name = f"registry.example:{faulty.server_port}"
    listed = frozenset({"registry.example"})
    source = make_source(make_client(Network(insecure=listed, private=listed)))

    source.list_tags(Repository(name, "null"))

    assert resolved == ["registry.example", "127.0.0.1"]
    assert faulty.hosts == [name]


def test_proxy_and_netrc_of_the_environment_are_not_used(
    faulty: RegistryServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for variable in ("http_proxy", "all_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:1")
    for variable in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    (tmp_path / "netrc").write_text("default login user password secret")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))

    listing = make_source().list_tags(Repository(faulty.address, "stranger"))

    assert listing.tags == ()
