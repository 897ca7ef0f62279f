import base64
import json
import socket
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from service.adapters.credentials import Credentials
from service.adapters.http import Network
from service.domain.reference import Repository
from service.errors import RegistryError, RegistryUnavailableError
from tests.fakes import FakeClock
from tests.integration.certificates import Authority
from tests.integration.clients import LOOPBACK, make_client, make_source, resolve_with
from tests.integration.registry_server import Handler, RegistryServer, Route, status
from tests.integration.token_server import ISSUER, SERVICE, TokenSource
from tests.servers import start_registry

USER, PASSWORD = "kai", "open sesame"
# The bcrypt of the password.
HTPASSWD = f"{USER}:$2b$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy\n"
TAGS = ("v1.0.0", "v1.0.1")


def write_auths(directory: Path, auths: Mapping[str, object]) -> Credentials:
    file = directory / "config.json"
    file.write_text(json.dumps({"auths": auths}))
    return Credentials.load(file)


def encode(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.fixture
def realm(authority: Authority) -> Iterator[tuple[RegistryServer, TokenSource]]:
    """Give a source of tokens over HTTPS, with no users but ours and the identity token."""
    users = {USER: PASSWORD, "token": "an-identity-token"}
    source = TokenSource(authority, users, public="kairos/public")
    with RegistryServer(authority.server_context()) as server:
        source.serve(server)
        yield server, source


@pytest.fixture
def guarded(
    realm: tuple[RegistryServer, TokenSource], authority: Authority, tmp_path: Path
) -> Iterator[str]:
    """Give a docker-registry that wants tokens, over TLS."""
    auth = (
        f'auth: {{token: {{realm: "{realm[0].url}/token", service: {SERVICE}, issuer: {ISSUER},'
        f' rootcertbundle: "{authority.certificate}"}}}}\n'
    )
    repositories = {"kairos/public": TAGS, "kairos/secret": TAGS}
    tls = (authority.certificate, authority.key)
    with start_registry(tmp_path / "registry", repositories, tls=tls, auth=auth) as address:
        yield address


@pytest.fixture
def trusting(authority: Authority) -> Network:
    return Network(private=LOOPBACK, ca_file=authority.ca)


def test_anonymous_token_opens_what_is_public_and_is_kept(
    guarded: str, realm: tuple[RegistryServer, TokenSource], trusting: Network
) -> None:
    source = make_source(make_client(trusting))

    listings = [source.list_tags(Repository(guarded, "kairos/public")) for _ in range(3)]

    assert [sorted(listing.tags) for listing in listings] == [sorted(TAGS)] * 3
    assert realm[1].given == ["repository:kairos/public:pull"]


def test_anonymous_token_does_not_open_what_is_private(guarded: str, trusting: Network) -> None:
    with pytest.raises(RegistryError, match="private, or does not exist"):
        make_source(make_client(trusting)).list_tags(Repository(guarded, "kairos/secret"))


@pytest.mark.parametrize(
    "entry",
    [
        {"auth": encode(USER, PASSWORD)},
        {"username": USER, "password": PASSWORD},
        {"auth": "", "identitytoken": "an-identity-token"},
    ],
    ids=["auth", "username", "identitytoken"],
)
def test_credentials_open_what_is_private(
    guarded: str, trusting: Network, tmp_path: Path, entry: object
) -> None:
    credentials = write_auths(tmp_path, {guarded: entry})

    listing = make_source(make_client(trusting, credentials=credentials)).list_tags(
        Repository(guarded, "kairos/secret")
    )

    assert sorted(listing.tags) == sorted(TAGS)


def test_token_is_asked_for_anew_before_it_expires(
    guarded: str, realm: tuple[RegistryServer, TokenSource], trusting: Network
) -> None:
    clock = FakeClock()
    source = make_source(make_client(trusting, clock=clock))
    source.list_tags(Repository(guarded, "kairos/public"))

    clock.advance(timedelta(seconds=239))
    source.list_tags(Repository(guarded, "kairos/public"))
    before = len(realm[1].given)
    clock.advance(timedelta(seconds=2))
    source.list_tags(Repository(guarded, "kairos/public"))

    assert (before, len(realm[1].given)) == (1, 2)


def test_wrong_credentials_are_an_error_that_does_not_tell_them(
    guarded: str, trusting: Network, tmp_path: Path
) -> None:
    credentials = write_auths(tmp_path, {guarded: {"auth": encode(USER, "wrong-and-secret")}})

    with structlog.testing.capture_logs() as logs, pytest.raises(RegistryError) as caught:
        make_source(make_client(trusting, credentials=credentials)).list_tags(
            Repository(guarded, "kairos/secret")
        )

    told = f"{caught.value!r} {caught.value.__cause__!r} {logs}"
    assert "wrong-and-secret" not in told
    assert encode(USER, "wrong-and-secret") not in told


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[str]:
    """Give a docker-registry that wants a name and password."""
    (tmp_path / "htpasswd").write_text(HTPASSWD)
    auth = f'auth: {{htpasswd: {{realm: tests, path: "{tmp_path / "htpasswd"}"}}}}\n'
    with start_registry(tmp_path / "registry", {"kairos/secret": TAGS}, auth=auth) as address:
        yield address


def test_basic_credentials_open_a_registry_with_htpasswd(locked: str, tmp_path: Path) -> None:
    credentials = write_auths(tmp_path, {locked: {"auth": encode(USER, PASSWORD)}})

    listing = make_source(make_client(credentials=credentials)).list_tags(
        Repository(locked, "kairos/secret")
    )

    assert sorted(listing.tags) == sorted(TAGS)


@pytest.mark.parametrize("auths", [{}, {"auth": encode(USER, "wrong")}])
def test_registry_with_htpasswd_stays_shut_otherwise(
    locked: str, tmp_path: Path, auths: Mapping[str, object]
) -> None:
    credentials = write_auths(tmp_path, {locked: auths} if auths else {})

    with pytest.raises(RegistryError, match="private, or does not exist"):
        make_source(make_client(credentials=credentials)).list_tags(
            Repository(locked, "kairos/secret")
        )


def test_own_authority_is_trusted_only_where_it_is_given(guarded: str) -> None:
    with pytest.raises(RegistryError, match="TLS that can be trusted"):
        make_source(make_client(Network(private=LOOPBACK))).list_tags(
            Repository(guarded, "kairos/public")
        )


def test_certificate_is_that_of_the_host_by_its_name(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve = socket.getaddrinfo
    resolve_with(monkeypatch, lambda _, *args, **kwargs: resolve("127.0.0.1", *args, **kwargs))
    with RegistryServer(authority.server_context()) as server:
        name = f"other.example:{server.server_port}"
        network = Network(private=frozenset({name}), ca_file=authority.ca)

        with pytest.raises(RegistryError, match="TLS that can be trusted"):
            make_source(make_client(network)).list_tags(Repository(name, "null"))

        assert server.requests == []


def challenge(realm: str, service: str = "s") -> Route:
    header = f'Bearer realm="{realm}",service="{service}",scope="repository:x:pull,push"'
    return status(401, WWW_Authenticate=header)


def demand(value: str, then: Route, challenged: Route) -> Route:
    """Let in who shows an Authorization header."""

    def answer(handler: Handler) -> None:
        (then if handler.headers["Authorization"] == value else challenged)(handler)

    return answer


def give_token(token: str = "abc", **more: object) -> Route:  # noqa: S107 - no secret
    body = json.dumps({"access_token": token, **more}).encode()
    return lambda handler: handler.reply(200, body)


def list_one(handler: Handler) -> None:
    handler.reply_page(["a"])


LIST = "/v2/kairos/x/tags/list"


def test_scope_is_that_of_the_repository_whatever_the_challenge_names(
    faulty: RegistryServer,
) -> None:
    faulty.routes["/token"] = give_token()
    asked = challenge(f"{faulty.url}/token?x=1", service="a b")
    faulty.routes[LIST] = demand("Bearer abc", list_one, asked)

    listing = make_source().list_tags(Repository(faulty.address, "kairos/x"))

    assert listing.tags == ("a",)
    assert faulty.requests[1] == "/token?x=1&service=a+b&scope=repository%3Akairos%2Fx%3Apull"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"token": 1}',
        b'{"token": ""}',
        b'{"token": "a\\r\\nX-Evil: 1"}',
        b'{"token": "' + b"a" * 20_000 + b'"}',
        b"[" * 50_000,
    ],
)
def test_source_of_tokens_that_gives_none_is_an_error(faulty: RegistryServer, body: bytes) -> None:
    faulty.routes["/token"] = lambda handler: handler.reply(200, body)
    faulty.routes[LIST] = challenge(f"{faulty.url}/token")

    with pytest.raises(RegistryError, match="gives none"):
        make_source().list_tags(Repository(faulty.address, "kairos/x"))


