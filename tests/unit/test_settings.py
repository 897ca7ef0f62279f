import os
from datetime import timedelta
from pathlib import Path

import pytest
from certifi import where

from service.adapters.redis_client import check_url
from service.domain.mirror import Mirrors
from service.domain.rate_limit import RateLimit
from service.domain.reference import Repository
from service.settings import Settings, SettingsError


def _texts(settings: Settings) -> tuple[list[str], list[str]]:
    return (
        [pattern.text for pattern in settings.repositories],
        [pattern.text for pattern in settings.official_repositories],
    )


def test_an_empty_environment_gives_the_defaults_of_the_contract() -> None:
    settings = Settings.from_env({})

    assert _texts(settings) == (["quay.io/kairos/*"], ["quay.io/kairos/*"])
    assert settings.reference_repositories == {}
    assert settings.mirrors == Mirrors()
    assert settings.snapshot_dir is None
    assert settings.rules_file is None
    assert settings.default_organisation is None
    assert settings.insecure_registries == settings.private_registries == frozenset()
    assert (settings.registry_auth_file, settings.registry_ca_file) == (None, None)
    assert settings.registry_proxy is None
    assert (settings.rate_limit, settings.api_tokens_file) == (None, None)
    assert settings.trusted_proxies == 0
    assert settings.answer_with == "asked"
    assert settings.verify_targets is True
    assert settings.registry_timeout == timedelta(seconds=10)
    assert (settings.fresh, settings.stale) == (timedelta(minutes=15), timedelta(days=30))
    assert settings.problem_base_url == "/problems"
    assert (settings.log_level, settings.log_format) == ("info", "json")
    assert (settings.port, settings.web_concurrency) == (8080, 1)
    assert settings.worker_threads == 16


GOOD = [
    ("ADVISOR_REGISTRY_TIMEOUT_SECONDS", "0.5", "registry_timeout", timedelta(seconds=0.5)),
    ("ADVISOR_REGISTRY_TIMEOUT_SECONDS", "300", "registry_timeout", timedelta(minutes=5)),
    ("ADVISOR_FRESH_SECONDS", "0", "fresh", timedelta()),
    ("ADVISOR_FRESH_SECONDS", "60", "fresh", timedelta(minutes=1)),
    ("ADVISOR_STALE_SECONDS", "0", "stale", timedelta()),
    (
        "ADVISOR_PROBLEM_BASE_URL",
        "https://docs.example/p/",
        "problem_base_url",
        "https://docs.example/p",
    ),
    ("ADVISOR_PROBLEM_BASE_URL", "/elsewhere", "problem_base_url", "/elsewhere"),
    ("ADVISOR_LOG_LEVEL", "debug", "log_level", "debug"),
    ("ADVISOR_LOG_LEVEL", "critical", "log_level", "critical"),
    ("ADVISOR_LOG_FORMAT", "console", "log_format", "console"),
    ("ADVISOR_WORKER_THREADS", "2", "worker_threads", 2),
    ("ADVISOR_WORKER_THREADS", "256", "worker_threads", 256),
    ("ADVISOR_VERIFY_TARGETS", "false", "verify_targets", False),
    ("ADVISOR_ANSWER_WITH", "mirror", "answer_with", "mirror"),
    ("ADVISOR_REGISTRY_AUTH_FILE", __file__, "registry_auth_file", Path(__file__)),
    ("ADVISOR_RATE_LIMIT", "600/minute", "rate_limit", RateLimit(600, timedelta(minutes=1))),
    ("ADVISOR_RATE_LIMIT", "1/day", "rate_limit", RateLimit(1, timedelta(days=1))),
    ("ADVISOR_API_TOKENS_FILE", __file__, "api_tokens_file", Path(__file__)),
    ("ADVISOR_TRUSTED_PROXIES", "2", "trusted_proxies", 2),
    ("ADVISOR_REGISTRY_CA_FILE", where(), "registry_ca_file", Path(where())),
    ("ADVISOR_REGISTRY_PROXY", "http://u:p@proxy:3128", "registry_proxy", "http://u:p@proxy:3128"),
    ("PORT", "1", "port", 1),
    ("PORT", "65535", "port", 65535),
    ("WEB_CONCURRENCY", "4", "web_concurrency", 4),
    (
        "ADVISOR_INSECURE_REGISTRIES",
        "127.0.0.1:5000, Registry.Local,[::1]:5000",
        "insecure_registries",
        frozenset({"127.0.0.1:5000", "registry.local", "[::1]:5000"}),
    ),
    ("ADVISOR_PRIVATE_REGISTRIES", "localhost:1", "private_registries", frozenset({"localhost:1"})),
    (
        "ADVISOR_MIRRORS",
        "quay.io/kairos=registry.local:5000/kairos, docker.io = registry.local",
        "mirrors",
        Mirrors({"quay.io/kairos": "registry.local:5000/kairos", "docker.io": "registry.local"}),
    ),
    (
        "ADVISOR_MIRRORS",
        "docker.io=registry.local:5000/hub",
        "mirrors",
        Mirrors({"docker.io": "registry.local:5000/hub"}),
    ),
    (
        "ADVISOR_DEFAULT_ORGANISATION",
        "registry.local:5000/team",
        "default_organisation",
        "registry.local:5000/team",
    ),
    (
        "ADVISOR_REFERENCE_REPOSITORIES",
        "quay.io/kairos=hadron",
        "reference_repositories",
        {"quay.io/kairos": Repository("quay.io", "kairos/hadron")},
    ),
    (
        "ADVISOR_REFERENCE_REPOSITORIES",
        "quay.io/kairos=quay.io/kairos/ubuntu,registry.local:5000/team=base",
        "reference_repositories",
        {
            "quay.io/kairos": Repository("quay.io", "kairos/ubuntu"),
            "registry.local:5000/team": Repository("registry.local:5000", "team/base"),
        },
    ),
]


