"""Steady load, once warm: prints memory and file descriptors, which must not grow.

python -m chaos.soak [MINUTES]
"""

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from chaos.load import run_load
from chaos.process_faults import list_workers, warm
from tests.e2e.deployment import Deployment, start_deployment

_MINUTES = 10
_SAMPLES = 20
# By then, each worker has made a listing of its own, which takes the room of a second one.
_WARMING_SECONDS = 120
# From then on, by how much each may grow.
_MOST_GROWTH_KIB = 4 * 1024
_MOST_GROWTH_FILES = 8


@dataclass(frozen=True, slots=True)
class Sample:
    """All processes of the service at one time."""

    seconds: float
    memory_kib: int
    files: int
    requests: int

    def __str__(self) -> str:
        return f"{self.seconds:7.0f} {self.memory_kib:12,} {self.files:7} {self.requests:10,}"


def main(minutes: float) -> None:
    """Run the load; exits with 1 where something grew, or a request failed."""
    seconds = minutes * 60
    samples = []
    with tempfile.TemporaryDirectory() as directory:
        # Listings are made again every few seconds, so that this path is walked as well.
        settings = {"ADVISOR_FRESH_SECONDS": "5"}
        with start_deployment(Path(directory), settings) as deployment:
            warm(deployment)
            print(f"warming for {_WARMING_SECONDS} s", flush=True)
            with run_load(deployment.services, deployment.image) as load:
                time.sleep(_WARMING_SECONDS)
                print("seconds   memory KiB   files   requests", flush=True)
                begun = time.monotonic()
                while (passed := time.monotonic() - begun) < seconds:
                    time.sleep(seconds / _SAMPLES)
                    samples.append(_look(deployment, passed, len(load.asked)))
                    print(samples[-1], flush=True)
    half = len(samples) // 2
    first, second = samples[:half], samples[half:]
    memory = _mean([each.memory_kib for each in second]) - _mean(
        [each.memory_kib for each in first]
    )
    files = max(each.files for each in second) - max(each.files for each in first)
    print(f"grown from the first half to the second: memory {memory:+,.0f} KiB, files {files:+}")
    print(
        f"requests {len(load.asked):,}, failed {len(load.failed)},"
        f" p99 {load.p99_milliseconds:.1f} ms"
    )
    sys.exit(bool(load.failed) or memory > _MOST_GROWTH_KIB or files > _MOST_GROWTH_FILES)


def _look(deployment: Deployment, seconds: float, requests: int) -> Sample:
    processes = [
        process
        for service in deployment.services
        for process in (service.process.pid, *list_workers(service))
    ]
    memory = sum(map(_read_memory, processes))
    files = sum(len(list(Path(f"/proc/{process}/fd").iterdir())) for process in processes)
    return Sample(seconds, memory, files, requests)


def _read_memory(process: int) -> int:
    """Give the memory of a process, with its share of what it shares, in KiB."""
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise ValueError("the kernel tells no memory")


def _mean(values: list[int]) -> float:
    return sum(values) / len(values)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else _MINUTES)
