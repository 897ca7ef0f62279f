"""Peak memory while a hostile registry sends without end; printed with ``pytest -rP``."""

import subprocess
import sys

import pytest

from tests.apps import ROOT
from tests.integration.pushing import OCI_INDEX
from tests.integration.registry_server import RegistryServer, Route, send_without_end

MAX_MIB = 64
THREADS = 16

# In a process of its own, so that nothing but the client is measured.
PROGRAM = """
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from service.domain.reference import Repository
from service.errors import RegistryError
from tests.integration.clients import make_client, make_source
from tests.integration.verifying import image, make_verifier


def measure(name):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith(name))


def list_tags(_):
    try:
        source.list_tags(Repository(registry, name))
    except RegistryError as error:
        return str(error)
    return ""


def verify(number):
    wanted = image(registry, name, f"1-core-amd64-generic-v1.0.{number}")
    return verifier.start().verify(wanted).trouble


what, registry, name, threads = *sys.argv[1:4], int(sys.argv[4])
client = make_client(timeout=timedelta(seconds=5))
source, verifier = make_source(client), make_verifier(client)
source.list_tags(Repository(registry, "null"))
idle = measure("VmRSS")
with open("/proc/self/clear_refs", "w") as peaks:
    peaks.write("5")
with ThreadPoolExecutor(threads) as pool:
    told = set(pool.map({"list": list_tags, "verify": verify}[what], range(threads)))
assert "" not in told
print(measure("VmHWM") - idle)
"""


@pytest.mark.parametrize(
    "name",
    [
        "endless-body",
        "endless-chunks",
        "endless-chunk-line",
        "endless-trailers",
        "endless-redirect",
        "endless-head",
        "endless-large-pages",
        "endless-long-tags",
    ],
)
def test_memory_stays_near_that_of_idling(faulty: RegistryServer, name: str) -> None:
    measure("list", faulty, name)


def send_large(before: bytes, item: bytes, after: bytes) -> Route:
    """Answer with a manifest just below the limit, of many small parts."""
    body = before + b",".join([item] * ((LIMIT - 1_000) // (len(item) + 1))) + after
    assert len(body) < LIMIT
    return lambda handler: handler.reply(200, body, {"Content-Type": OCI_INDEX})


LIMIT = 512 * 1024
MANIFESTS = {
    "without-end": send_without_end,
    "one-string": send_large(b'{"manifests": 1, "a": "', b"a", b'"}'),
    "many-images": send_large(b'{"manifests": [', b"{}", b"]}"),
    "many-numbers": send_large(b'{"a": [', b"1.5", b'], "manifests": 1}'),
    "deep-lists": send_large(b'{"manifests": [', b"[[[[]]]]", b"]}"),
    "many-objects": send_large(b'{"manifests": [', b'{"":{}}', b"]}"),
    "wide-letters": send_large('{"manifests": 1, "\U0001f600": "'.encode(), b"a", b'"}'),
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_memory_stays_near_that_of_idling_for_manifests(faulty: RegistryServer, name: str) -> None:
    for number in range(THREADS):
        path = f"/v2/kairos/x/manifests/1-core-amd64-generic-v1.0.{number}"
        faulty.routes[path] = MANIFESTS[name]

    measure("verify", faulty, "kairos/x", name)


def measure(what: str, faulty: RegistryServer, name: str, fault: str = "") -> None:
    command = [sys.executable, "-c", PROGRAM, what, faulty.address, name, str(THREADS)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own program

    assert done.stderr == ""
    above = float(done.stdout)
    print(f"{fault or name}: {above:.1f} MiB above idle with {THREADS} callers")  # noqa: T201 - the figure
    assert above <= MAX_MIB
