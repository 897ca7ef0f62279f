"""The form for shells, evaluated by shells."""

from dataclasses import replace
from pathlib import Path

import pytest

from service.domain.status import Status
from service.domain.warning import Severity, UpgradeWarning
from service.web.acting_forms import render_env
from tests.apps import UP_TO_DATE, UPGRADABLE, build_client
from tests.asking import ask, core, index
from tests.shells import SHELLS, run_shell

TOLD = """
printf '%s\\0' "$UPGRADE_STATUS" "$UPGRADE_TARGET" "$UPGRADE_SOURCE" "$UPGRADE_WARNINGS"
"""
HOSTILE = [
    "it's",
    "'; touch hit; '",
    '"; touch hit; "',
    "$(touch hit)",
    "`touch hit`",
    "$HOME ${PATH} $((1+1))",
    "a\nUPGRADE_TARGET=oci:evil\ntouch hit",
    "\\'; touch hit #",
    "* ? [a-z] ~ ~root {a,b} !!",
    "a & touch hit | touch hit > hit < /etc/passwd",
    "\ttabs\r\nand  spaces ",
    "-n \\c \\0101",
    "ünïcödé \u2028 \U0001f600",
]


def evaluate(shell: str, text: str, directory: Path) -> list[str]:
    """Evaluate assignments as a caller would, and give what they assigned."""
    (directory / "answer").write_bytes(text.encode())
    script = f'cd "$DIRECTORY" && eval "$(cat answer)" && {TOLD.strip()}'
    environ = {"PATH": "/usr/bin:/bin", "DIRECTORY": str(directory)}

    done = run_shell(shell, "-eu", "-c", script, environ=environ)

    assert done.returncode == 0, done.stderr
    assert not (directory / "hit").exists()
    return done.stdout.split("\0")[:-1]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("value", HOSTILE)
def test_a_shell_gets_hostile_values_as_they_are(shell: str, value: str, tmp_path: Path) -> None:
    warning = UpgradeWarning(value, Severity.INFO, "", None)
    answer = ask(core("v3.2.3"), index([core("v3.2.3"), core("v3.2.4")]))
    target = answer.target
    assert target is not None
    hostile = replace(target, tag=replace(target.tag, model=value))

    text = render_env(replace(answer, warnings=(warning,), target=hostile)).body.decode()

    reference = str(hostile.reference)
    assert evaluate(shell, text, tmp_path) == [
        Status.UPGRADE_AVAILABLE,
        reference,
        f"oci:{reference}",
        value,
    ]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_gets_nothing_where_there_is_no_target(shell: str, tmp_path: Path) -> None:
    response = build_client().get(f"/v1/upgrade?format=env&image={UP_TO_DATE}")

    assert evaluate(shell, response.text, tmp_path) == ["up_to_date", "", "", ""]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("value", HOSTILE)
def test_an_error_assigns_nothing_and_runs_nothing_where_it_is_evaluated(
    shell: str,
    value: str,
    tmp_path: Path,
) -> None:
    query = {"image": UPGRADABLE, "format": "env", "max_version": value}
    response = build_client().get("/v1/upgrade", query_string=query)
    (tmp_path / "answer").write_bytes(response.data)
    script = 'cd "$DIRECTORY" && eval "$(cat answer)"; echo "${UPGRADE_TARGET-unset}"'

    done = run_shell(
        shell,
        "-c",
        script,
        environ={"PATH": "/usr/bin:/bin", "DIRECTORY": str(tmp_path)},
    )

    assert response.status_code == 400
    assert len(response.text.splitlines()) == 1
    assert done.stdout == "unset\n"
    assert not (tmp_path / "hit").exists()
