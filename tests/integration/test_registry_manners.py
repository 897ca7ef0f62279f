import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email.utils import format_datetime
from time import monotonic, sleep

import pytest

from service.adapters.http import Network
from service.adapters.store import MemoryStore
from service.domain.reference import Repository
from service.errors import RegistryError, RegistryUnavailableError
from tests.fakes import FakeClock
from tests.integration.certificates import Authority
from tests.integration.clients import HASTE, LOOPBACK, make_client, make_source, resolve_with
from tests.integration.connect_proxy import ConnectProxy
from tests.integration.registry_server import (
    TAGS,
    Handler,
    RegistryServer,
    Route,
    cut,
    drip_body,
    reset,
    status,
)

LIST = "/v2/kairos/x/tags/list"
HOUR = timedelta(hours=1)


def once(first: Route, then: Route) -> Route:
    """Answer the first request one way, and all others another."""

    def answer(handler: Handler) -> None:
        handler.server.counts[handler.repository] += 1
        (first if handler.server.counts[handler.repository] == 1 else then)(handler)

    return answer


def after(seconds: float) -> Route:
    """List nothing, late."""

    def answer(handler: Handler) -> None:
        sleep(seconds)
        handler.reply_page([])

    return answer


def list_one(handler: Handler) -> None:
    handler.reply_page(["a"])


@pytest.mark.parametrize(
    ("code", "retry_after", "seconds"),
    [
        (429, "3600", 3600),
        (429, "86400", 3600),
        (503, "17", 17),
        (429, format_datetime(FakeClock().now + HOUR, usegmt=True), 3600),
        (503, format_datetime(FakeClock().now + HOUR / 2, usegmt=True), 1800),
        (429, "soon", 30),
        (429, "", 30),
    ],
)
def test_host_that_wants_a_pause_gets_it_from_all_of_a_deployment(
    faulty: RegistryServer, code: int, retry_after: str, seconds: int
) -> None:
    clock = FakeClock()
    store = MemoryStore(clock=clock)
    faulty.routes[LIST] = status(code, Retry_After=retry_after)
    one, other = (make_source(make_client(store=store, clock=clock)) for _ in range(2))
    started = monotonic()
    with pytest.raises(RegistryUnavailableError) as first:
        one.list_tags(Repository(faulty.address, "kairos/x"))
    clock.advance(timedelta(seconds=seconds - 1))

    with pytest.raises(RegistryUnavailableError, match="left alone") as second:
        other.list_tags(Repository(faulty.address, "null"))

    assert first.value.retry_after_seconds == seconds
    assert second.value.retry_after_seconds == 1
    assert len(faulty.requests) == 1
    assert monotonic() - started < 5
    clock.advance(timedelta(seconds=1))
    assert other.list_tags(Repository(faulty.address, "null")).tags == ()


@pytest.mark.parametrize(
    ("code", "retry_after"),
    [(500, "60"), (502, "60"), (503, ""), (503, "soon"), (429, "0"), (503, "0")],
)
def test_host_that_names_no_pause_is_asked_again(
    faulty: RegistryServer, code: int, retry_after: str
) -> None:
    faulty.routes[LIST] = once(status(code, Retry_After=retry_after), list_one)
    source = make_source()
    with pytest.raises(RegistryUnavailableError):
        source.list_tags(Repository(faulty.address, "kairos/x"))

    listing = source.list_tags(Repository(faulty.address, "kairos/x"))

    assert listing.tags == ("a",)


@pytest.mark.parametrize("fault", [reset, cut])
def test_answer_that_broke_off_is_asked_for_once_more(faulty: RegistryServer, fault: Route) -> None:
    faulty.routes[LIST] = once(fault, list_one)

    listing = make_source().list_tags(Repository(faulty.address, "kairos/x"))

    assert listing.tags == ("a",)


@pytest.mark.parametrize("name", ["reset", "cut", "cut-chunk"])
def test_answer_that_breaks_off_again_is_asked_for_no_more(
    faulty: RegistryServer, name: str
) -> None:
    with pytest.raises(RegistryUnavailableError):
        make_source().list_tags(Repository(faulty.address, name))

    assert len(faulty.requests) == 2


def test_retry_has_what_is_left_of_the_time(faulty: RegistryServer) -> None:
    faulty.routes[LIST] = once(cut, drip_body)
    started = monotonic()

    with pytest.raises(RegistryUnavailableError):
        make_source(make_client(timeout=HASTE)).list_tags(Repository(faulty.address, "kairos/x"))

    assert monotonic() - started < 3


def test_page_that_breaks_off_in_the_middle_spoils_no_list(faulty: RegistryServer) -> None:
    faulty.routes[LIST] = once(
        lambda handler: handler.reply_page(TAGS[:100], "<?last=a>; rel=next"), cut
    )

    with pytest.raises(RegistryUnavailableError):
        make_source().list_tags(Repository(faulty.address, "kairos/x"))


