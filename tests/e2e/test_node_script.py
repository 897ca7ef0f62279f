"""The script of a node, in the shells that nodes have, against the service and against worse."""

import configparser
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.apps import ROOT
from tests.e2e.node import SCRIPT, Node
from tests.e2e.service import Service, choose_free_port, start_service
from tests.integration.certificates import create_authority
from tests.loopback import LoopbackServer
from tests.release_files import V3_2_4, V3_6_0, V4_2_0, write_file
from tests.shells import SHELLS, find_shell

DONE, NOTHING, REFUSED, UNSURE, FAILED, MISUSED = 0, 10, 20, 30, 40, 64
TARGET = "quay.io/kairos/ubuntu:24.04-standard-amd64-generic-v3.6.0-k3s-v1.32.9-k3s1"
# Where the service sends the same node that is not to try v3.6.0.
SECOND = "quay.io/kairos/ubuntu:24.04-standard-amd64-generic-v3.5.10-k3s-v1.32.10-k3s1"
UPGRADED = write_file(
    V3_6_0,
    SOFTWARE_VERSION="v1.32.9+k3s1",
    IMAGE_REPO=TARGET,
)
ANSWER = (
    "UPGRADE_STATUS=upgrade_available\n"
    f"UPGRADE_TARGET={TARGET}\n"
    f"UPGRADE_SOURCE=oci:{TARGET}\n"
    "UPGRADE_WARNINGS='kubernetes_minor_change multiple_hops'\n"
)
_PIECE = 65_536
NO_TARGET = "UPGRADE_STATUS=up_to_date\nUPGRADE_TARGET=''\nUPGRADE_SOURCE=''\nUPGRADE_WARNINGS=''\n"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    directory = tmp_path_factory.mktemp("service")
    with start_service(directory, {"ADVISOR_SNAPSHOT_DIR": "examples/snapshot"}) as running:
        yield running


@pytest.fixture
def url(service: Service) -> str:
    return f"http://127.0.0.1:{service.port}"


@pytest.fixture(params=SHELLS)
def node(request: pytest.FixtureRequest, tmp_path: Path) -> Node:
    return Node(tmp_path / "node", request.param, V3_2_4)


class Impostor(LoopbackServer):
    """Answers every question with the same bytes, and remembers the last one.

    Attributes:
        sent: How many bytes of the answer were taken, about.
    """

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.path = ""
        self.headers: dict[str, str] = {}
        self.body = b""
        self.sent = 0
        super().__init__(_Handler)

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def handle_error(self, *_: object) -> None:
        """Say nothing of a caller who hangs up."""


class _Handler(BaseHTTPRequestHandler):
    server: Impostor

    def do_POST(self) -> None:
        self.server.path = self.path
        self.server.headers = dict(self.headers)
        self.server.body = self.rfile.read(int(self.headers["Content-Length"]))
        for start in range(0, len(self.server.answer), _PIECE):
            self.wfile.write(self.server.answer[start : start + _PIECE])
            self.server.sent = start + _PIECE

    def log_message(self, *_: object) -> None:
        pass


def reply(
    body: str | bytes,
    *,
    status: str = "200 OK",
    kind: str = "application/x-sh",
    length: int | None = None,
) -> bytes:
    data = body.encode() if isinstance(body, str) else body
    size = len(data) if length is None else length
    head = f"HTTP/1.0 {status}\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n\r\n"
    return head.encode() + data


def unframed(body: str) -> bytes:
    """Write a reply whose end is that of the connection, wherever that comes."""
    return f"HTTP/1.0 200 OK\r\nContent-Type: application/x-sh\r\n\r\n{body}".encode()


def test_an_upgrade_is_printed_as_a_command(node: Node, url: str) -> None:
    done = node.run(url)

    assert done.returncode == DONE
    assert done.stdout == f"kairos-agent upgrade --source oci:{TARGET}\n"
    assert "kubernetes_minor_change" in done.stderr
    assert (node.upgrades, node.state.exists()) == ([], False)


def test_an_upgrade_is_carried_out_and_then_awaits_the_reboot(node: Node, url: str) -> None:
    first = node.run(url, "--run")
    second = node.run(url, "--run")

    assert (first.returncode, second.returncode) == (DONE, NOTHING)
    assert node.upgrades == [f"upgrade --source oci:{TARGET}"]
    assert "awaits the reboot" in second.stderr


