"""The command line as it is typed: a process of its own, and the examples of its help."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest

from service.cli.arguments import PROGRAM, build_parser
from service.cli.outcome import ExitCode
from tests.apps import ROOT, SNAPSHOT
from tests.e2e.service import choose_free_port
from tests.servers import start_registry

_SECONDS = 60
_ON_SNAPSHOT = {"ADVISOR_SNAPSHOT_DIR": str(SNAPSHOT)}
_IMAGE = "quay.io/kairos/debian:13-core-amd64-generic-v3.7.0"
_RELEASE_FILE = """\
KAIROS_IMAGE_REPO="quay.io/kairos/hadron:v0.0.1-standard-amd64-generic-v3.7.2-k3s-v1.33.7-k3s3"
KAIROS_VERSION="v3.7.2"
"""
_COMMANDS = ("recommend", "matrix", "snapshot", "check", "serve")


def _list_examples(command: str, capture: pytest.CaptureFixture[str]) -> list[str]:
    with pytest.raises(SystemExit):
        build_parser().parse_args([command, "--help"])
    return [
        line.strip()
        for line in capture.readouterr().out.splitlines()
        if re.match(rf"  .*{PROGRAM} {command}", line)
    ]


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Make a directory with all that the examples speak of, and the program on its PATH."""
    program = tmp_path / "bin" / PROGRAM
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m service "$@"\n')
    program.chmod(0o755)
    (tmp_path / "kairos-release").write_text(_RELEASE_FILE)
    (tmp_path / "rules.yaml").write_text("version: 1\n")
    shutil.copytree(SNAPSHOT, tmp_path / "snapshot")
    return tmp_path


def _environ(desk: Path, settings: Mapping[str, str]) -> dict[str, str]:
    path = f"{desk / 'bin'}:{os.defpath}"
    return {"PATH": path, "PYTHONPATH": str(ROOT), **settings}


def _run(desk: Path, command: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 - our own commands
        ["/bin/sh", "-c", command],
        cwd=desk,
        env=_environ(desk, settings),
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )


