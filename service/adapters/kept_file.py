"""Files that are read at the start and when told, and kept in between whatever becomes of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")


class KeptFile(Generic[T]):
    """What files of one kind hold, as they were last read.

    A process that is forked inherits what was read before. gunicorn's workers thus all have what
    their master has read, whatever has become of the file since.

    Args:
        read: Reads a file; raises an error where it cannot be used.
    """

    def __init__(self, read: Callable[[Path], T]) -> None:
        self._read = read
        self._last_read: dict[Path, T] = {}

    def load(self, path: Path) -> T:
        """Give what was last read; it is read now if it never was."""
        if path not in self._last_read:
            self.reload(path)
        return self._last_read[path]

    def reload(self, path: Path) -> None:
        """Read a file again, for all that load it from now on; keep the old one if that fails."""
        self._last_read[path] = self._read(path)
