import io
import json
import re
import sys
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from service.cli.outcome import ExitCode
from tests.cli.command import CommandLine
from tests.worked_examples import HADRON, WORKED_EXAMPLES, Lists, WorkedExample

IMAGE = f"quay.io/kairos/{HADRON}"
UBUNTU = "quay.io/kairos/ubuntu:24.04-standard-amd64-generic-v3.2.3-k3sv1.31.2-k3s1"
DEBIAN = "quay.io/kairos/debian:13-core-amd64-generic-v3.7.2"
BLOCKED = "quay.io/kairos/debian:12-standard-amd64-generic-v3.5.10-k3s-v1.34.2-k3s1"
MANUAL = "quay.io/kairos/core-opensuse-leap:v2.4.0"
NEWEST = "quay.io/kairos/hadron:v0.5.1-core-amd64-generic-v4.2.0"
RELEASE_FILE = """\
KAIROS_FLAVOR="ubuntu"
KAIROS_IMAGE_REPO="quay.io/kairos/ubuntu:24.04-standard-amd64-generic-v3.2.4-k3sv1.31.3-k3s1"
KAIROS_RELEASE="v3.2.4"
"""
EXAMPLES = [example for example in WORKED_EXAMPLES if example.lists is Lists.ALL]


@pytest.fixture
def release_file(tmp_path: Path) -> Path:
    file = tmp_path / "kairos-release"
    file.write_text(RELEASE_FILE)
    return file


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_json_is_what_http_gives(
    command: CommandLine, client: FlaskClient, example: WorkedExample
) -> None:
    options = [f"--{name.replace('_', '-')}={value}" for name, value in example.query.items()]

    ended = command("recommend", "--json", example.image, *options)

    told = client.get("/v1/upgrade", query_string={"image": example.image, **example.query})
    assert ended.out == told.text
    assert json.loads(ended.out)["status"] == example.status


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_a_line_is_what_http_gives(
    command: CommandLine, client: FlaskClient, example: WorkedExample
) -> None:
    options = [f"--{name.replace('_', '-')}={value}" for name, value in example.query.items()]

    ended = command("recommend", "--line", example.image, *options)

    query = {"image": example.image, "format": "text", **example.query}
    told = client.get("/v1/upgrade", query_string=query)
    assert ended.out + ended.err == told.text


def test_every_option_reaches_the_answer(command: CommandLine, client: FlaskClient) -> None:
    query = {
        "max_step": "minor",
        "max_version": "v3.6.0",
        "kubernetes": "next",
        "max_kubernetes": "1.32",
        "flavor_release": "follow",
        "arch": "x86_64",
        "boot_state": "unknown",
        "prerelease": "true",
        "exclude": ["v3.5.3", "v3.6.0"],
        "accept": ["major_jump"],
    }
    options = [
        *("--max-step", "minor", "--max-version", "v3.6.0"),
        *("--kubernetes", "next", "--max-kubernetes", "1.32", "--flavor-release", "follow"),
        *("--arch", "x86_64", "--boot-state", "unknown", "--prerelease"),
        *("--exclude", "v3.5.3", "--exclude", "v3.6.0", "--accept", "major_jump"),
    ]

    ended = command("recommend", "--json", UBUNTU, *options)

    told = client.get("/v1/upgrade", query_string={"image": UBUNTU, **query})
    assert ended.out == told.text
    assert ended.out != client.get("/v1/upgrade", query_string={"image": UBUNTU}).text


def test_a_release_file_is_answered_as_over_http(
    command: CommandLine, client: FlaskClient, release_file: Path
) -> None:
    ended = command("recommend", "--json", "--release-file", str(release_file))

    told = client.post("/v1/upgrade", data=RELEASE_FILE, content_type="text/plain")
    assert (ended.code, ended.out) == (ExitCode.DONE, told.text)