@contextmanager
def _serving(desk: Path, command: str, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(  # noqa: S603 - as above
        ["/bin/sh", "-c", f"exec env {command}"],
        cwd=desk,
        env=_environ(desk, _ON_SNAPSHOT),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_until_live(process, port)
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_until_live(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        with suppress(OSError):
            connection.request("GET", "/livez")
            if connection.getresponse().status == 200:
                connection.close()
                return
        connection.close()
        time.sleep(0.05)
    raise AssertionError("it does not serve")


def test_every_command_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert [name for name in _COMMANDS if not _list_examples(name, capsys)] == []


@pytest.mark.parametrize("command", ["recommend", "matrix", "check"])
def test_the_examples_of_the_help_do_as_printed(
    command: str, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for example in _list_examples(command, capsys):
        ended = _run(desk, example, **_ON_SNAPSHOT)

        assert (ended.returncode, ended.stderr) == (0, ""), example
        assert ended.stdout, example


def test_the_example_of_snapshot_writes_what_the_service_reads(
    desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (example,) = _list_examples("snapshot", capsys)
    tags = ["v0.0.1-core-amd64-generic-v3.7.2", "v0.5.1-core-amd64-generic-v4.2.0"]
    store = tmp_path / "store"
    store.mkdir()
    with start_registry(store, {"kairos/hadron": tags, "kairos/ubuntu": tags}) as registry:
        settings = {
            "ADVISOR_MIRRORS": f"quay.io={registry}",
            "ADVISOR_INSECURE_REGISTRIES": registry,
            "ADVISOR_PRIVATE_REGISTRIES": registry,
        }
        shutil.rmtree(desk / "snapshot")

        ended = _run(desk, example, **settings)

    asked = _run(
        desk,
        f"{PROGRAM} recommend --line --accept major_jump quay.io/kairos/hadron:{tags[0]}",
        ADVISOR_SNAPSHOT_DIR="snapshot",
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == (
        "snapshot/quay.io/kairos/hadron.json: 2 tags\nsnapshot/quay.io/kairos/ubuntu.json: 2 tags\n"
    )
    assert (asked.stdout, asked.stderr) == (f"quay.io/kairos/hadron:{tags[1]}\n", "")


def test_a_repository_that_cannot_be_listed_does_not_hold_up_the_others(
    desk: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    store.mkdir()
    with start_registry(store, {"kairos/hadron": ["v0.5.1-core-amd64-generic-v4.2.0"]}) as registry:
        settings = {
            "ADVISOR_MIRRORS": f"quay.io={registry}",
            "ADVISOR_INSECURE_REGISTRIES": registry,
            "ADVISOR_PRIVATE_REGISTRIES": registry,
        }

        ended = _run(desk, f"{PROGRAM} snapshot new quay.io/kairos/gone", **settings)

    assert ended.returncode == ExitCode.CANNOT_TELL
    assert ended.stdout == "new/quay.io/kairos/hadron.json: 1 tags\n"
    assert ended.stderr.startswith("error: quay.io/kairos/gone: ")
    assert ended.stderr.count("\n") == 1


def test_a_repository_that_is_not_allowed_is_not_written(desk: Path) -> None:
    ended = _run(desk, f"{PROGRAM} snapshot new docker.io/library/debian")

    assert ended.returncode == ExitCode.CANNOT_TELL
    assert ended.stderr.startswith("error: repository-not-allowed: 'docker.io/library/debian'")
    assert not (desk / "new").exists()


@pytest.mark.parametrize("number", [0, 1])
def test_the_examples_of_serve_serve(
    number: int, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port = choose_free_port()
    example = _list_examples("serve", capsys)[number]
    command = re.sub(r"PORT=\d+ |^", f"PORT={port} ", example, count=1)

    with _serving(desk, command, port) as process:
        process.terminate()

        assert process.wait(_SECONDS) == 0


def test_check_names_every_mistake_as_the_start_does(desk: Path) -> None:
    ended = _run(desk, f"{PROGRAM} check", ADVISOR_FOO="1", ADVISOR_FRESH_SECONDS="soon")

    assert (ended.returncode, ended.stdout) == (ExitCode.CANNOT_TELL, "")
    assert "ADVISOR_FOO" in ended.stderr
    assert "ADVISOR_FRESH_SECONDS" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_what_check_loads_starts_nothing(desk: Path) -> None:
    count = "import service.wsgi, threading; print(threading.active_count())"

    ended = _run(desk, f"{sys.executable} -c '{count}'")

    assert (ended.stdout, ended.stderr) == ("1\n", "")


def test_check_names_the_line_of_a_broken_rules_file(desk: Path) -> None:
    (desk / "rules.yaml").write_text("version: 1\nwithdrawn:\n  - release: soon\n")

    ended = _run(desk, f"{PROGRAM} check", ADVISOR_RULES_FILE="rules.yaml")

    assert (ended.returncode, ended.stdout) == (ExitCode.CANNOT_TELL, "")
    assert "rules.yaml:3: " in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_the_log_of_a_command_never_reaches_stdout(desk: Path) -> None:
    (desk / "snapshot/quay.io/kairos/hadron.json").write_text("{")

    ended = _run(
        desk,
        f"{PROGRAM} recommend quay.io/kairos/hadron:v0.0.1-core-amd64-generic-v3.7.2",
        ADVISOR_SNAPSHOT_DIR="snapshot",
        ADVISOR_LOG_LEVEL="debug",
        ADVISOR_LOG_FORMAT="json",
    )

    assert (ended.returncode, ended.stdout) == (ExitCode.CANNOT_TELL, "")
    *log, error = ended.stderr.splitlines()
    assert "registry_failed" in "".join(log)
    assert error.startswith("error: registry-error: ")


@pytest.mark.parametrize("arguments", ["matrix", "check", f"recommend {_IMAGE}"])
def test_an_answer_that_cannot_be_written_is_told_in_one_line(desk: Path, arguments: str) -> None:
    ended = _run(desk, f"{PROGRAM} {arguments} > /dev/full", **_ON_SNAPSHOT)

    assert ended.returncode == ExitCode.CANNOT_TELL
    assert ended.stderr == "error: stdout: No space left on device\n"


def test_a_reader_that_has_gone_is_told_in_one_line(desk: Path) -> None:
    gone = f"{{ {PROGRAM} matrix; echo $? > code; }} | true"

    ended = _run(desk, gone, **_ON_SNAPSHOT)

    assert (desk / "code").read_text() == f"{ExitCode.CANNOT_TELL}\n"
    assert ended.stderr == "error: stdout: Broken pipe\n"


def test_a_directory_that_cannot_be_written_is_named(desk: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    store.mkdir()
    with start_registry(store, {"kairos/hadron": ["v0.5.1-core-amd64-generic-v4.2.0"]}) as registry:
        settings = {
            "ADVISOR_MIRRORS": f"quay.io={registry}",
            "ADVISOR_INSECURE_REGISTRIES": registry,
            "ADVISOR_PRIVATE_REGISTRIES": registry,
        }

        ended = _run(desk, f"{PROGRAM} snapshot rules.yaml quay.io/kairos/hadron", **settings)

    assert (ended.returncode, ended.stdout) == (ExitCode.CANNOT_TELL, "")
    assert ended.stderr == (
        "error: quay.io/kairos/hadron: rules.yaml/quay.io/kairos: Not a directory\n"
    )


def test_the_help_leads_to_that_of_each_command(desk: Path) -> None:
    ended = _run(desk, f"{PROGRAM} --help")

    assert ended.returncode == 0
    assert [name for name in _COMMANDS if f"\n    {name}" not in ended.stdout] == []
    assert f"{PROGRAM} recommend --help" in ended.stdout
