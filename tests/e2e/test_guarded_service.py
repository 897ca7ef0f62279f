"""The service with tokens and a limit, as gunicorn runs it."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.apps import ROOT
from tests.e2e.service import COMMAND, Service, start_service
from tests.redis_server import start_redis
from tests.worked_examples import HADRON

_SECONDS = 30
FIRST, SECOND = "the-first-token", "the-second-token"
PATH = f"/v1/upgrade?image=quay.io/kairos/{HADRON}"
SNAPSHOT = {"ADVISOR_SNAPSHOT_DIR": "examples/snapshot"}


@pytest.fixture
def tokens(tmp_path: Path) -> Path:
    file = tmp_path / "tokens"
    file.write_text(f"{FIRST}\n")
    return file


@pytest.fixture
def guarded(tmp_path: Path, tokens: Path) -> Iterator[Service]:
    with start_service(tmp_path, SNAPSHOT | {"ADVISOR_API_TOKENS_FILE": str(tokens)}) as service:
        yield service


def ask(service: Service, token: str) -> int:
    return service.get(PATH, Authorization=f"Bearer {token}").status


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it has not happened"
        time.sleep(0.05)


def test_tokens_are_read_again_on_sighup_and_bad_ones_are_not_taken(
    guarded: Service, tokens: Path
) -> None:
    started_with = [ask(guarded, FIRST), ask(guarded, SECOND)]

    tokens.write_text(f"{SECOND}\n")
    guarded.process.send_signal(signal.SIGHUP)
    wait_until(lambda: ask(guarded, SECOND) == 200 and ask(guarded, FIRST) == 401)
    tokens.write_text("short\n")
    guarded.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "the tokens stay as they were" in guarded.log.read_text())

    assert started_with == [200, 401]
    assert ask(guarded, SECOND) == 200
    assert "short" not in guarded.log.read_text()


@pytest.mark.parametrize("content", ["", "short\n", "two words\n", "# nothing else\n"])
def test_tokens_that_cannot_be_used_stop_the_start(tokens: Path, content: str) -> None:
    tokens.write_text(content)

    done = subprocess.run(  # noqa: S603 - our own command
        COMMAND,
        cwd=ROOT,
        env={"ADVISOR_API_TOKENS_FILE": str(tokens), "PORT": "http"},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )

    assert done.returncode != 0
    assert f"ADVISOR_API_TOKENS_FILE: {tokens}: " in done.stderr
    assert "; PORT: " in done.stderr
    assert "Traceback" not in done.stderr


def test_workers_answer_together_no_more_than_the_limit(tmp_path: Path) -> None:
    with start_redis(tmp_path) as redis:
        settings = {
            **SNAPSHOT,
            "ADVISOR_REDIS_URL": redis.url,
            "ADVISOR_RATE_LIMIT": "100/hour",
            "WEB_CONCURRENCY": "2",
        }
        with start_service(tmp_path, settings) as one, start_service(tmp_path, settings) as other:
            services = [one, other]
            with ThreadPoolExecutor(8) as pool:
                statuses = list(pool.map(lambda n: services[n % 2].get(PATH).status, range(160)))
            redis.kill()
            begun = time.monotonic()
            after = one.get(PATH).status
            took = time.monotonic() - begun

    assert (statuses.count(200), statuses.count(429)) == (100, 60)
    # Each worker counts for itself now.
    assert after == 200
    assert took < 1


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "192.0.2.{}"},
        {"X-Real-IP": "192.0.2.{}"},
        {"Forwarded": "for=192.0.2.{}"},
    ],
)
def test_without_a_trusted_proxy_nobody_says_who_they_are(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    with start_service(tmp_path, SNAPSHOT | {"ADVISOR_RATE_LIMIT": "2/hour"}) as service:
        statuses = [
            service.get(PATH, **{name: text.format(n) for name, text in headers.items()}).status
            for n in range(3)
        ]

    assert statuses == [200, 200, 429]


def test_nobody_gives_a_request_another_path(guarded: Service) -> None:
    for name in ("SCRIPT_NAME", "PATH_INFO"):
        request = f"GET {PATH} HTTP/1.1\r\nHost: x\r\n{name}: /livez\r\nConnection: close\r\n\r\n"

        answer = guarded.send(request.encode())

        assert answer.startswith((b"HTTP/1.1 401 ", b"HTTP/1.1 400 ")), (name, answer[:100])


def test_who_has_the_answer_gets_no_body_over_a_connection_that_stays(guarded: Service) -> None:
    shown = {"Authorization": f"Bearer {FIRST}"}
    tag = guarded.get(PATH, **shown).headers["ETag"]
    head = f"Host: x\r\nAuthorization: Bearer {FIRST}\r\nIf-None-Match: {tag}\r\n"

    answer = guarded.send(
        f"GET {PATH} HTTP/1.1\r\n{head}\r\n"
        f"GET {PATH} HTTP/1.1\r\n{head}Connection: close\r\n\r\n".encode()
    )

    assert answer.count(b"HTTP/1.1 304 NOT MODIFIED\r\n") == 2
    assert answer.endswith(b"\r\n\r\n")
    assert b"Content-Length" not in answer
