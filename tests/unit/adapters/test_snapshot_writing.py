import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.adapters.snapshot import SnapshotTagSource, write_list
from service.domain.catalogue import TagListing
from service.domain.reference import Repository

UBUNTU = Repository("quay.io", "kairos/ubuntu")
LISTING = TagListing(UBUNTU, ("b", "a"), datetime(2026, 11, 22, 19, 7, 5, tzinfo=UTC))


def test_a_list_that_was_written_is_read_again(tmp_path: Path) -> None:
    file = write_list(tmp_path / "new", LISTING)

    assert file == tmp_path / "new/quay.io/kairos/ubuntu.json"
    assert SnapshotTagSource(tmp_path / "new").list_tags(UBUNTU) == LISTING


def test_an_older_list_is_replaced_and_nothing_else_stays(tmp_path: Path) -> None:
    write_list(tmp_path, TagListing(UBUNTU, ("old",), LISTING.fetched_at))

    file = write_list(tmp_path, LISTING)

    assert SnapshotTagSource(tmp_path).list_tags(UBUNTU) == LISTING
    assert list(file.parent.iterdir()) == [file]


def test_a_list_is_replaced_as_a_whole(tmp_path: Path) -> None:
    file = write_list(tmp_path, TagListing(UBUNTU, ("old",), LISTING.fetched_at))
    with file.open() as reader:
        write_list(tmp_path, LISTING)

        read = reader.read()

    assert '"old"' in read


def test_a_list_that_cannot_be_written_leaves_the_older_one(tmp_path: Path) -> None:
    file = write_list(tmp_path, LISTING)
    before = file.read_bytes()
    (tmp_path / "quay.io/other").write_text("")

    with pytest.raises(OSError, match="other"):
        write_list(tmp_path, TagListing(Repository("quay.io", "other/x"), (), LISTING.fetched_at))

    assert file.read_bytes() == before


def test_a_list_is_for_everyone_to_read(tmp_path: Path) -> None:
    file = write_list(tmp_path, LISTING)

    assert file.stat().st_mode & stat.S_IROTH
