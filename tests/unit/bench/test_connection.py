import pytest

from bench.connection import build_request, is_whole

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"


def test_request_has_its_headers_and_ends() -> None:
    request = build_request("/livez?a=b", If_None_Match='"tag"')

    assert request == b'GET /livez?a=b HTTP/1.1\r\nHost: 127.0.0.1\r\nIf-None-Match: "tag"\r\n\r\n'


@pytest.mark.parametrize("length", range(len(HEAD) + 5))
def test_answer_is_not_whole_before_its_last_byte(length: int) -> None:
    assert not is_whole((HEAD + b"12345")[:length])


@pytest.mark.parametrize(
    "answer",
    [
        HEAD + b"12345",
        HEAD.lower() + b"12345",
        b'HTTP/1.1 304 NOT MODIFIED\r\nETag: "tag"\r\n\r\n',
    ],
)
def test_answer_is_whole_with_its_last_byte(answer: bytes) -> None:
    assert is_whole(answer)