@pytest.mark.parametrize(("name", "value", "attribute", "expected"), GOOD)
def test_a_good_value_is_read(name: str, value: str, attribute: str, expected: object) -> None:
    settings = Settings.from_env({name: value})

    assert getattr(settings, attribute) == expected


@pytest.mark.parametrize("name", ["ADVISOR_REPOSITORIES", "ADVISOR_OFFICIAL_REPOSITORIES"])
def test_repositories_are_patterns(name: str) -> None:
    settings = Settings.from_env({name: "quay.io/kairos/*, registry.local:5000/team/os-*,"})

    patterns = _texts(settings)[name == "ADVISOR_OFFICIAL_REPOSITORIES"]
    assert patterns == ["quay.io/kairos/*", "registry.local:5000/team/os-*"]


def test_a_snapshot_directory_is_read(tmp_path: Path) -> None:
    settings = Settings.from_env({"ADVISOR_SNAPSHOT_DIR": str(tmp_path)})

    assert settings.snapshot_dir == tmp_path


def test_a_file_of_rules_is_named(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.touch()

    settings = Settings.from_env({"ADVISOR_RULES_FILE": str(rules)})

    assert settings.rules_file == rules


BAD = [
    ("ADVISOR_REDIS_URL", "redis"),
    ("ADVISOR_REDIS_URL", "redis://"),
    ("ADVISOR_REDIS_URL", "http://:s3cret@one"),
    ("ADVISOR_REDIS_URL", "redis://:s3cret@one:99999/0"),
    ("ADVISOR_REDIS_URL", "redis://one/database"),
    ("ADVISOR_REDIS_URL", "redis+sentinel://:s3cret@one,two"),
    ("ADVISOR_REDIS_URL", "redis+cluster://one:port"),
    ("ADVISOR_REDIS_URL_FILE", "/does/not/exist"),
    ("ADVISOR_REDIS_URL_FILE", "/etc/passwd"),
    ("ADVISOR_TRACKED_REPOSITORIES", "quay.io/kairos/*"),
    ("ADVISOR_TRACKED_REPOSITORIES", "quay.io/other/ubuntu"),
    ("ADVISOR_REPOSITORIES", "*"),
    ("ADVISOR_REPOSITORIES", "kairos/*"),
    ("ADVISOR_REPOSITORIES", "quay.io/kairos/*:latest"),
    ("ADVISOR_REPOSITORIES", "https://quay.io/kairos/*"),
    ("ADVISOR_REPOSITORIES", "quay.io/Kairos/*"),
    ("ADVISOR_REPOSITORIES", ","),
    ("ADVISOR_OFFICIAL_REPOSITORIES", " , "),
    ("ADVISOR_OFFICIAL_REPOSITORIES", "quay.io/kairos/*,no spaces here"),
    ("ADVISOR_REFERENCE_REPOSITORIES", "quay.io/kairos"),
    ("ADVISOR_REFERENCE_REPOSITORIES", "quay.io/kairos="),
    ("ADVISOR_REFERENCE_REPOSITORIES", "=quay.io/kairos/hadron"),
    ("ADVISOR_REFERENCE_REPOSITORIES", "quay.io/kairos=quay.io/kairos/hadron:latest"),
    ("ADVISOR_MIRRORS", "quay.io/kairos"),
    ("ADVISOR_MIRRORS", "quay.io/kairos=http://registry.local/kairos"),
    ("ADVISOR_MIRRORS", "quay.io/kairos=registry local"),
    ("ADVISOR_ANSWER_WITH", "both"),
    ("ADVISOR_RATE_LIMIT", "600"),
    ("ADVISOR_RATE_LIMIT", "0/minute"),
    ("ADVISOR_RATE_LIMIT", "-1/minute"),
    ("ADVISOR_RATE_LIMIT", "600/month"),
    ("ADVISOR_RATE_LIMIT", "600/minutes"),
    ("ADVISOR_RATE_LIMIT", "10/second;600/minute"),
    ("ADVISOR_RATE_LIMIT", "9999999999/day"),
    ("ADVISOR_API_TOKENS_FILE", "/does/not/exist"),
    ("ADVISOR_API_TOKENS_FILE", "/etc"),
    ("ADVISOR_TRUSTED_PROXIES", "-1"),
    ("ADVISOR_TRUSTED_PROXIES", "17"),
    ("ADVISOR_TRUSTED_PROXIES", "10.0.0.1"),
    ("ADVISOR_REGISTRY_AUTH_FILE", "/does/not/exist"),
    ("ADVISOR_REGISTRY_CA_FILE", __file__),
    ("ADVISOR_REGISTRY_PROXY", "proxy.local:3128"),
    ("ADVISOR_REGISTRY_PROXY", "socks5://proxy.local"),
    ("ADVISOR_REGISTRY_PROXY", "http://"),
    ("ADVISOR_REGISTRY_PROXY_FILE", "/does/not/exist"),
    ("ADVISOR_REGISTRY_PROXY_FILE", "/etc/passwd"),
    ("ADVISOR_SNAPSHOT_DIR", "/does/not/exist"),
    ("ADVISOR_SNAPSHOT_DIR", "/etc/passwd"),
    ("ADVISOR_SNAPSHOT_DIR", "/" + "x" * 5_000),
    ("ADVISOR_RULES_FILE", "/does/not/exist"),
    ("ADVISOR_RULES_FILE", "/etc"),
    ("ADVISOR_RULES_FILE", "/" + "x" * 5_000),
    ("ADVISOR_DEFAULT_ORGANISATION", "kairos"),
    ("ADVISOR_DEFAULT_ORGANISATION", "quay.io/kairos:latest"),
    ("ADVISOR_DEFAULT_ORGANISATION", "https://quay.io/kairos"),
    ("ADVISOR_DEFAULT_ORGANISATION", "quay.io/kairos,quay.io/other"),
    ("ADVISOR_INSECURE_REGISTRIES", "http://127.0.0.1:5000"),
    ("ADVISOR_INSECURE_REGISTRIES", "127.0.0.1:5000/kairos"),
    ("ADVISOR_PRIVATE_REGISTRIES", "127.0.0.1:99999"),
    ("ADVISOR_REGISTRY_TIMEOUT_SECONDS", "0"),
    ("ADVISOR_REGISTRY_TIMEOUT_SECONDS", "-1"),
    ("ADVISOR_REGISTRY_TIMEOUT_SECONDS", "301"),
    ("ADVISOR_REGISTRY_TIMEOUT_SECONDS", "10s"),
    ("ADVISOR_FRESH_SECONDS", "-1"),
    ("ADVISOR_FRESH_SECONDS", "nan"),
    ("ADVISOR_FRESH_SECONDS", "inf"),
    ("ADVISOR_FRESH_SECONDS", "1e400"),
    ("ADVISOR_STALE_SECONDS", "soon"),
    ("ADVISOR_STALE_SECONDS", "9" * 5_000),
    ("ADVISOR_VERIFY_TARGETS", "maybe"),
    ("ADVISOR_VERIFY_TARGETS", "perhaps"),
    ("ADVISOR_PROBLEM_BASE_URL", "docs.example"),
    ("ADVISOR_PROBLEM_BASE_URL", "ftp://docs.example"),
    ("ADVISOR_PROBLEM_BASE_URL", "/a b"),
    ("ADVISOR_PROBLEM_BASE_URL", "/a\r\nX-Evil: 1"),
    ("ADVISOR_LOG_LEVEL", "loud"),
    ("ADVISOR_LOG_FORMAT", "xml"),
    ("PORT", "0"),
    ("PORT", "65536"),
    ("PORT", "http"),
    ("PORT", "8080.5"),
    ("PORT", "9" * 5_000),
    ("WEB_CONCURRENCY", "0"),
    ("WEB_CONCURRENCY", "many"),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_bad_value_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_env({name: value})

    assert f"{name}: " in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ADVISOR_DEFAULT_ORGANISATION", "kairos"),
        ("ADVISOR_MIRRORS", "quay.io/Kairos=registry.local"),
        ("ADVISOR_PRIVATE_REGISTRIES", "registry.local:99999"),
    ],
)
def test_a_bad_registry_is_quoted_as_it_was_written(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_env({name: value})

    assert f"{name}: {value.partition('=')[0]!r} " in str(refused.value)
    assert "/x" not in str(refused.value)


def test_all_bad_settings_are_named_at_once() -> None:
    bad = {
        "ADVISOR_FRESH_SECONDS": "soon",
        "ADVISOR_NO_SUCH_THING": "1",
        "ADVISOR_REPOSITORIES": "nowhere",
        "PORT": "http",
        "WEB_CONCURRENCY": "many",
    }

    with pytest.raises(SettingsError) as refused:
        Settings.from_env(bad | {"ADVISOR_LOG_LEVEL": "debug"})

    message = str(refused.value)
    assert [name for name in bad if f"{name}: " in message] == list(bad)
    assert "ADVISOR_LOG_LEVEL" not in message
    assert "\n" not in message


@pytest.mark.parametrize("name", ["ADVISOR_FRESH", "ADVISOR_", "ADVISOR_repositories", "ADVISOR_X"])
def test_an_unknown_setting_of_ours_is_refused_by_name(name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name}: There is no such setting"):
        Settings.from_env({name: "1"})


@pytest.mark.parametrize(
    "name",
    [
        "ADVISOR_PORT",
        "ADVISOR_PORT_80_TCP",
        "ADVISOR_PORT_80_TCP_ADDR",
        "ADVISOR_SERVICE_HOST",
        "ADVISOR_SERVICE_PORT_HTTP",
        "PATH",
        "KAIROS_ADVISOR_FRESH",
        "advisor_fresh_seconds",
    ],
)
def test_what_kubernetes_injects_and_what_is_not_ours_is_ignored(name: str) -> None:
    settings = Settings.from_env({name: "tcp://10.0.0.1:80"})

    assert settings == Settings.from_env({})


@pytest.mark.parametrize(
    "name",
    sorted({name for name, _ in BAD} | {"ADVISOR_LOG_FORMAT", "ADVISOR_NO_SUCH_THING"}),
)
def test_an_empty_setting_counts_as_unset(name: str) -> None:
    settings = Settings.from_env({name: ""})

    assert settings == Settings.from_env({})


@pytest.mark.parametrize(
    "url",
    [
        "redis://redis.local",
        "redis://user:s3cret@[::1]:6379/0?socket_keepalive=1",
        "rediss://:s3cret@redis.local:6379/0",
        "unix:///run/redis.sock?db=1",
        "redis+sentinel://:s3cret@one:26379,two:26379/main",
        "redis+cluster://one:6379,two:6379",
    ],
)
def test_redis_is_named_by_a_url_or_a_file_that_holds_one(url: str, tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text(f"{url}\n")

    named = Settings.from_env({"ADVISOR_REDIS_URL": url})
    filed = Settings.from_env({"ADVISOR_REDIS_URL_FILE": str(file)})

    assert named.redis_url == filed.redis_url == url
    assert "s3cret" not in repr(named)


SECRETS = [
    ("ADVISOR_REDIS_URL", "redis_url", "redis://:s3cret@one"),
    ("ADVISOR_REGISTRY_PROXY", "registry_proxy", "http://me:s3cret@proxy:3128"),
]


@pytest.mark.parametrize(("name", "attribute", "secret"), SECRETS)
def test_a_secret_is_read_from_a_file_without_white_space_around_it(
    name: str, attribute: str, secret: str, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    file.write_text(f" \t{secret}\r\n\n")

    settings = Settings.from_env({f"{name}_FILE": str(file)})

    assert getattr(settings, attribute) == secret
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize(("name", "attribute", "secret"), SECRETS)
def test_a_secret_and_a_file_of_it_are_a_mistake_even_where_one_is_bad(
    name: str, attribute: str, secret: str, tmp_path: Path
) -> None:
    file = tmp_path / attribute
    file.write_text(secret)

    for value in (secret, "s3cret"):
        with pytest.raises(SettingsError, match=f"{name}_FILE: Not together with {name}") as told:
            Settings.from_env({name: value, f"{name}_FILE": str(file), "PORT": "http"})

        assert "PORT: " in str(told.value)
        assert "s3cret" not in str(told.value)


@pytest.mark.parametrize("name", [name for name, _, _ in SECRETS])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b" \n\t\n", "is empty"),
        (b"s3cret\xff", "is not UTF-8"),
        (b"http://s3cret/" + b"x" * 16 * 1024, "holds more than 16384 bytes"),
        (b"s3cret", "Give "),
        (b"redis://one\nhttp://:s3cret@two", "Give "),
    ],
)
def test_a_file_of_a_bad_secret_is_refused_by_name(
    name: str, content: bytes, reason: str, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    file.write_bytes(content)

    with pytest.raises(SettingsError, match=f"{name}_FILE: .*{reason}") as told:
        Settings.from_env({f"{name}_FILE": str(file)})

    assert "s3cret" not in str(told.value)


@pytest.mark.parametrize(("name", "attribute", "secret"), SECRETS)
def test_a_secret_in_place_of_its_file_is_not_shown(
    name: str, attribute: str, secret: str, tmp_path: Path
) -> None:
    pipe = tmp_path / attribute
    os.mkfifo(pipe)

    for value in (secret, f"/s3cret/{'x' * 5_000}", str(pipe), str(tmp_path)):
        with pytest.raises(SettingsError, match=f"{name}_FILE: ") as told:
            Settings.from_env({f"{name}_FILE": value})

        assert "s3cret" not in str(told.value)


def test_a_file_that_a_check_refuses_is_named_once_beside_bad_values() -> None:
    def refuse(file: Path) -> None:
        raise ValueError(f"ADVISOR_REGISTRY_AUTH_FILE: {file}: is not JSON")

    with pytest.raises(SettingsError) as told:
        Settings.from_env(
            {"ADVISOR_REGISTRY_AUTH_FILE": __file__, "PORT": "http"},
            {"registry_auth_file": refuse, "rules_file": refuse},
        )

    assert f"bad settings: ADVISOR_REGISTRY_AUTH_FILE: {__file__}: is not JSON.; PORT: " in str(
        told.value
    )


@pytest.mark.parametrize("end", ["", "_FILE"])
def test_redis_that_cannot_be_used_is_named_beside_bad_values(end: str, tmp_path: Path) -> None:
    url = "redis://:s3cret@one?decode_responses=true"
    file = tmp_path / "url"
    file.write_text(url)

    with pytest.raises(SettingsError) as told:
        Settings.from_env(
            {f"ADVISOR_REDIS_URL{end}": str(file) if end else url, "PORT": "http"},
            {"redis_url": check_url, "redis_url_file": check_url},
        )

    assert f"ADVISOR_REDIS_URL{end}: Has an option" in str(told.value)
    assert "PORT: " in str(told.value)
    assert "s3cret" not in str(told.value)


def test_repositories_that_contradict_are_named_beside_bad_values() -> None:
    with pytest.raises(SettingsError) as told:
        Settings.from_env(
            {"ADVISOR_TRACKED_REPOSITORIES": "quay.io/a/b,quay.io/a/c", "PORT": "http"}
        )

    message = str(told.value)
    assert all(text in message for text in ("quay.io/a/b", "quay.io/a/c", "PORT: "))


def test_no_flavor_is_tracked_by_default_with_a_snapshot(tmp_path: Path) -> None:
    default = Settings.from_env({"ADVISOR_SNAPSHOT_DIR": str(tmp_path)})
    chosen = Settings.from_env(
        {
            "ADVISOR_SNAPSHOT_DIR": str(tmp_path),
            "ADVISOR_TRACKED_REPOSITORIES": "quay.io/kairos/hadron",
        }
    )

    assert default.tracked_repositories == ()
    assert chosen.tracked_repositories == (Repository("quay.io", "kairos/hadron"),)


def test_tracked_repositories_are_no_mistake_where_the_allowed_ones_are() -> None:
    with pytest.raises(SettingsError) as told:
        Settings.from_env(
            {"ADVISOR_TRACKED_REPOSITORIES": "quay.io/a/b", "ADVISOR_REPOSITORIES": "nowhere"}
        )

    assert "ADVISOR_TRACKED_REPOSITORIES" not in str(told.value)


def test_bad_url_of_redis_shows_no_password() -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_env({"ADVISOR_REDIS_URL": "redis://:s3cret@one:99999/0"})

    assert "s3cret" not in str(refused.value)


def test_workers_are_as_many_as_cores_with_redis() -> None:
    shared = Settings.from_env({"ADVISOR_REDIS_URL": "redis://one"})
    chosen = Settings.from_env({"ADVISOR_REDIS_URL": "redis://one", "WEB_CONCURRENCY": "3"})

    assert (shared.web_concurrency, chosen.web_concurrency) == (os.cpu_count(), 3)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, ["alpine", "debian", "fedora", "hadron", "opensuse", "rockylinux", "ubuntu"]),
        ({"ADVISOR_REPOSITORIES": "quay.io/kairos/h*"}, ["hadron"]),
        ({"ADVISOR_REPOSITORIES": "registry.local/team/*"}, []),
        ({"ADVISOR_TRACKED_REPOSITORIES": "quay.io/kairos/b,quay.io/kairos/a"}, ["b", "a"]),
        ({"ADVISOR_TRACKED_REPOSITORIES": ","}, []),
    ],
)
def test_tracked_repositories_are_allowed_ones(
    environ: dict[str, str], expected: list[str]
) -> None:
    settings = Settings.from_env(environ)

    assert [repository.flavor for repository in settings.tracked_repositories] == expected
