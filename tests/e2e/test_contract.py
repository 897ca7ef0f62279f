"""Whatever is sent to the service that runs, it keeps to openapi.yaml."""

import re
import subprocess
import sys
from pathlib import Path

from tests.apps import ROOT, SNAPSHOT
from tests.contract.document import list_operations
from tests.e2e.service import start_service

_CONFIG = Path(__file__).with_name("schemathesis.toml")
_SECONDS = 120


def test_schemathesis_finds_no_answer_that_the_document_does_not_tell(tmp_path: Path) -> None:
    settings = {"ADVISOR_SNAPSHOT_DIR": str(SNAPSHOT), "ADVISOR_LOG_LEVEL": "warning"}

    with start_service(tmp_path, settings) as service:
        url = f"http://127.0.0.1:{service.port}"
        program = Path(sys.executable).with_name("schemathesis")
        command = (program, "--config-file", _CONFIG, "run", ROOT / "openapi.yaml", "--url", url)
        run = subprocess.run(  # noqa: S603 - our own command
            command,
            cwd=tmp_path,
            env={
                "NO_COLOR": "1",
                "PYTHONPATH": str(ROOT),
                "SCHEMATHESIS_HOOKS": "tests.e2e.schemathesis_hooks",
            },
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )

    assert run.returncode == 0, run.stdout + run.stderr
    assert "WARNINGS" not in run.stdout, run.stdout
    assert re.findall(r"Tested: (\d+)", run.stdout) == [str(len(list(list_operations())))]