def test_host_has_few_calls_at_once(faulty: RegistryServer) -> None:
    names = [f"kairos/r{number}" for number in range(16)]
    for name in names:
        faulty.routes[f"/v2/{name}/tags/list"] = after(0.05)
    source = make_source()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda name: source.list_tags(Repository(faulty.address, name)), names))

    assert len(faulty.requests) == 16
    assert faulty.at_once <= 4


def test_caller_waits_for_a_turn_no_longer_than_for_an_answer(faulty: RegistryServer) -> None:
    faulty.routes[LIST] = after(2)
    source = make_source(make_client(timeout=HASTE))
    started = monotonic()

    with ThreadPoolExecutor(12) as pool:
        asked = [
            pool.submit(source.list_tags, Repository(faulty.address, "kairos/x")) for _ in range(12)
        ]
        errors = [each.exception() for each in asked]

    assert all(isinstance(error, RegistryUnavailableError) for error in errors)
    assert monotonic() - started < 5


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_redirect_is_followed(faulty: RegistryServer, code: int) -> None:
    faulty.routes[LIST] = status(code, Location="/elsewhere?a=b")
    body = json.dumps({"name": "kairos/x", "tags": ["a"]}).encode()
    faulty.routes["/elsewhere"] = lambda handler: handler.reply(200, body)

    listing = make_source().list_tags(Repository(faulty.address, "kairos/x"))

    assert listing.tags == ("a",)
    assert faulty.requests[1] == "/elsewhere?a=b"


def test_redirects_end(faulty: RegistryServer) -> None:
    faulty.routes[LIST] = status(302, Location=LIST)

    with pytest.raises(RegistryError, match="redirects without end"):
        make_source().list_tags(Repository(faulty.address, "kairos/x"))

    assert len(faulty.requests) == 6


@pytest.mark.parametrize(
    ("target", "complaint"),
    [
        ("http://127.0.0.1:1/", "not listed in ADVISOR_INSECURE_REGISTRIES"),
        ("https://127.0.0.1:1/", "an address that is not public"),
        ("https://localhost/", "an address that is not public"),
        ("//127.0.0.1:1/", "not listed in ADVISOR_INSECURE_REGISTRIES"),
        ("https://169.254.169.254/latest/meta-data/", "an address that is not public"),
        ("https://[fd00:ec2::254]/latest/", "an address that is not public"),
        ("https://0/", "an address that is not public"),
        ("https://0177.0.0.1/", "an address that is not public"),
        ("https://[::]/", "an address that is not public"),
        ("https://[64:ff9b::7f00:1]/", "an address that is not public"),
        ("https://[2002:7f00:1::]/", "an address that is not public"),
        ("https://[fe80::1%25lo]/", "no address"),
        ("https://%31%32%37.0.0.1/", "no address"),
        ("https://127.0.0.1%00.example/", "no address"),
        ("http://169.254.169.254/latest/meta-data/", "not listed in ADVISOR_INSECURE_REGISTRIES"),
        ("file:///etc/passwd", "no address"),
        ("gopher://127.0.0.1/", "no address"),
        ("https://user:secret@127.0.0.1/", "no address"),
        ("https://127.0.0.1\\@public.example/", "no address"),
        ("http://[", "no address"),
        (f"http://{'a' * 30_000}.example/", "no address"),
    ],
)
def test_redirect_is_held_to_the_checks_of_a_registry(
    faulty: RegistryServer, target: str, complaint: str
) -> None:
    faulty.routes[LIST] = status(302, Location=target)
    own = frozenset({faulty.address})

    with pytest.raises(RegistryError, match=complaint) as caught:
        make_source(make_client(Network(insecure=own, private=own))).list_tags(
            Repository(faulty.address, "kairos/x")
        )

    assert len(faulty.requests) == 1
    assert "secret" not in str(caught.value)


def test_proxy_gets_every_call_and_resolves(faulty: RegistryServer) -> None:
    proxied = "http://registry.example/v2/kairos/x/tags/list"
    body = json.dumps({"name": "kairos/x", "tags": ["a"]}).encode()
    faulty.routes["/v2/kairos/x/tags/list"] = lambda handler: handler.reply(200, body)
    network = Network(insecure=frozenset({"registry.example"}), proxy=faulty.url)

    listing = make_source(make_client(network)).list_tags(
        Repository("registry.example", "kairos/x")
    )

    assert listing.tags == ("a",)
    assert faulty.requests == [f"{proxied}?n=1000"]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "0",
        "127.0.0.1.",
        "2130706433.",
        "169.254.169.254",
        "169.254.169.254.:80",
        "[::1]",
        "[::ffff:7f00:1]",
        "localhost:81",
        "registry.localhost.",
    ],
)
def test_proxy_is_given_no_private_address(faulty: RegistryServer, host: str) -> None:
    network = Network(insecure=frozenset({host}), proxy=faulty.url)

    with pytest.raises(RegistryError, match="an address that is not public"):
        make_source(make_client(network)).list_tags(Repository(host, "kairos/x"))

    assert faulty.requests == []


