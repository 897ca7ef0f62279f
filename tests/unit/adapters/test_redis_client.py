import pytest
from redis import Redis
from redis.sentinel import SentinelConnectionPool
from requests.utils import DEFAULT_CA_BUNDLE_PATH as CA

from service.adapters.redis_client import build_client, check_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "redis://user:p%40ss@redis.local:6380/2",
            {"host": "redis.local", "port": 6380, "db": 2, "username": "user", "password": "p@ss"},
        ),
        ("rediss://redis.local?ssl_ca_certs=/ca.pem", {"ssl_ca_certs": "/ca.pem"}),
        ("unix:///run/redis.sock?db=3", {"path": "/run/redis.sock", "db": 3}),
        (
            "redis+sentinel://user:pass@one,two:26380/main/4",
            {"username": "user", "password": "pass", "db": 4},
        ),
    ],
)
def test_url_is_read_and_nothing_waits_for_long(url: str, expected: dict[str, object]) -> None:
    client = build_client(url)

    assert isinstance(client, Redis)
    options = client.connection_pool.connection_kwargs
    assert expected.items() <= options.items()
    assert (options["socket_timeout"], options["socket_connect_timeout"]) == (0.15, 0.3)
    assert options["retry"].get_retries() == 0


@pytest.mark.parametrize("url", ["redis+sentinel://one", "redis+sentinel://,/main", "http://x"])
def test_url_that_names_no_redis_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        build_client(url)


@pytest.mark.parametrize(
    "url",
    [
        "redis://:s3cret@one",
        f"rediss://one?ssl_ca_certs={CA}&ssl_cert_reqs=required&ssl_check_hostname=true",
        f"redis+sentinel://one,two/main?ssl=true&ssl_ca_certs={CA}",
        f"redis+cluster://one,two?ssl=true&ssl_ca_certs={CA}",
        "unix:///run/redis.sock",
        "redis+sentinel://one,two/main?sentinel_password=s3cret&ssl=true",
        "redis+cluster://user:s3cret@one,two",
        "redis://one?db=1&username=user&password=s3cret&socket_keepalive=1",
    ],
)
def test_good_url_is_accepted_without_a_connection(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize("kind", ["redis://:s3cret@one", "redis+cluster://:s3cret@one"])
@pytest.mark.parametrize(
    "option",
    [
        "no_such_option=1",
        "socket_timeout=soon",
        "socket_timeout=4",
        "socket_connect_timeout=4",
        "max_connections=1",
        "decode_responses=true",
        "encoding=utf-16",
        "retry_on_timeout=true",
        "health_check_interval=1",
        "protocol=3",
        "db=1&timeout=20",
        "db=first",
    ],
)
def test_option_that_is_not_let_through_is_refused_without_the_password(
    kind: str, option: str
) -> None:
    with pytest.raises(ValueError, match="Has an option") as refused:
        check_url(f"{kind}?{option}")

    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    ["redis://one", "rediss://one", "unix:///one", "redis+sentinel://one/main"],
)
def test_no_client_is_built_with_an_option_that_would_beat_ours(url: str) -> None:
    with pytest.raises(ValueError, match="not let through"):
        build_client(f"{url}?socket_timeout=4")


def test_cluster_has_no_databases() -> None:
    with pytest.raises(ValueError, match="Has an option"):
        check_url("redis+cluster://one?db=1")


@pytest.mark.parametrize(
    "url",
    [
        "rediss://:s3cret@one?ssl_ca_certs=/does/not/exist",
        f"rediss://:s3cret@one?ssl_ca_certs={__file__}",
        f"rediss://:s3cret@one?ssl_certfile={CA}",
        f"rediss://:s3cret@one?ssl_keyfile={CA}",
        "rediss://:s3cret@one?ssl_ca_certs=%00",
        "rediss://:s3cret@one?ssl_cert_reqs=s3cret",
        "rediss://:s3cret@one?ssl_min_version=5",
        "rediss://:s3cret@one?ssl_ca_data=%C3%A9",
        "rediss://:s3cret@one?ssl_validate_ocsp=true",
        "rediss://:s3cret@one?ssl_validate_ocsp_stapled=true",
        f"redis://:s3cret@one?ssl_ca_certs={CA}",
        f"redis+sentinel://:s3cret@one/main?ssl_ca_certs={CA}",
        f"redis+cluster://:s3cret@one?ssl_ca_certs={CA}",
        "redis+cluster://:s3cret@one?ssl=true&ssl_ca_certs=/does/not/exist",
    ],
)
def test_tls_that_cannot_work_is_refused_before_a_connection(url: str) -> None:
    with pytest.raises(ValueError, match=r"Names a file|Has an option") as refused:
        check_url(url)

    assert "s3cret" not in str(refused.value)


def test_sentinels_are_held_to_the_same_authority_as_their_master() -> None:
    client = build_client(f"redis+sentinel://one/main?ssl=true&ssl_ca_certs={CA}")

    assert isinstance(client, Redis)
    pool = client.connection_pool
    assert isinstance(pool, SentinelConnectionPool)
    for each in (pool, pool.sentinel_manager.sentinels[0].connection_pool):
        assert each.connection_kwargs["ssl_ca_certs"] == CA
