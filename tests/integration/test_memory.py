"""Peak memory while a hostile registry sends without end; printed with ``pytest -rP``."""

import subprocess
import sys

import pytest

from tests.apps import ROOT
from tests.integration.registry_server import RegistryServer

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


def measure(name):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith(name))


def ask(_):
    try:
        source.list_tags(Repository(sys.argv[1], sys.argv[2]))
    except RegistryError as error:
        return str(error)
    return "no error"


source = make_source(make_client(timeout=timedelta(seconds=5)))
source.list_tags(Repository(sys.argv[1], "null"))
idle = measure("VmRSS")
with open("/proc/self/clear_refs", "w") as peaks:
    peaks.write("5")
with ThreadPoolExecutor(int(sys.argv[3])) as pool:
    told = set(pool.map(ask, range(int(sys.argv[3]))))
assert "no error" not in told
print(measure("VmHWM") - idle)
"""


@pytest.mark.parametrize(
    "name",
    [
        "endless-body",
        "endless-chunks",
        "endless-redirect",
        "endless-head",
        "endless-large-pages",
        "endless-long-tags",
    ],
)
def test_memory_stays_near_that_of_idling(faulty: RegistryServer, name: str) -> None:
    command = [sys.executable, "-c", PROGRAM, faulty.address, name, str(THREADS)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own program

    assert done.stderr == ""
    above = float(done.stdout)
    print(f"{name}: {above:.1f} MiB above idle with {THREADS} callers")  # noqa: T201 - the figure
    assert above <= MAX_MIB