def test_a_node_that_booted_its_upgrade_goes_on_from_there(node: Node, url: str) -> None:
    node.run(url, "--run")
    node.boot(UPGRADED)

    done = node.run(url, "--run")

    assert done.returncode == DONE
    assert "v3.7.2" in node.upgrades[-1]
    assert "excluded" not in node.state.read_text()


def test_a_version_that_the_node_rolled_back_from_is_not_tried_again(node: Node, url: str) -> None:
    node.run(url, "--run")

    node.boot(V3_2_4, "passive")
    fallen_back = node.run(url, "--run")
    node.boot(V3_2_4)
    again = node.run(url, "--run")

    assert (fallen_back.returncode, again.returncode) == (REFUSED, DONE)
    assert "rolled back from v3.6.0" in fallen_back.stderr
    assert node.upgrades == [f"upgrade --source oci:{name}" for name in (TARGET, SECOND)]


def test_what_was_rolled_back_from_can_be_forgotten(node: Node, url: str) -> None:
    node.run(url, "--run")
    node.boot(V3_2_4)
    node.run(url, "--run")

    done = node.run(url, "--run", "--forget")

    assert done.returncode == DONE
    assert node.upgrades == [f"upgrade --source oci:{name}" for name in (TARGET, SECOND, TARGET)]


def test_printing_knows_of_a_rollback_and_writes_nothing(node: Node, url: str) -> None:
    node.run(url, "--run")
    node.boot(V3_2_4)
    before = node.state.read_text()

    done = node.run(url)

    assert done.stdout == f"kairos-agent upgrade --source oci:{SECOND}\n"
    assert node.state.read_text() == before


def test_an_agent_that_fails_is_no_rollback(node: Node, url: str) -> None:
    node.end_agent_with(3)
    failed = node.run(url, "--run")
    node.end_agent_with(0)
    node.boot(V3_2_4)

    done = node.run(url, "--run")

    assert (failed.returncode, done.returncode) == (FAILED, DONE)
    assert "kairos-agent ended with 3" in failed.stderr
    assert node.upgrades == [f"upgrade --source oci:{TARGET}"] * 2


def test_the_recovery_system_tells_nothing_of_the_last_attempt(node: Node, url: str) -> None:
    node.run(url, "--run")
    node.boot(UPGRADED, "recovery")
    in_recovery = node.run(url, "--run")
    node.boot(V3_2_4)

    done = node.run(url)

    assert in_recovery.returncode == REFUSED
    assert done.stdout == f"kairos-agent upgrade --source oci:{SECOND}\n"


@pytest.mark.parametrize("state", ["passive", "recovery", "autoreset", "live"])
def test_a_node_that_did_not_boot_its_active_system_is_refused(
    node: Node,
    url: str,
    state: str,
) -> None:
    node.boot(V3_2_4, state)

    done = node.run(url, "--run")

    assert (done.returncode, node.upgrades) == (REFUSED, [])
    assert "error: blocked: " in done.stderr


def test_a_trusted_boot_node_tells_no_state_and_is_not_refused_for_it(
    node: Node,
    url: str,
) -> None:
    node.boot(V3_2_4, "uki_boot")

    done = node.run(url)

    assert done.returncode == DONE


def test_a_node_of_which_nobody_knows_what_it_booted_is_not_upgraded(node: Node, url: str) -> None:
    (node.root / "run/cos/active_mode").unlink()

    unknown = node.run(url, "--run")
    told = node.run(url, "--boot-state", "active")

    assert (unknown.returncode, told.returncode) == (UNSURE, DONE)


def test_nothing_to_do_is_told_apart(node: Node, url: str) -> None:
    node.boot(V4_2_0)

    done = node.run(url, "--image", "quay.io/kairos/hadron", "--run")

    assert (done.returncode, done.stdout, node.upgrades) == (NOTHING, "", [])
    assert "up_to_date" in done.stderr


def test_a_major_version_is_crossed_only_when_told_to(node: Node, url: str) -> None:
    node.boot(
        write_file(
            V4_2_0,
            FLAVOR_RELEASE="v0.0.1",
            RELEASE="v3.7.2",
            VERSION="v3.7.2",
            SOFTWARE_VERSION="v1.33.7+k3s3",
        ),
    )
    hadron = ("--image", "quay.io/kairos/hadron")

    kept = node.run(url, *hadron)
    refused = node.run(url, *hadron, "--max-step", "major")
    told = node.run(url, *hadron, "--max-step", "major", "--accept", "major_jump")

    assert (kept.returncode, refused.returncode, told.returncode) == (NOTHING, REFUSED, DONE)
    assert "withheld" in kept.stderr
    assert "accept=major_jump" in refused.stderr
    assert "v4.2.0" in told.stdout


