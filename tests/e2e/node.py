"""A Kairos node, as far as examples/kairos-upgrade.sh looks at one."""

import subprocess
from pathlib import Path

from tests.apps import ROOT
from tests.shells import find_program, run_shell

SCRIPT = ROOT / "examples" / "kairos-upgrade.sh"
# It tells how it was called, and ends or waits as the test says.
_AGENT = """\
#!/bin/sh
printf '%s\\n' "$*" >>"$KAIROS_UPGRADE_ROOT/called"
[ ! -e "$KAIROS_UPGRADE_ROOT/hold" ] || sleep 30
exit "$(cat "$KAIROS_UPGRADE_ROOT/agent-code")"
"""


class Node:
    """A directory that stands for the node's root, and a shell to run the script with."""

    def __init__(self, root: Path, shell: str, release_file: str) -> None:
        find_program("curl")
        self.root = root
        self._shell = shell
        self.state = root / "usr/local/lib/kairos-upgrade/state"
        for directory in ("etc", "run/cos", "proc/sys/kernel/random", "usr/local", "bin"):
            (root / directory).mkdir(parents=True)
        self.end_agent_with(0)
        agent = root / "bin" / "kairos-agent"
        agent.write_text(_AGENT)
        agent.chmod(0o755)
        self.boot(release_file)

    def boot(self, release_file: str, state: str = "active") -> None:
        """Boot a system, in a boot state."""
        (self.root / "etc/kairos-release").write_text(release_file)
        for file in (self.root / "run/cos").iterdir():
            file.unlink()
        (self.root / f"run/cos/{state}_mode").write_text("1")
        boot_id = self.root / "proc/sys/kernel/random/boot_id"
        count = int(boot_id.read_text()) if boot_id.exists() else 0
        boot_id.write_text(f"{count + 1}\n")

    def end_agent_with(self, code: int) -> None:
        """Let kairos-agent end with a code from now on."""
        (self.root / "agent-code").write_text(str(code))

    @property
    def environ(self) -> dict[str, str]:
        return {
            "KAIROS_UPGRADE_ROOT": str(self.root),
            "PATH": f"{self.root / 'bin'}:/usr/bin:/bin",
        }

    @property
    def upgrades(self) -> list[str]:
        """How kairos-agent was called so far."""
        called = self.root / "called"
        return called.read_text().splitlines() if called.exists() else []

    def run(self, url: str, *options: str | Path) -> "subprocess.CompletedProcess[str]":
        """Run the script against a service."""
        return self.call("--url", url, *options)

    def call(self, *options: str | Path) -> "subprocess.CompletedProcess[str]":
        """Run the script with these options alone."""
        return run_shell(self._shell, SCRIPT, *options, environ=self.environ)
