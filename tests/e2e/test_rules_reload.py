"""An operator's rules while the service runs: read at the start and on SIGHUP, else kept."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.apps import ROOT, SNAPSHOT
from tests.e2e.service import COMMAND, Service, start_service
from tests.worked_examples import HADRON

_SECONDS = 30
_BROKEN = "version: 1\nwithdrawn:\n  - release: soon\n    summary: s\n    url: u\n"


@dataclass(frozen=True, slots=True)
class Setup:
    """A service with a file of rules, and a snapshot, that may be changed."""

    service: Service
    rules: Path
    snapshot: Path

    def ask(self) -> str:
        version: str = self.service.ask(f"quay.io/kairos/{HADRON}").json["target"]["version"]
        return version

    def worker(self) -> int:
        """Give the process id of the youngest worker."""
        booted = re.findall(r"Booting worker with pid: (\d+)", self.service.log.read_text())
        return int(booted[-1])

    def replace_worker(self, process: int, signal_number: signal.Signals) -> None:
        """Send a signal, and wait until another worker serves alone."""
        old = self.worker()
        os.kill(process, signal_number)
        _wait_until(lambda: self.worker() != old and not _is_running(old))

    def reload(self) -> None:
        self.replace_worker(self.service.process.pid, signal.SIGHUP)


def _withdraw(release: str) -> str:
    return f"version: 1\nwithdrawn:\n  - {{release: {release}, summary: s, url: u}}\n"


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not condition():
        assert time.monotonic() < deadline, "nothing has happened"
        time.sleep(0.02)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def setup(tmp_path: Path) -> Iterator[Setup]:
    rules, snapshot = tmp_path / "rules.yaml", tmp_path / "snapshot"
    rules.write_text(_withdraw("v4.2.0"))
    shutil.copytree(SNAPSHOT, snapshot)
    settings = {"ADVISOR_SNAPSHOT_DIR": str(snapshot), "ADVISOR_RULES_FILE": str(rules)}
    with start_service(tmp_path, settings) as service:
        yield Setup(service, rules, snapshot)


def test_rules_are_read_again_on_sighup_and_not_before(setup: Setup) -> None:
    started_with = setup.ask()
    setup.rules.write_text(_withdraw("v4.1.2"))

    setup.replace_worker(setup.worker(), signal.SIGKILL)
    replaced = setup.ask()
    setup.reload()
    reloaded = setup.ask()

    assert (started_with, replaced, reloaded) == ("v4.1.2", "v4.1.2", "v4.2.0")


def test_broken_rules_are_told_and_the_old_ones_stay(setup: Setup) -> None:
    setup.rules.write_text(_BROKEN)

    setup.reload()
    reloaded = setup.ask()
    setup.replace_worker(setup.worker(), signal.SIGKILL)
    replaced = setup.ask()

    assert (reloaded, replaced) == ("v4.1.2", "v4.1.2")
    log = setup.service.log.read_text()
    assert f"{setup.rules}:3: 'soon' is not a release such as v4.1.2" in log
    assert "Traceback" not in log


def test_broken_rules_can_be_mended(setup: Setup) -> None:
    setup.rules.write_text(_BROKEN)
    setup.reload()
    setup.rules.write_text(_withdraw("v4.1.2"))

    setup.reload()

    assert setup.ask() == "v4.2.0"


def test_what_the_settings_name_may_vanish(setup: Setup) -> None:
    setup.rules.unlink()
    shutil.rmtree(setup.snapshot)

    setup.reload()
    setup.replace_worker(setup.worker(), signal.SIGKILL)
    reply = setup.service.ask(f"quay.io/kairos/{HADRON}")

    assert reply.json["code"] == "repository-not-found"
    log = setup.service.log.read_text()
    assert f"{setup.rules}:1: cannot be read: No such file or directory" in log
    assert "Traceback" not in log


def test_broken_rules_refuse_the_start_with_one_message(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(_BROKEN)

    started = subprocess.run(  # noqa: S603 - our own command
        COMMAND,
        cwd=ROOT,
        env={"ADVISOR_RULES_FILE": str(rules)},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )

    assert started.returncode != 0
    reason = "'soon' is not a release such as v4.1.2"
    assert started.stdout + started.stderr == f"kairos-upgrade-advisor: {rules}:3: {reason}\n"