def test_a_file_without_a_repository_needs_one_beside_it(node: Node, url: str) -> None:
    node.boot(V3_6_0)

    without = node.run(url)
    beside = node.run(url, "--image", "quay.io/kairos/ubuntu", "--query", "kubernetes=keep")

    assert (without.returncode, beside.returncode) == (UNSURE, DONE)
    assert "error: repository-unknown: " in without.stderr
    assert without.stdout == ""
    assert beside.stdout.startswith("kairos-agent upgrade --source oci:quay.io/kairos/ubuntu:")


def test_a_service_that_is_down_is_not_an_answer(node: Node) -> None:
    done = node.run(f"http://127.0.0.1:{choose_free_port()}", "--run")

    assert (done.returncode, done.stdout, node.upgrades) == (UNSURE, "", [])


PAGE = "<html><body>Please log in to use this network</body></html>\n"
WORSE = {
    "a captive portal": reply(PAGE, kind="text/html"),
    "a portal that lies about its page": reply(PAGE),
    "another type": reply(ANSWER, kind="text/plain; charset=utf-8"),
    "no type": b"HTTP/1.0 200 OK\r\n\r\n" + ANSWER.encode(),
    "a redirect": b"HTTP/1.0 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n" + ANSWER.encode(),
    "no content": b"HTTP/1.0 204 No Content\r\n\r\n",
    "an error of a proxy": reply(PAGE, status="502 Bad Gateway", kind="text/html"),
    "an answer with an error's status": reply(ANSWER, status="500 Oh"),
    "a refusal of somebody else": reply(PAGE, status="409 Conflict", kind="text/html"),
    "a refusal without its line": reply("no\n", status="409 Conflict", kind="text/plain"),
    "too few bytes": reply(ANSWER, length=len(ANSWER) + 10),
    "nothing": b"",
    "no HTTP": b"220 mail.example.org ESMTP\r\n",
    "an empty body": reply(""),
    "two questions' answers": reply(ANSWER + ANSWER),
    "a line too many": reply(ANSWER + "UPGRADE_EXTRA=1\n"),
    "another order": reply("".join(reversed(ANSWER.splitlines(keepends=True)))),
    "a command": reply(ANSWER + "touch hit\n"),
    "a substitution": reply(ANSWER.replace("upgrade_available", "$(touch hit)")),
    "a quoted one": reply(ANSWER.replace("multiple_hops", "`touch hit`")),
    "a quote within": reply(ANSWER.replace("multiple_hops", "x';touch hit;'")),
    "an unquoted space": reply(ANSWER.replace("'", "")),
    "another source": reply(ANSWER.replace("oci:quay", "oci:evil.example/x/quay")),
    "another scheme": reply(ANSWER.replace("oci:quay", "dir:quay")),
    "an option": reply(ANSWER.replace("quay.io/", "--help/")),
    "no registry": reply(ANSWER.replace("quay.io/kairos/", "")),
    "no host": reply(ANSWER.replace("quay.io", "")),
    "no tag": reply(ANSWER.replace(TARGET, "quay.io/kairos/ubuntu")),
    "no release": reply(ANSWER.replace("v3.6.0", "latest")),
    "an unknown status": reply(ANSWER.replace("upgrade_available", "blocked")),
    "no target after all": reply(NO_TARGET.replace("up_to_date", "upgrade_available")),
    "a target nevertheless": reply(ANSWER.replace("upgrade_available", "up_to_date")),
    "a zero byte": reply(ANSWER.replace("kairos", "kai\0ros")),
    "carriage returns": reply(ANSWER.replace("\n", "\r\n")),
    "other letters": reply(ANSWER.replace("kairos", "kairös")),
    "megabytes": reply(b"UPGRADE_STATUS=" + b"a" * 3_000_000),
}


@pytest.mark.parametrize("answer", WORSE.values(), ids=list(WORSE))
def test_what_is_not_exactly_an_answer_is_never_acted_on(node: Node, answer: bytes) -> None:
    with Impostor(answer) as impostor:
        done = node.run(impostor.url, "--run")

    assert (done.returncode, done.stdout, node.upgrades) == (UNSURE, "", [])
    assert not Path("hit").exists()
    assert len(done.stderr) < 1_000


def test_an_answer_without_end_is_hung_up_on(node: Node) -> None:
    with Impostor(unframed("a" * 200_000_000)) as impostor:
        done = node.run(impostor.url, "--run")

        assert done.returncode == UNSURE
        # What the kernel holds for both ends is more than what the script takes.
        assert impostor.sent < 50_000_000


