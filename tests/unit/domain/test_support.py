import pytest

from service.domain.support import assess_support
from tests.asking import core, read_branch, read_tag


@pytest.mark.parametrize(
    ("running", "listed", "latest", "verdict"),
    [
        ("v4.2.0", ["v4.2.0"], "4.2", "supported"),
        ("v4.3.0-rc1", ["v4.2.0"], "4.2", "supported"),
        ("v4.1.2", ["v4.1.2", "v4.2.0"], "4.2", "unsupported"),
        ("v3.9.0", ["v4.10.0"], "4.10", "unsupported"),
        ("v3.7.2", ["v3.7.2"], "4.2", "end_of_line"),
        ("v3.7.2", ["v3.7.2", "v4.2.0-RC1"], "4.2", "end_of_line"),
        ("v4.9.0", ["v4.9.0"], "4.10", "end_of_line"),
        # A stream above which only the running image stands has ended all the same.
        ("v4.2.0", ["v3.7.2"], "4.2", "supported"),
        # No stable branch, nothing that could be older.
        ("v4.1.0-rc1", ["v4.1.0-rc1"], "4.2", "unsupported"),
        ("v3.7.2", ["v3.7.2"], None, "unknown"),
        ("v4.2.0", ["v4.2.0"], None, "unknown"),
    ],
)
def test_running_branch_is_judged_against_the_latest_one(
    running: str, listed: list[str], latest: str | None, verdict: str
) -> None:
    branch = read_branch(latest) if latest else None
    images = [read_tag(core(version)) for version in listed]

    support = assess_support(read_tag(core(running)), images, branch)

    assert support.verdict == verdict
    assert support.latest_branch == branch
    assert support.running_branch == read_tag(core(running)).version.branch


@pytest.mark.parametrize(
    ("listed", "ended"), [(["v3.7.2"], True), (["v4.2.0"], False), (["v4.3.0"], False)]
)
def test_stream_has_ended_below_the_latest_branch(listed: list[str], *, ended: bool) -> None:
    images = [read_tag(core(version)) for version in listed]

    assert assess_support(images[0], images, read_branch("4.2")).stream_ended is ended