def test_refused_token_is_asked_for_once(faulty: RegistryServer) -> None:
    faulty.routes["/token"] = give_token()
    faulty.routes[LIST] = challenge(f"{faulty.url}/token")

    with pytest.raises(RegistryError, match="HTTP 401"):
        make_source().list_tags(Repository(faulty.address, "kairos/x"))

    assert len(faulty.requests) == 3


@pytest.mark.parametrize(
    ("realm", "complaint"),
    [
        ("http://127.0.0.1:1/token", "not listed in ADVISOR_INSECURE_REGISTRIES"),
        ("https://127.0.0.1:1/token", "an address that is not public"),
        ("https://127.1/token", "an address that is not public"),
        ("https://2130706433/token", "an address that is not public"),
        ("https://[::ffff:127.0.0.1]/token", "an address that is not public"),
        ("https://localhost:1/token", "an address that is not public"),
        ("https://169.254.169.254/latest/meta-data", "an address that is not public"),
        ("http://169.254.169.254/latest/meta-data", "not listed in ADVISOR_INSECURE_REGISTRIES"),
        ("file:///etc/passwd", "no address"),
        ("https://user:secret@127.0.0.1:1/", "no address"),
        ("https://a\\@b/", "no address"),
        ("//", "no address"),
        ("", "no address"),
    ],
)
def test_realm_is_held_to_the_checks_of_a_registry(
    faulty: RegistryServer, realm: str, complaint: str
) -> None:
    faulty.routes[LIST] = challenge(realm.replace("\\", "\\\\"))
    own = frozenset({faulty.address})

    with pytest.raises(RegistryError, match=complaint) as caught:
        make_source(make_client(Network(insecure=own, private=own))).list_tags(
            Repository(faulty.address, "kairos/x")
        )

    assert not isinstance(caught.value, RegistryUnavailableError)