def test_a_release_file_may_come_from_stdin(
    command: CommandLine, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(RELEASE_FILE.encode())))

    ended = command("recommend", "--json", "--release-file", "-")

    told = client.post("/v1/upgrade", data=RELEASE_FILE, content_type="text/plain")
    assert (ended.code, ended.out) == (ExitCode.DONE, told.text)


def test_an_image_that_contradicts_the_release_file_is_told(
    command: CommandLine, release_file: Path
) -> None:
    ended = command("recommend", IMAGE, "--release-file", str(release_file))

    assert (ended.code, ended.out) == (ExitCode.CANNOT_TELL, "")
    assert ended.err.startswith("error: identity-mismatch: ")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([IMAGE], ExitCode.DONE),
        ([NEWEST], ExitCode.NOTHING_TO_DO),
        ([DEBIAN], ExitCode.NOTHING_TO_DO),
        ([IMAGE, "--max-step=minor"], ExitCode.NOTHING_TO_DO),
        ([BLOCKED], ExitCode.REFUSED),
        ([MANUAL], ExitCode.REFUSED),
        ([IMAGE, "--line"], ExitCode.REFUSED),
        ([IMAGE, "--line", "--accept=major_jump"], ExitCode.DONE),
        ([NEWEST, "--line"], ExitCode.NOTHING_TO_DO),
        ([BLOCKED, "--line"], ExitCode.REFUSED),
        (["docker.io/library/debian:12"], ExitCode.CANNOT_TELL),
        (["quay.io/kairos/gone:1-core-amd64-generic-v1.0.0"], ExitCode.CANNOT_TELL),
        ([IMAGE, "--max-step=huge"], ExitCode.CANNOT_TELL),
        (["--release-file=/nowhere"], ExitCode.CANNOT_TELL),
        ([], ExitCode.USAGE),
        ([IMAGE, "--unknown"], ExitCode.USAGE),
        ([IMAGE, "--json", "--line"], ExitCode.USAGE),
    ],
)
def test_the_exit_code_tells_what_a_script_should_do(
    command: CommandLine, arguments: list[str], code: ExitCode
) -> None:
    ended = command("recommend", *arguments)

    assert ended.code == code


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (
            [f"oci:{IMAGE}"],
            f"error: invalid-reference: leave out the leading 'oci:' of 'oci:{IMAGE}'",
        ),
        ([IMAGE, "--max-step=huge"], "error: invalid-request: max_step: Must be one of: "),
        (["--release-file=/nowhere"], "error: /nowhere: No such file or directory"),
        ([IMAGE, "--line"], "error: needs-acceptance: read the critical warnings major_jump, "),
        ([], "error: name the node's image, its --release-file, or both"),
        ([IMAGE, "--unknown"], "error: unrecognized arguments: --unknown; see "),
    ],
)
def test_an_error_is_one_line_on_stderr(
    command: CommandLine, arguments: list[str], error: str
) -> None:
    ended = command("recommend", *arguments)

    assert ended.out == ""
    assert ended.err.startswith(error)
    assert ended.err.count("\n") == 1


def test_what_guards_the_service_does_not_guard_its_operator(
    command: CommandLine, tmp_path: Path
) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text("token-that-nobody-sends\n")
    guards = {"ADVISOR_API_TOKENS_FILE": str(tokens), "ADVISOR_RATE_LIMIT": "1/minute"}

    codes = [command("recommend", IMAGE, **guards).code for _ in range(2)]

    assert codes == [ExitCode.DONE, ExitCode.DONE]


def test_bad_settings_are_told_in_one_line(command: CommandLine) -> None:
    ended = command("recommend", IMAGE, ADVISOR_FOO="1", ADVISOR_FRESH_SECONDS="soon")

    assert (ended.code, ended.out) == (ExitCode.CANNOT_TELL, "")
    assert ended.err.startswith("error: bad settings: ADVISOR_FOO: ")
    assert ended.err.count("\n") == 1


