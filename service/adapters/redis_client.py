"""Clients of Redis, from the URL that names one: alone, by Sentinel, or a cluster."""

import ssl
from collections.abc import Mapping
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlsplit

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.connection import ConnectionPool, SSLConnection, parse_url
from redis.exceptions import RedisClusterException
from redis.retry import Retry
from redis.sentinel import Sentinel

Client: TypeAlias = Redis | RedisCluster

# All that a client of ours raises: the errors of a cluster have a base of their own.
CLIENT_ERRORS = (RedisError, RedisClusterException, OSError)

# A caller waits for one of these at most, before the breaker opens; so a Redis that is slower than
# this counts as none. Connecting may take a few exchanges, and is done once.
_TIMEOUT_SECONDS = 0.15
_CONNECT_SECONDS = 0.3
# All sentinels together, for they are asked one after the other.
_SENTINELS_SECONDS = 0.2

# Of redis-py's options for TLS those that make a client fail in no other way than by CLIENT_ERRORS;
# the rest is that, or checks nothing when it comes from a URL (OCSP).
_TLS_OPTIONS = frozenset(
    {
        "ssl_ca_certs",
        "ssl_ca_path",
        "ssl_cert_reqs",
        "ssl_certfile",
        "ssl_check_hostname",
        "ssl_keyfile",
        "ssl_password",
    }
)

# What else a URL may say. The rest would undo what others here build on: bytes, short waits, one
# try, and a pool that is never empty.
_OPTIONS = _TLS_OPTIONS | {
    "db",
    "password",
    "sentinel_password",
    "sentinel_username",
    "socket_keepalive",
    "ssl",
    "username",
}

_SENTINEL_PORT = 26379
_CLUSTER_PORT = 6379


def build_client(url: str) -> Client:
    """Build a client that gives up soon and tries nothing twice.

    Only a cluster is spoken to at once; the others connect with the first command.

    Args:
        url: ``redis://``, ``rediss://`` and ``unix://`` as in redis-py, with some of its query
            options;
            ``redis+sentinel://[user:password@]host[:port],…/service[/database]``, where
            ``sentinel_username`` and ``sentinel_password`` may stand in the query;
            ``redis+cluster://[user:password@]host[:port],…``. The last two take ``ssl=true``.

    Raises:
        ValueError: The URL cannot be read; the text may show parts of it.
        RedisError: No node of a cluster answers.
    """
    _check_options(url)
    kind, _, rest = url.partition("://")
    if kind == "redis+sentinel":
        return _build_sentinel(rest)
    if kind == "redis+cluster":
        hosts, options = _split_cluster(rest)
        nodes = [ClusterNode(host, port) for host, port in hosts]  # type: ignore[no-untyped-call]
        return RedisCluster(startup_nodes=nodes, **_with_timeouts(options, _TIMEOUT_SECONDS))
    options = _with_timeouts(parse_url(url))  # type: ignore[no-untyped-call]
    return Redis.from_pool(ConnectionPool(**options))


def check_url(url: str) -> None:
    """Refuse a URL with options that no client takes; connects to nothing.

    Raises:
        ValueError: Its text shows nothing of the URL, which may hold a password.
    """
    try:
        _check_options(url)
        kind, _, rest = url.partition("://")
        if kind == "redis+cluster":
            _, options = _split_cluster(rest)
            client: Client = Redis(**_with_timeouts(options))
        else:
            client = build_client(url)
        connection = client.connection_pool.make_connection()  # type: ignore[union-attr]
        query = parse_qs(urlsplit(url).query)
        _check_tls({name: query[name][0] for name in query if name.startswith("ssl_")}, connection)
    except OSError:
        raise ValueError("Names a file that TLS cannot use") from None
    except (ValueError, TypeError, AttributeError, RedisError):
        raise ValueError("Has an option that is not let through, or has no effect") from None


def _check_options(url: str) -> None:
    if not parse_qs(urlsplit(url).query).keys() <= _OPTIONS:
        raise ValueError("an option that is not let through")


def _check_tls(options: Mapping[str, str], connection: object) -> None:
    """Load the files of TLS as a connection will.

    Raises:
        OSError: A file cannot be read, or holds something else.
        TypeError: There is a key, and no certificate.
        ValueError: An option would be without effect.
    """
    if not options:
        return  # A context takes 20 ms of the start.
    if not isinstance(connection, SSLConnection):
        raise ValueError("options of TLS, and no TLS")  # noqa: TRY004 - malformed, not misused
    context = ssl.create_default_context()
    certificate, key = options.get("ssl_certfile"), options.get("ssl_keyfile")
    if certificate or key:
        # Without a password OpenSSL would ask the terminal for one.
        password = options.get("ssl_password", "")
        context.load_cert_chain(certificate, key, password)  # type: ignore[arg-type]
    authority, directory = options.get("ssl_ca_certs"), options.get("ssl_ca_path")
    if authority or directory:
        context.load_verify_locations(authority, directory)


def _build_sentinel(rest: str) -> Client:
    hosts, path, options = _split(rest, _SENTINEL_PORT)
    service, _, database = path.partition("/")
    if not service:
        raise ValueError("a sentinel's URL ends with the name of a service")
    seconds = _SENTINELS_SECONDS / len(hosts)
    own = {
        "username": options.pop("sentinel_username", None),
        "password": options.pop("sentinel_password", None),
        **{name: value for name, value in options.items() if name.startswith("ssl")},
    }
    sentinel = Sentinel(  # type: ignore[no-untyped-call] # redis-py types its commands alone
        hosts,
        sentinel_kwargs=_with_timeouts(own, seconds),
        **_with_timeouts(options | {"db": int(database or 0)}),
    )
    client: Redis = sentinel.master_for(service)  # type: ignore[no-untyped-call]
    return client


def _split_cluster(rest: str) -> tuple[list[tuple[str, int]], dict[str, Any]]:
    hosts, _, options = _split(rest, _CLUSTER_PORT)
    if "db" in options:
        raise ValueError("a cluster has no databases")
    return hosts, options


def _split(rest: str, default_port: int) -> tuple[list[tuple[str, int]], str, dict[str, Any]]:
    """Give the hosts of a URL of many, its path, and its credentials and options as redis-py's."""
    parts = urlsplit(f"redis://{rest}")
    credentials, at, hosts = parts.netloc.rpartition("@")
    options = parse_url(f"redis://{credentials}{at}any?{parts.query}")  # type: ignore[no-untyped-call]
    del options["host"]
    options["ssl"] = options.pop("ssl", "false") == "true"
    return [_parse_host(host, default_port) for host in hosts.split(",")], parts.path[1:], options


def _parse_host(text: str, default_port: int) -> tuple[str, int]:
    parts = urlsplit(f"redis://{text}")
    if not parts.hostname:
        raise ValueError("a host is missing")
    return parts.hostname, parts.port or default_port


def _with_timeouts(options: dict[str, Any], seconds: float = _CONNECT_SECONDS) -> dict[str, Any]:
    return {
        **options,
        "socket_timeout": min(seconds, _TIMEOUT_SECONDS),
        "socket_connect_timeout": seconds,
        "retry": Retry(NoBackoff(), 0),
        # The newer protocol brings a longer handshake, and nothing that is used here.
        "protocol": 2,
        # Telling the client's name would take two exchanges more.
        "driver_info": None,
    }
