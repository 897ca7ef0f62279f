"""Build the image, run it as strictly as it can be run, and bring compose up; root on Debian only.

The base images are made here, of Debian's packages and under the names that the Dockerfile and the
compose file use, so that nothing is pulled. Whatever this machine needs to reach a package index
(certificates, pip's configuration) goes into the base, never into the Dockerfile. All storage lies
in one temporary directory, which is removed at the end with everything that was started.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import yaml

_ROOT = Path(__file__).resolve().parent.parent
_COMPOSE = Path(sys.executable).with_name("podman-compose")
_PROJECT = "kairos-image-test"
_PORT = 8080
_SECONDS = 90

# The command that a package brings, and the package.
_PACKAGES = {
    "buildah": "buildah",
    "podman": "podman",
    "runc": "runc",
    "mmdebstrap": "mmdebstrap",
    "/usr/lib/podman/netavark": "netavark",
    "/usr/lib/podman/aardvark-dns": "aardvark-dns",
}
_BASES = {"python": "python3,python3-venv,ca-certificates", "redis": "redis-server,redis-tools"}
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_PIP_CONFIGURATIONS = (Path("/etc/pip.conf"), Path.home() / ".config/pip/pip.conf")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_TAG = "ubuntu:24.04-standard-amd64-generic-v3.2.3-k3sv1.31.2-k3s1"
_STRICT = (
    "--read-only",
    "--cap-drop=all",
    "--security-opt=no-new-privileges",
    "--memory=512m",
    "--tmpfs=/tmp:size=64m,mode=1777",
)
_STORAGE = """\
[storage]
driver = "overlay"
graphroot = "{0}/root"
runroot = "{0}/run"
"""
_CONTAINERS = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
network_config_dir = "{0}/networks"
"""


def main() -> None:
    """Run everything; the exit status is 0 when the image and the composition have answered."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        sys.exit("make image-test runs as root on Debian: it makes images of its packages.")
    for program, package in _PACKAGES.items():
        if not shutil.which(program):
            _run("scripts/apt.sh", package)
    # Whoever ends it ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    work = Path(tempfile.mkdtemp(prefix="image-test-"))
    try:
        _configure(work)
        images = yaml.safe_load((_ROOT / "docker-compose.yml").read_text())["services"]
        _make_base(work, "python", _read_base())
        _make_base(work, "redis", images["redis"]["image"])
        image = images["advisor"]["image"]
        _build(image)
        _check_strictly(image)
        _check_composition(work)
    finally:
        _run("podman", "rm", "--all", "--force", "--time=0", check=False)
        _run("podman", "system", "reset", "--force", check=False)
        shutil.rmtree(work, ignore_errors=True)


def _configure(work: Path) -> None:
    """Keep podman and buildah within the directory."""
    for name, text in (("STORAGE", _STORAGE), ("CONTAINERS", _CONTAINERS)):
        file = work / f"{name.lower()}.conf"
        file.write_text(text.format(work))
        os.environ["CONTAINERS_STORAGE_CONF" if name == "STORAGE" else "CONTAINERS_CONF"] = str(
            file
        )


def _read_base() -> str:
    """Give the image that the Dockerfile begins with."""
    first = next(
        line for line in (_ROOT / "Dockerfile").read_text().splitlines() if line.startswith("FROM")
    )
    return first.split()[1]


def _make_base(work: Path, kind: str, name: str) -> None:
    """Make an image of Debian's packages, under the name of the one that it stands for."""
    archive = work / f"{kind}.tar"
    hooks = [
        f"--customize-hook=mkdir -p $1{file.parent} && cp {file} $1{file}"
        for file in (_CERTIFICATES, *_PIP_CONFIGURATIONS)
        if kind == "python" and file.is_file()
    ]
    packages = f"--include={_BASES[kind]}"
    options = ("--quiet", "--variant=minbase", packages, *hooks)
    _run("mmdebstrap", *options, "bookworm", str(archive))
    _run("podman", "import", "--quiet", f"--change=ENV PATH={_PATH}", str(archive), name)
    archive.unlink()


def _build(image: str) -> None:
    begun = time.monotonic()
    options = ("--isolation=chroot", "--pull-never", "--format=docker", f"--tag={image}")
    _run("buildah", "bud", *options, ".")
    seconds = time.monotonic() - begun
    size = _find_size(image)
    own = size - _find_size(_read_base())
    print(f"built in {seconds:.0f} s; {size / 1e6:.0f} MB, of which {own / 1e6:.0f} over the base")


def _find_size(image: str) -> int:
    return int(_run("podman", "image", "inspect", "--format={{.Size}}", image))