@pytest.mark.parametrize("shell", SHELLS)
def test_an_answer_that_ends_too_soon_is_never_acted_on(shell: str, tmp_path: Path) -> None:
    node = Node(tmp_path / "node", shell, V3_2_4)

    # Without a length, only the shape tells. Some places, and the last ones, keep the test short.
    for end in (*range(0, len(ANSWER), 29), *range(len(ANSWER) - 4, len(ANSWER))):
        with Impostor(unframed(ANSWER[:end])) as impostor:
            assert node.run(impostor.url, "--run").returncode == UNSURE, ANSWER[:end]

    assert node.upgrades == []


def test_the_impostor_is_believed_when_it_answers_as_an_advisor(node: Node) -> None:
    with Impostor(reply(ANSWER)) as impostor:
        done = node.run(impostor.url, "--run")

    assert (done.returncode, node.upgrades) == (DONE, [f"upgrade --source oci:{TARGET}"])


def test_a_digest_stays_with_the_target(node: Node) -> None:
    pinned = f"{TARGET}@sha256:{'a' * 64}"

    with Impostor(reply(ANSWER.replace(TARGET, pinned))) as impostor:
        done = node.run(impostor.url, "--run")

    assert (done.returncode, node.upgrades) == (DONE, [f"upgrade --source oci:{pinned}"])
    assert "installed v3.6.0 " in node.state.read_text()


@pytest.mark.parametrize(
    ("tag", "release"),
    [
        ("12-core-arm64-rpi4-v3.4.0", "v3.4.0"),
        ("v0.0.3-core-amd64-generic-v4.0.0-RC1", "v4.0.0-RC1"),
        ("40-core-amd64-generic-v3.5.1-beta.1", "v3.5.1-beta.1"),
        ("9-standard-amd64-generic-v3.7.2-k0s-v1.33.7-k0s.0", "v3.7.2"),
        ("22.04-standard-arm64-nvidia-jetson-agx-orin-v3.3.1-rc4-k3s1.31.4-1", "v3.3.1-rc4"),
    ],
)
def test_the_release_is_told_from_every_shape_of_a_tag(node: Node, tag: str, release: str) -> None:
    with Impostor(reply(ANSWER.replace(TARGET, f"localhost:5000/os:{tag}"))) as impostor:
        done = node.run(impostor.url, "--run")

    assert done.returncode == DONE
    assert f"installed {release} " in node.state.read_text()


def test_the_question_holds_the_file_the_state_and_what_is_excluded(node: Node) -> None:
    node.state.parent.mkdir(parents=True)
    node.state.write_text("excluded v3.6.0\nexcluded v3.7.0-RC1\n")

    with Impostor(reply(NO_TARGET)) as impostor:
        done = node.run(
            impostor.url,
            "--query",
            "kubernetes=keep",
            "--query",
            "exclude=v3.5.0",
            "--accept",
            "major_jump",
        )

    assert done.returncode == NOTHING
    assert impostor.path == (
        "/v1/upgrade?format=env&kubernetes=keep&exclude=v3.5.0&accept=major_jump"
        "&max_step=minor&boot_state=active&exclude=v3.6.0&exclude=v3.7.0-RC1"
    )
    assert impostor.headers["Content-Type"] == "text/plain"
    assert impostor.body == V3_2_4.encode()
    assert "Authorization" not in impostor.headers


def test_a_token_is_sent_from_its_file(node: Node) -> None:
    token = node.root / "token"
    token.write_text("s3cr3t.t0ken-with_all~of+it/=\n")

    with Impostor(reply(NO_TARGET)) as impostor:
        done = node.run(impostor.url, "--token-file", token)

    assert done.returncode == NOTHING
    assert impostor.headers["Authorization"] == "Bearer s3cr3t.t0ken-with_all~of+it/="


@pytest.mark.parametrize("token", ["", "two words\n", 'x"\nurl = "http://evil.example\n'])
def test_a_file_without_a_token_stops_the_question(node: Node, token: str) -> None:
    file = node.root / "token"
    file.write_text(token)

    with Impostor(reply(NO_TARGET)) as impostor:
        done = node.run(impostor.url, "--token-file", file)

    assert (done.returncode, impostor.path) == (UNSURE, "")


