"""The memory of processes, as Linux tells it."""

from collections.abc import Iterator
from pathlib import Path


def weigh_tree(pid: int) -> int:
    """Give the memory of a process and all below it, in KiB; what some share counts once."""
    return sum(map(_weigh, _list_tree(pid)))


def _list_tree(pid: int) -> Iterator[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from _list_tree(int(child))


def _weigh(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