def test_credentials_are_sent_to_no_realm_without_tls(
    faulty: RegistryServer, tmp_path: Path
) -> None:
    credentials = write_auths(tmp_path, {faulty.address: {"auth": encode(USER, PASSWORD)}})
    with RegistryServer() as other:
        faulty.routes[LIST] = challenge(f"{other.url}/token")

        with pytest.raises(RegistryError, match="without TLS"):
            make_source(make_client(credentials=credentials)).list_tags(
                Repository(faulty.address, "kairos/x")
            )

    assert other.requests == []
    assert faulty.authorizations == [None]


def test_credentials_of_one_registry_are_not_for_another(
    faulty: RegistryServer, tmp_path: Path
) -> None:
    auths = {f"127.0.0.1:{faulty.server_port + 1}": {"auth": encode(USER, PASSWORD)}}
    faulty.routes[LIST] = status(401, WWW_Authenticate="Basic realm=x")

    with pytest.raises(RegistryError, match="private"):
        make_source(make_client(credentials=write_auths(tmp_path, auths))).list_tags(
            Repository(faulty.address, "kairos/x")
        )

    assert faulty.authorizations == [None]


def test_what_opens_one_repository_is_not_sent_for_another(
    faulty: RegistryServer,
) -> None:
    faulty.routes["/token"] = give_token()
    faulty.routes[LIST] = demand("Bearer abc", list_one, challenge(f"{faulty.url}/token"))
    source = make_source()
    source.list_tags(Repository(faulty.address, "kairos/x"))

    source.list_tags(Repository(faulty.address, "null"))

    assert faulty.authorizations == [None, None, "Bearer abc", None]


def test_registry_that_a_redirect_leads_to_gets_no_credentials(
    faulty: RegistryServer, tmp_path: Path
) -> None:
    credentials = write_auths(tmp_path, {faulty.address: {"auth": encode(USER, PASSWORD)}})
    with RegistryServer() as other:
        other.routes["/stolen"] = status(401, WWW_Authenticate="Basic realm=x")
        leads = status(307, Location=f"{other.url}/stolen")
        basic = f"Basic {encode(USER, PASSWORD)}"
        faulty.routes[LIST] = demand(basic, leads, status(401, WWW_Authenticate="Basic realm=x"))

        with pytest.raises(RegistryError):
            make_source(make_client(credentials=credentials)).list_tags(
                Repository(faulty.address, "kairos/x")
            )

    assert faulty.authorizations == [None, basic]
    assert other.authorizations == [None]


def test_realm_that_redirects_takes_no_identity_token_along(
    realm: tuple[RegistryServer, TokenSource],
    authority: Authority,
    trusting: Network,
    tmp_path: Path,
) -> None:
    with RegistryServer(authority.server_context()) as registry:
        realm[0].routes["/moved"] = status(307, Location=f"{registry.url}/stolen")
        registry.routes[LIST] = challenge(f"{realm[0].url}/moved")
        credentials = write_auths(tmp_path, {registry.address: {"identitytoken": "secret-token"}})

        with pytest.raises(RegistryError, match="gives none"):
            make_source(make_client(trusting, credentials=credentials)).list_tags(
                Repository(registry.address, "kairos/x")
            )

    assert len(registry.requests) == 1