INSIDE = "http://inside.example/v2/kairos/x/tags/list"


@pytest.mark.parametrize(
    "leads",
    [status(302, Location=INSIDE), status(401, WWW_Authenticate=f'Bearer realm="{INSIDE}"')],
    ids=["redirect", "realm"],
)
def test_only_listed_registries_lead_to_those_that_may_be_private(
    faulty: RegistryServer, leads: Route
) -> None:
    faulty.routes["/v2/kairos/outside/tags/list"] = leads
    insecure = frozenset({"registry.example", "inside.example"})
    network = Network(insecure, frozenset({"inside.example"}), proxy=faulty.url)

    with pytest.raises(RegistryError, match=r"registry\.example leads to inside\.example"):
        make_source(make_client(network)).list_tags(
            Repository("registry.example", "kairos/outside")
        )

    assert len(faulty.requests) == 1


def test_proxy_that_drips_is_cut_off(faulty: RegistryServer) -> None:
    faulty.routes[LIST] = drip_body
    network = Network(insecure=frozenset({"registry.example"}), proxy=faulty.url)
    started = monotonic()

    with pytest.raises(RegistryUnavailableError, match="in time"):
        make_source(make_client(network, timeout=HASTE)).list_tags(
            Repository("registry.example", "kairos/x")
        )

    assert monotonic() - started < 3


def test_proxy_password_is_in_no_error() -> None:
    network = Network(proxy="http://user:hunter2@127.0.0.1:1")

    with pytest.raises(RegistryUnavailableError) as caught:
        make_source(make_client(network)).list_tags(Repository("registry.example", "kairos/x"))

    assert "hunter2" not in f"{caught.value} {network!r}"


def test_name_that_resolves_differently_the_second_time_is_not_asked_a_second_time(
    faulty: RegistryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A check that resolves for itself passes, and the connection then goes elsewhere."""
    answers = iter(["8.8.8.8", "127.0.0.1", "127.0.0.1"])

    def resolve(_: str, port: int, **__: object) -> list[object]:
        return [(2, 1, 6, "", (next(answers), port))]

    connected: list[str] = []

    def connect(address: tuple[str, int], *_: object, **__: object) -> None:
        connected.append(address[0])
        raise ConnectionRefusedError

    resolve_with(monkeypatch, resolve)
    monkeypatch.setattr("service.adapters.connection.create_connection", connect)

    with pytest.raises(RegistryUnavailableError):
        make_source(make_client(Network())).list_tags(Repository("rebinding.example", "kairos/x"))

    assert connected == ["8.8.8.8"]
    assert faulty.requests == []


@pytest.fixture
def tunnelled(authority: Authority) -> Iterator[tuple[RegistryServer, ConnectProxy]]:
    """Give a registry over TLS, and a proxy that leads there."""
    with (
        RegistryServer(authority.server_context()) as server,
        ConnectProxy(server.address) as proxy,
    ):
        yield server, proxy


def proxied(authority: Authority, proxy: ConnectProxy) -> Network:
    address = f"http://user:s%40cret@127.0.0.1:{proxy.server_port}"
    return Network(private=LOOPBACK, ca_file=authority.ca, proxy=address)


def test_proxy_tunnels_tls_which_stays_verified(
    tunnelled: tuple[RegistryServer, ConnectProxy], authority: Authority
) -> None:
    server, proxy = tunnelled
    server.routes[LIST] = list_one
    source = make_source(make_client(proxied(authority, proxy)))

    listing = source.list_tags(Repository("127.0.0.1", "kairos/x"))
    with pytest.raises(RegistryError, match="TLS that can be trusted"):
        source.list_tags(Repository("other.example", "kairos/x"))

    assert listing.tags == ("a",)
    assert [host for host, _ in proxy.asked] == ["127.0.0.1:443", "other.example:443"]
    assert proxy.asked[0][1] == "Basic dXNlcjpzQGNyZXQ="
    assert server.authorizations == [None]


def test_answer_that_drips_through_a_tunnel_is_cut_off(
    tunnelled: tuple[RegistryServer, ConnectProxy], authority: Authority
) -> None:
    server, proxy = tunnelled
    server.routes[LIST] = drip_body
    started = monotonic()

    with pytest.raises(RegistryUnavailableError, match="in time"):
        make_source(make_client(proxied(authority, proxy), timeout=HASTE)).list_tags(
            Repository("127.0.0.1", "kairos/x")
        )

    assert monotonic() - started < 3
