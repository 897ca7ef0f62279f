from contextlib import suppress
from time import monotonic

import pytest

from service.adapters.next_page import find_next
from service.errors import RegistryError

PAGE = "https://registry.example:5000/v2/a/tags/list?n=100"
HOST = "https://registry.example:5000"


@pytest.mark.parametrize(
    ("header", "following"),
    [
        ("", None),
        ('</v2/a/tags/list?last=z&n=100>; rel="next"', "/v2/a/tags/list?last=z&n=100"),
        ("<?last=z>; rel=next", "/v2/a/tags/list?last=z"),
        ("</v2/a/tags/list?next_page=gAAA%3D%3D&n=50>; rel=next", None),
        (f'<{HOST}/p>; rel="next"', "/p"),
        ('<HTTPS://Registry.Example:5000/p>;rel="NEXT"', "/p"),
        ('</p>; title="a, b; c"; rel="next"', "/p"),
        ('</p>; rel="prev next"', "/p"),
        ('</p>; rel="prev"', None),
        ('</q>; rel="prev", </p>; rel="next",', "/p"),
        ('</p>; rel="nextish"', None),
        ('</p>; x="rel=next"', None),
        ('</p>; crossorigin; rel="next"', "/p"),
        ('<//registry.example:5000/p>; rel="next"', "/p"),
    ],
)
def test_next_page_is_found_in_every_form(header: str, following: str | None) -> None:
    found = find_next(PAGE, header)

    if "next_page" in header:
        assert found == f"{HOST}/v2/a/tags/list?next_page=gAAA%3D%3D&n=50"
    elif following is None:
        assert found is None
    else:
        assert found is not None
        assert found.lower() == f"{HOST}{following}"


@pytest.mark.parametrize(
    "target",
    [
        "https://registry.example/p",
        "http://registry.example:5000/p",
        "https://other.example:5000/p",
        "//127.0.0.1/p",
        "https://user@registry.example:5000/p",
        "https://registry.example:5000\\@other.example/p",
        "https://registry.example:99999/p",
        "file:///etc/passwd",
    ],
)
def test_next_page_on_another_host_is_an_error(target: str) -> None:
    with pytest.raises(RegistryError):
        find_next(PAGE, f'<{target}>; rel="next"')


@pytest.mark.parametrize("header", ["/p; rel=next", "<a", "<>>", '<a>; rel="next', "<a> rel=next"])
def test_header_that_cannot_be_read_is_no_last_page(header: str) -> None:
    with pytest.raises(RegistryError, match="no URL"):
        find_next(PAGE, header)


@pytest.mark.parametrize("piece", ["<", "<a>", "<a>;", ";", ",", " ", '<a>;b="', "<a>;rel= "])
def test_hostile_header_is_read_in_no_time(piece: str) -> None:
    started = monotonic()

    with suppress(RegistryError):
        find_next(PAGE, (piece * 65_536)[:65_536])

    assert monotonic() - started < 1