def _check_strictly(image: str) -> None:
    """Run the image on the example snapshot, and look at what it may do."""
    snapshot = f"--volume={_ROOT / 'examples' / 'snapshot'}:/snapshot:ro"
    port = _choose_free_port()
    publish = f"--publish=127.0.0.1:{port}:{_PORT}"
    settings = "--env=ADVISOR_SNAPSHOT_DIR=/snapshot"
    begun = time.monotonic()
    name = _run("podman", "run", "--detach", *_STRICT, snapshot, publish, settings, image)
    question = _ask(f"quay.io/kairos/{_TAG}")
    _wait(lambda: _get(port, "/livez"), "the image does not serve")
    live = time.monotonic() - begun
    answer = json.loads(_wait(lambda: _get(port, question), "the image does not answer"))
    print(f"live after {live:.2f} s, first answer after {time.monotonic() - begun:.2f} s")
    print(f"answered from a snapshot: {answer['target']['reference']}")
    status = _run("podman", "exec", name, "cat", "/proc/1/status")
    held = dict(line.split(":", 1) for line in status.splitlines())
    _require(held["Uid"].split()[0] == "10001", "it runs as another user")
    _require(int(held["CapEff"], 16) == int(held["CapBnd"], 16) == 0, "it has capabilities")
    _require(held["NoNewPrivs"].strip() == "1", "it may gain privileges")
    _require(_fails("podman", "exec", name, "touch", "/app/x"), "its root can be written to")
    _require(not _fails("podman", "healthcheck", "run", name), "its own health check fails")
    _require(_get(port, "/metrics") is not None, "it tells no metrics")
    begun = time.monotonic()
    _run("podman", "stop", "--time=30", name)
    print(f"no root, no capability, nothing written; stopped in {time.monotonic() - begun:.1f} s")
    _run("podman", "rm", "--force", name)


def _check_composition(work: Path) -> None:
    """Bring compose up, Redis last, before a registry of files."""
    image, port = f"registry:5000/kairos/{_TAG}", _choose_free_port()
    os.environ["PUBLISH"] = f"127.0.0.1:{port}"
    with _composed(work) as compose:
        begun = time.monotonic()
        compose("up", "--detach", "--no-deps", "registry", "advisor")
        _wait(lambda: _get(port, "/livez"), "the composition does not serve")
        answer = json.loads(_wait(lambda: _get(port, _ask(image)), "it does not answer"))
        print(f"composed without Redis: answered after {time.monotonic() - begun:.2f} s")
        compose("up", "--detach", "--no-deps", "redis")
        begun = time.monotonic()
        _wait(lambda: _is_ready(port), "it does not find the late Redis")
        # A worker that knows a list shares it with its next answer.
        _wait(lambda: _get(port, _ask(image)) and _has_list(compose), "it shares no list")
        print(f"with the late Redis: shared {time.monotonic() - begun:.2f} s after its start")
        again = json.loads(_get(port, _ask(image)) or "{}")
        _require(again["target"] == answer["target"], "it answers otherwise")
        print(f"answered by compose with Redis: {again['target']['reference']}")


@contextmanager
def _composed(work: Path) -> Iterator[Callable[..., str]]:
    """Give what runs podman-compose on our file, with a registry added; all is taken down."""
    lists = work / "lists" / "v2" / "kairos"
    for name in ("ubuntu", "hadron"):
        tags = lists / name / "tags"
        tags.mkdir(parents=True)
        shutil.copy(_ROOT / "examples/snapshot/quay.io/kairos" / f"{name}.json", tags / "list")
    settings = {
        "ADVISOR_REPOSITORIES": "registry:5000/kairos/*",
        "ADVISOR_OFFICIAL_REPOSITORIES": "registry:5000/kairos/*",
        "ADVISOR_PRIVATE_REGISTRIES": "registry:5000",
        "ADVISOR_INSECURE_REGISTRIES": "registry:5000",
        "ADVISOR_VERIFY_TARGETS": "false",
    }
    registry = {
        "image": _read_base(),
        "command": ["python3", "-m", "http.server", "5000", "--directory", "/lists"],
        "volumes": [f"{work / 'lists'}:/lists:ro"],
        "networks": ["inside"],
    }
    override = work / "override.yml"
    services = {"advisor": {"environment": settings}, "registry": registry}
    override.write_text(yaml.safe_dump({"services": services}))
    files = ("--file", "docker-compose.yml", "--file", str(override))

    def compose(*arguments: str) -> str:
        return _run(str(_COMPOSE), "--project-name", _PROJECT, *files, *arguments)

    try:
        yield compose
    except SystemExit:
        print(_run("podman", "ps", "--all", check=False))
        print(
            _run(
                str(_COMPOSE), "--project-name", _PROJECT, *files, "logs", "--tail=20", check=False
            )
        )
        raise
    finally:
        compose("down", "--volumes")


def _ask(image: str) -> str:
    return "/v1/upgrade?" + urllib.parse.urlencode({"image": image}, safe="/:")


def _has_list(compose: Callable[..., str]) -> bool:
    return "v1:tags" in compose("exec", "-T", "redis", "redis-cli", "keys", "*")


def _is_ready(port: int) -> bool:
    readiness = json.loads(_get(port, "/readyz") or "{}")
    checks: dict[str, list[dict[str, object]]] = readiness.get("checks", {})
    return bool(checks) and checks["redis:ping"][0]["status"] == "pass"


def _get(port: int, path: str) -> str | None:
    """Give a body; None where there is no answer, or none that is a success."""
    # A proxy in the caller's environment has no business on the loopback interface.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{port}{path}", timeout=10) as response:
            body: bytes = response.read()
    except OSError:
        return None
    return body.decode()


def _wait(condition: Callable[[], str | bool | None], trouble: str) -> str:
    deadline = time.monotonic() + _SECONDS
    while not (found := condition()):
        _require(time.monotonic() < deadline, trouble)
        time.sleep(0.05)
    return str(found)


def _require(condition: bool, trouble: str) -> None:  # noqa: FBT001 - the condition is all there is
    if not condition:
        raise SystemExit(f"image-test: {trouble}")


def _fails(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode != 0


def _run(*command: str, check: bool = True) -> str:
    """Run a command, and give what it says; it says all where it fails."""
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise SystemExit(f"image-test: {_join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def _join(command: Sequence[str]) -> str:
    return " ".join(command)


def _choose_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
