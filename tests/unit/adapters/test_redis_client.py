import pytest
from redis import Redis

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
    assert options["socket_timeout"] == options["socket_connect_timeout"] == 0.3
    assert options["retry"].get_retries() == 0


@pytest.mark.parametrize("url", ["redis+sentinel://one", "redis+sentinel://,/main", "http://x"])
def test_url_that_names_no_redis_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        build_client(url)


@pytest.mark.parametrize(
    "url",
    [
        "redis://:s3cret@one",
        "rediss://one?ssl_ca_certs=/ca.pem",
        "unix:///run/redis.sock",
        "redis+sentinel://one,two/main?sentinel_password=s3cret&ssl=true",
        "redis+cluster://user:s3cret@one,two",
    ],
)
def test_good_url_is_accepted_without_a_connection(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize("kind", ["redis://:s3cret@one", "redis+cluster://:s3cret@one"])
@pytest.mark.parametrize("option", ["no_such_option=1", "socket_timeout=soon"])
def test_option_that_does_not_exist_is_refused_without_the_password(kind: str, option: str) -> None:
    with pytest.raises(ValueError, match="ADVISOR_REDIS_URL") as refused:
        check_url(f"{kind}?{option}")

    assert "s3cret" not in str(refused.value)
