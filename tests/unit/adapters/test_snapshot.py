import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.adapters.snapshot import SnapshotTagSource
from service.domain.reference import Repository
from service.errors import RegistryError, RepositoryNotFoundError

UBUNTU = Repository("quay.io", "kairos/ubuntu")
CHANGED_AT = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)


def write(directory: Path, repository: Repository, content: object) -> Path:
    path = directory / f"{repository}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    os.utime(path, (CHANGED_AT.timestamp(), CHANGED_AT.timestamp()))
    return path


def test_tags_are_listed_in_the_order_of_the_file_each_once(tmp_path: Path) -> None:
    write(tmp_path, UBUNTU, {"name": "kairos/ubuntu", "tags": ["b", "a", "b"]})

    listing = SnapshotTagSource(tmp_path).list_tags(UBUNTU)

    assert listing.repository == UBUNTU
    assert listing.tags == ("b", "a")


@pytest.mark.parametrize(
    ("stated", "fetched_at"),
    [
        ("2026-08-21T10:00:00Z", datetime(2026, 8, 21, 10, tzinfo=UTC)),
        ("2026-08-21T10:00:00.5+02:00", datetime(2026, 8, 21, 8, 0, 0, 500_000, tzinfo=UTC)),
        (None, CHANGED_AT),
    ],
)
def test_listing_is_as_old_as_the_file_says_or_else_as_its_last_change(
    tmp_path: Path, stated: str | None, fetched_at: datetime
) -> None:
    write(tmp_path, UBUNTU, {"tags": [], "fetched_at": stated})

    listing = SnapshotTagSource(tmp_path).list_tags(UBUNTU)

    assert listing.fetched_at == fetched_at
    assert listing.fetched_at.tzinfo is UTC


@pytest.mark.parametrize("registry", ["localhost:5000", "[::1]:5000", "10.0.0.1"])
def test_registry_may_have_a_port_or_be_an_address(tmp_path: Path, registry: str) -> None:
    repository = Repository(registry, "os")
    write(tmp_path, repository, {"tags": ["a"]})

    listing = SnapshotTagSource(tmp_path).list_tags(repository)

    assert listing.tags == ("a",)


def test_changed_file_is_seen(tmp_path: Path) -> None:
    source = SnapshotTagSource(tmp_path)
    write(tmp_path, UBUNTU, {"tags": ["a"]})
    source.list_tags(UBUNTU)
    write(tmp_path, UBUNTU, {"tags": ["a", "b"]})

    listing = source.list_tags(UBUNTU)

    assert listing.tags == ("a", "b")


@pytest.mark.parametrize(
    "repository",
    [
        UBUNTU,
        Repository("quay.io", "kairos/hadron/beta"),
        Repository("quay.io", "k" * 255),
    ],
)
def test_missing_file_is_a_missing_repository(tmp_path: Path, repository: Repository) -> None:
    write(tmp_path, Repository("quay.io", "kairos/hadron"), {"tags": []})

    with pytest.raises(RepositoryNotFoundError):
        SnapshotTagSource(tmp_path).list_tags(repository)


@pytest.mark.parametrize(
    "repository",
    [
        Repository("..", "secret"),
        Repository("quay.io", "../../secret"),
        Repository("", "/secret"),
        Repository("quay.io", "kairos/link"),
    ],
)
def test_nothing_outside_of_the_directory_is_read(tmp_path: Path, repository: Repository) -> None:
    (tmp_path / "secret.json").write_text('{"tags": ["a"]}')
    directory = tmp_path / "snapshot"
    (directory / "quay.io" / "kairos").mkdir(parents=True)
    (directory / "quay.io" / "kairos" / "link.json").symlink_to(tmp_path / "secret.json")

    with pytest.raises(RepositoryNotFoundError):
        SnapshotTagSource(directory).list_tags(repository)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff\xfe\xfd", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b'{"tags": [' + b"9" * 10_000 + b"]}", "is not JSON"),
        ([], "has no member 'tags'"),
        ({"name": "kairos/ubuntu"}, "has no member 'tags'"),
        ({"tags": "a"}, "not a list"),
        ({"tags": ["a", 1]}, "no tag"),
        ({"tags": ["a" * 129]}, "no tag"),
        ({"tags": ["a\n"]}, "no tag"),
        ({"tags": ["a"] * 60_000}, "more than 50,000 tags"),
        ({"name": "kairos/hadron", "tags": []}, "'name' other than kairos/ubuntu"),
        ({"tags": [], "fetched_at": "yesterday"}, "no time"),
        ({"tags": [], "fetched_at": 1}, "no time"),
        ({"tags": [], "fetched_at": "2026-08-21T10:00:00"}, "without an offset"),
        ({"tags": [], "fetched_at": "0001-01-01T00:00:00+10:00"}, "out of range"),
        (b" " * (32 * 1024 * 1024 + 1), "bytes"),
    ],
)
def test_file_that_is_no_tag_list_of_its_repository_is_an_error_that_names_it(
    tmp_path: Path, content: object, complaint: str
) -> None:
    write(tmp_path, UBUNTU, content)

    with pytest.raises(RegistryError, match=r"quay\.io/kairos/ubuntu\.json") as caught:
        SnapshotTagSource(tmp_path).list_tags(UBUNTU)

    assert complaint in str(caught.value)


def test_file_that_cannot_be_read_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / f"{UBUNTU}.json").mkdir(parents=True)

    with pytest.raises(RegistryError, match=r"quay\.io/kairos/ubuntu\.json"):
        SnapshotTagSource(tmp_path).list_tags(UBUNTU)


def test_tags_that_are_null_are_none(tmp_path: Path) -> None:
    write(tmp_path, UBUNTU, {"tags": None})

    listing = SnapshotTagSource(tmp_path).list_tags(UBUNTU)

    assert listing.tags == ()


def test_snapshot_has_a_list_where_any_can_be_read(tmp_path: Path) -> None:
    snapshot = SnapshotTagSource(tmp_path)
    empty = snapshot.has_list()
    broken = write(tmp_path, UBUNTU, b"not JSON")
    unreadable = snapshot.has_list()
    write(tmp_path, Repository("quay.io", "kairos/hadron"), {"tags": []})

    assert broken.exists()
    assert (empty, unreadable, snapshot.has_list()) == (False, False, True)
    assert not SnapshotTagSource(tmp_path / "missing").has_list()


def test_repositories_are_those_that_have_a_file_by_name(tmp_path: Path) -> None:
    own = Repository("localhost:5000", "team/os")
    for repository in (UBUNTU, own, Repository("quay.io", "kairos/alpine.3.21")):
        write(tmp_path, repository, {"tags": []})
    (tmp_path / "README.json").write_text("{}")
    (tmp_path / "quay.io" / "kairos" / "Not A Name.json").write_text("{}")
    (tmp_path / "quay.io" / "kairos" / "notes.txt").write_text("")

    repositories = SnapshotTagSource(tmp_path).list_repositories()

    assert list(map(str, repositories)) == [
        "localhost:5000/team/os",
        "quay.io/kairos/alpine.3.21",
        "quay.io/kairos/ubuntu",
    ]