def test_a_broken_rules_file_is_told_in_one_line(command: CommandLine, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("version: 2\n")

    ended = command("recommend", IMAGE, ADVISOR_RULES_FILE=str(rules))

    assert (ended.code, ended.out) == (ExitCode.CANNOT_TELL, "")
    assert ended.err.startswith(f"error: {rules}:1: ")
    assert ended.err.count("\n") == 1


def test_text_tells_what_to_do_first_and_the_worst_warning_next(command: CommandLine) -> None:
    ended = command("recommend", UBUNTU)

    lines = ended.out.splitlines()
    assert lines[0].startswith("An upgrade is available.")
    target = "quay.io/kairos/ubuntu:24.04-standard-amd64-generic-v3.6.0-k3s-v1.32.9-k3s1"
    assert lines[2:7] == [
        f"running  {UBUNTU}",
        f"target   {target}",
        "then     quay.io/kairos/ubuntu:24.04-standard-amd64-generic-v3.7.2-k3s-v1.33.7-k3s3",
        f"command  kairos-agent upgrade --source oci:{target}",
        "",
    ]
    assert lines[7] == "Warnings:"
    told = re.findall(r"^  (critical|warning|info): ", ended.out, re.MULTILINE)
    assert told == sorted(told, key=("critical", "warning", "info").index)
    assert {"warning", "info"} <= set(told)
    assert "[kubernetes_downgrade]" in ended.out
    assert "(prerelease=true): 24.04-" in ended.out


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_text_holds_all_that_json_tells(
    command: CommandLine, client: FlaskClient, example: WorkedExample
) -> None:
    options = [f"--{name.replace('_', '-')}={value}" for name, value in example.query.items()]

    text = " ".join(command("recommend", example.image, *options).out.split())

    query = {"image": example.image, **example.query}
    answer = client.get("/v1/upgrade", query_string=query).get_json()
    told = [image["reference"] for image in answer["path"]]
    told += [found["image"]["tag"] for found in answer["alternatives"]]
    told += [f"[{group['code']}]" for group in answer["rejected"]]
    told += [" ".join(warning["message"].split()) for warning in answer["warnings"]]
    assert [each for each in told if each not in text] == []


def test_the_matrix_as_json_is_what_http_gives(command: CommandLine, client: FlaskClient) -> None:
    ended = command("matrix", "--json")

    assert (ended.code, ended.out) == (ExitCode.DONE, client.get("/v1/matrix").text)


def test_the_matrix_as_text_has_a_line_for_each_stream(
    command: CommandLine, client: FlaskClient
) -> None:
    ended = command("matrix")

    streams = client.get("/v1/matrix").get_json()["streams"]
    lines = ended.out.splitlines()
    assert lines[0].split() == ["STREAM", "KUBERNETES", "NEWEST", "SUPPORT", "LISTED"]
    assert len(lines[1:-2]) == len(streams)
    assert "hadron v0.5.1 core amd64 generic trusted boot " in ended.out
    assert lines[-1] == "Latest release branch: 4.2"


@pytest.mark.parametrize("seconds", ["nan", "-1", "inf", "3601", "soon", ""])
def test_a_matrix_is_not_waited_for_without_an_end(command: CommandLine, seconds: str) -> None:
    ended = command("matrix", f"--wait={seconds}")

    assert (ended.code, ended.out) == (ExitCode.USAGE, "")
    assert f"{seconds!r} is not from 0 to 3,600 seconds" in ended.err


def test_a_matrix_with_a_hole_says_so(command: CommandLine) -> None:
    tracked = "quay.io/kairos/hadron,quay.io/kairos/gone"

    ended = command("matrix", "--wait", "0", ADVISOR_TRACKED_REPOSITORIES=tracked)

    assert ended.code == ExitCode.CANNOT_TELL
    assert "hadron v0.5.1 core amd64 generic" in ended.out
    assert ended.err == "error: not listed, so not in the matrix: quay.io/kairos/gone\n"
