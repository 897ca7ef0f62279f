"""Tag lists from files, for places without a network."""

import errno
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from service.adapters.tag_list import TagList, parse_tag_list
from service.domain.catalogue import TagListing
from service.domain.reference import Repository
from service.errors import InvalidReferenceError, RegistryError, RepositoryNotFoundError

_MAX_BYTES = 32 * 1024 * 1024

# A name too long for a file is the name of no file.
_NO_SUCH_FILE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG})


class SnapshotTagSource:
    """Lists tags from ``<directory>/<registry>/<repository>.json``.

    A file is read anew each time. It never expires; a cache in front decides with its ``fresh``
    how soon a changed file is seen.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory.resolve()

    def list_tags(self, repository: Repository) -> TagListing:
        """List the tags of a repository's file.

        Returns:
            All tags in the order of the file; ``fetched_at`` is what the file says, or else the
            time of its last change.

        Raises:
            RepositoryNotFoundError: There is no such file.
            RegistryError: A file that cannot be read, or is no tag list of this repository.
        """
        file = f"{repository}.json"
        try:
            body, changed_at = self._read(file)
            tag_list = parse_tag_list(body)
            _check_name(tag_list, repository)
            return TagListing(repository, tag_list.tags, _find_time(tag_list, changed_at))
        except OSError as error:
            if error.errno in _NO_SUCH_FILE:
                raise RepositoryNotFoundError(f"the snapshot has no file {file}") from error
            raise RegistryError(f"the snapshot's file {file} cannot be read") from error
        except (ValueError, OverflowError) as error:
            raise RegistryError(f"the snapshot's file {file}: the list {error}") from error

    def has_list(self) -> bool:
        """Whether there is any list that can be read."""
        return any(map(self._is_list, self._directory.rglob("*.json")))

    def list_repositories(self) -> Iterator[Repository]:
        """List the repositories that have a file, by their names."""
        for path in sorted(self._directory.rglob("*.json")):
            name = str(path.relative_to(self._directory).with_suffix(""))
            with suppress(InvalidReferenceError):
                repository = Repository.parse(name)
                if str(repository) == name:
                    yield repository

    def _is_list(self, path: Path) -> bool:
        try:
            body, _ = self._read(str(path.relative_to(self._directory)))
            parse_tag_list(body)
        except (OSError, ValueError, OverflowError):
            return False
        return True

    def _read(self, file: str) -> tuple[bytes, datetime]:
        path = (self._directory / file).resolve()
        if not path.is_relative_to(self._directory):
            raise FileNotFoundError(errno.ENOENT, "outside of the snapshot", file)
        with path.open("rb") as stream:
            body = stream.read(_MAX_BYTES + 1)
            changed_at = os.fstat(stream.fileno()).st_mtime
        if len(body) > _MAX_BYTES:
            raise ValueError(f"has more than {_MAX_BYTES:,} bytes")
        return body, datetime.fromtimestamp(changed_at, tz=UTC)


def write_list(directory: Path, listing: TagListing) -> Path:
    """Write a list where ``SnapshotTagSource`` reads it.

    Whoever reads meanwhile gets the older list or the new one, never half of it.

    Returns:
        The file.

    Raises:
        OSError: It cannot be written; an older list stays.
    """
    file = directory / f"{listing.repository}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "name": listing.repository.name,
        "fetched_at": listing.fetched_at.isoformat(timespec="seconds"),
        "tags": listing.tags,
    }
    with TemporaryDirectory(dir=file.parent, prefix=".") as scratch:
        new = Path(scratch) / "list"
        with new.open("x") as stream:
            stream.write(f"{json.dumps(content, indent=1)}\n")
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(file)
    return file


def _check_name(tag_list: TagList, repository: Repository) -> None:
    if tag_list.name is not None and tag_list.name != repository.name:
        raise ValueError(f"has a 'name' other than {repository.name}")


def _find_time(tag_list: TagList, changed_at: datetime) -> datetime:
    """Give the time that a file states, in RFC 3339, or else the one of its last change."""
    stated = tag_list.fetched_at
    if stated is None:
        return changed_at
    try:
        time = datetime.fromisoformat(str(stated))
    except ValueError as error:
        raise ValueError("has a 'fetched_at' that is no time") from error
    if time.tzinfo is None:
        raise ValueError("has a 'fetched_at' without an offset")
    return time.astimezone(UTC)