def test_https_is_trusted_by_the_authority_that_was_named_alone(node: Node) -> None:
    authority = create_authority(node.root)
    with Impostor(reply(ANSWER)) as impostor:
        context = authority.server_context()
        impostor.socket = context.wrap_socket(impostor.socket, server_side=True)
        url = f"https://{impostor.address}"

        strange = node.run(url, "--run")
        trusted = node.run(url, "--ca-file", authority.ca)

    assert (strange.returncode, trusted.returncode, node.upgrades) == (UNSURE, DONE, [])


def test_two_runs_at_once_are_one(node: Node, url: str) -> None:
    (node.root / "hold").touch()
    command = [*find_shell("dash"), str(SCRIPT), "--url", url, "--run"]
    with subprocess.Popen(command, env=node.environ, start_new_session=True) as first:  # noqa: S603
        _wait_for(node.root / "called")

        second = node.run(url, "--run")

        # The agent outlives the script that called it, and still holds the lock.
        first.kill()
        first.wait()
        third = node.run(url, "--run")
        os.killpg(first.pid, signal.SIGKILL)

    assert (second.returncode, third.returncode) == (UNSURE, UNSURE)
    assert "another run is under way" in second.stderr
    assert len(node.upgrades) == 1


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--url",),
        ("--url", "http://advisor.example.org"),
        ("--url", "http://127.0.0.1.example.org/"),
        ("--url", "http://127.0.0.1:80@evil.example/"),
        ("--url", "file:///etc/passwd"),
        ("--url", "https://x.example/ -o /etc/passwd"),
        ("--url", "https://x.example", "--max-step", "huge"),
        ("--url", "https://x.example", "--jitter", "soon"),
        ("--url", "https://x.example", "--jitter", "100000"),
        ("--url", "https://x.example", "--accept", "a&b"),
        ("--url", "https://x.example", "--query", "format=text"),
        ("--url", "https://x.example", "--query", "exclude"),
        ("--url", "https://x.example", "--query", "exclude=$(id)"),
        ("--url", "https://x.example", "--unknown", "x"),
        ("--url", "https://x.example", "stray"),
    ],
)
def test_a_wrong_usage_is_told_and_asks_nobody(node: Node, options: tuple[str, ...]) -> None:
    done = node.call(*options)

    assert (done.returncode, done.stdout) == (MISUSED, "")
    assert "--help" in done.stderr


def test_the_help_names_every_option_and_exit_code(node: Node) -> None:
    done = node.call("--help")

    assert done.returncode == 0
    for word in ("--run", "--forget", "--jitter", "--token-file"):
        assert word in done.stdout
    told = {line.split()[0] for line in done.stdout.splitlines() if line[:4].strip().isdigit()}
    assert told == {str(code) for code in (DONE, NOTHING, REFUSED, UNSURE, FAILED, MISUSED)}


def test_a_node_that_is_not_kairos_is_not_asked_about(node: Node, url: str) -> None:
    (node.root / "etc/kairos-release").unlink()

    assert node.run(url).returncode == UNSURE


def test_kairos_of_before_v3_2_is_known_by_its_os_release(node: Node, url: str) -> None:
    (node.root / "etc/kairos-release").rename(node.root / "etc/os-release")

    assert node.run(url).returncode == DONE


def test_a_damaged_memory_stops_the_upgrade(node: Node, url: str) -> None:
    node.state.parent.mkdir(parents=True)
    node.state.write_text("excluded $(reboot)\n")

    done = node.run(url, "--run")

    assert (done.returncode, node.upgrades) == (UNSURE, [])


def test_no_upgrade_is_tried_that_cannot_be_remembered(node: Node, url: str) -> None:
    (node.root / "usr/local/lib").write_text("a file, where a directory should be")

    done = node.run(url, "--run")

    assert (done.returncode, node.upgrades) == (UNSURE, [])


def test_jitter_waits_no_longer_than_told(node: Node, url: str) -> None:
    started = time.monotonic()

    done = node.run(url, "--jitter", "1")

    assert done.returncode == DONE
    assert time.monotonic() - started < 20


def test_the_unit_runs_the_script_with_the_options_of_its_file(node: Node, url: str) -> None:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign] # systemd's names have capitals
    unit.read(ROOT / "examples" / "kairos-upgrade.service")
    program, *arguments = shlex.split(unit["Service"]["ExecStart"])
    at = arguments.index("$KAIROS_UPGRADE_OPTIONS")
    arguments[at : at + 1] = ["--url", url]

    done = node.call(*arguments)

    assert Path(program).name == SCRIPT.name
    assert (done.returncode, len(node.upgrades)) == (DONE, 1)
    assert int(unit["Service"]["SuccessExitStatus"]) == NOTHING


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline, path
        time.sleep(0.02)
