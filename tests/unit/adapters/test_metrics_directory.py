import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector
from structlog.testing import capture_logs

from service.adapters.metrics_directory import (
    FILE_BYTES,
    KINDS,
    VARIABLE,
    close_directory,
    enter_directory,
    leave_directory,
    open_directory,
)


@pytest.fixture(autouse=True)
def _values_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(values, "ValueClass", values.MutexValue)
    yield
    close_directory()


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Give an environment that names a directory, as the library sees it."""
    directory = str(tmp_path / "metrics")
    monkeypatch.setenv(VARIABLE, directory)
    return {VARIABLE: directory}


def test_a_directory_is_made_and_removed_where_none_is_named() -> None:
    environ: dict[str, str] = {}

    open_directory(environ)

    directory = Path(environ[VARIABLE])
    assert directory.stat().st_mode & 0o777 == 0o700
    close_directory()
    assert not directory.exists()


def test_what_a_killed_instance_left_is_removed_and_what_a_living_one_has_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    living: dict[str, str] = {}
    open_directory(living)
    left = tmp_path / "kairos-upgrade-advisor-metrics-left"
    left.mkdir()
    (left / "counter_1.db").touch()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "kairos-upgrade-advisor-metrics-link").symlink_to(elsewhere)
    (tmp_path / "kairos-upgrade-advisor-metrics-file").touch()
    environ: dict[str, str] = {}

    open_directory(environ)

    assert not left.exists()
    assert Path(living[VARIABLE]).is_dir()
    assert Path(environ[VARIABLE]).is_dir()
    assert elsewhere.is_dir()
    assert len(list(tmp_path.iterdir())) == 5


def test_a_directory_that_is_named_is_wiped_of_metrics_alone(environ: dict[str, str]) -> None:
    directory = Path(environ[VARIABLE])
    directory.mkdir()
    (directory / "counter_1.db").touch()
    (directory / "notes.txt").touch()

    open_directory(environ)
    close_directory()

    assert [file.name for file in directory.iterdir()] == ["notes.txt"]


def test_a_directory_that_cannot_be_made_is_told_and_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    environ = {VARIABLE: str(tmp_path / "file" / "metrics")}

    with capture_logs() as lines:
        open_directory(environ)
        enter_directory(environ, 1)
        leave_directory(environ, 1)

    assert environ == {}
    assert [line["event"] for line in lines] == ["metrics_not_shared"]
    assert values.ValueClass is values.MutexValue


def test_a_worker_has_all_its_room_before_it_counts(environ: dict[str, str]) -> None:
    open_directory(environ)

    enter_directory(environ, 7)

    files = {file.name: file.stat() for file in Path(environ[VARIABLE]).iterdir()}
    assert set(files) == {f"{kind}_7.db" for kind in KINDS}
    assert {file.st_size for file in files.values()} == {FILE_BYTES}
    # No holes: what is reserved needs no room later.
    assert all(file.st_blocks * 512 >= FILE_BYTES for file in files.values())


def test_a_worker_that_finds_no_room_is_told_of_and_serves(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    open_directory(environ)

    def refuse(*_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    with capture_logs() as lines:
        enter_directory(environ, 7)
    Counter("lonely", "Counted in vain.", registry=CollectorRegistry()).inc()

    assert [(line["event"], line["error"]) for line in lines] == [
        ("worker_not_counted", "No space left on device")
    ]
    assert list(Path(environ[VARIABLE]).iterdir()) == []


def test_the_gauges_of_a_worker_end_with_it_and_its_counts_do_not(environ: dict[str, str]) -> None:
    open_directory(environ)
    enter_directory(environ, os.getpid())
    registry = CollectorRegistry()
    Counter("done", "Done.", registry=registry).inc()
    Gauge("open", "Open.", registry=registry, multiprocess_mode="livemax").set(1)
    told = CollectorRegistry()
    MultiProcessCollector(told)  # type: ignore[no-untyped-call]

    before = generate_latest(told).decode()
    leave_directory(environ, os.getpid())
    after = generate_latest(told).decode()

    assert "open 1.0" in before
    assert "open 1.0" not in after
    assert "done_total 1.0" in after


def test_a_worker_that_has_ended_leaves_no_more_than_its_counts(environ: dict[str, str]) -> None:
    open_directory(environ)
    enter_directory(environ, os.getpid())
    Counter("done", "Done.", registry=CollectorRegistry()).inc()
    told = CollectorRegistry()
    MultiProcessCollector(told)  # type: ignore[no-untyped-call]

    leave_directory(environ, os.getpid())

    files = {file.name: file.stat().st_size for file in Path(environ[VARIABLE]).iterdir()}
    assert set(files) == {f"counter_{os.getpid()}.db", f"histogram_{os.getpid()}.db"}
    assert max(files.values()) < 200
    assert "done_total 1.0" in generate_latest(told).decode()


def test_a_worker_that_ends_before_it_counts_can_be_read(environ: dict[str, str]) -> None:
    open_directory(environ)
    enter_directory(environ, 7)
    told = CollectorRegistry()
    MultiProcessCollector(told)  # type: ignore[no-untyped-call]

    leave_directory(environ, 7)

    assert generate_latest(told) == b""
