from time import monotonic

import pytest

from service.adapters.challenge import parse_challenges

BEARER = {"realm": "https://r/t", "service": "s", "scope": "repository:a/b:pull"}


@pytest.mark.parametrize(
    ("header", "parameters"),
    [
        # distribution
        ('Bearer realm="https://r/t",service="s",scope="repository:a/b:pull"', BEARER),
        # quay.io
        ('Bearer realm="https://r/t",service="s"', {"realm": "https://r/t", "service": "s"}),
        # Docker Hub
        (
            'Bearer realm="https://r/t",service="s",scope="repository:a/b:pull",error="invalid"',
            {**BEARER, "error": "invalid"},
        ),
        ('bearer  Realm = "https://r/t" , SERVICE=s', {"realm": "https://r/t", "service": "s"}),
        ('Basic realm="a, b", Bearer realm="https://r/t"', {"realm": "https://r/t"}),
        ('Bearer realm="https://r/t", Basic realm=x', {"realm": "https://r/t"}),
        ('Bearer realm="https://r/t", Bearer realm="https://other"', {"realm": "https://r/t"}),
        (r'Bearer realm="a\"b\\c"', {"realm": r'a"b\c'}),
        ('Bearer realm=""', {"realm": ""}),
        ("Bearer", {}),
        ('Negotiate abc==, Bearer realm="x"', {"realm": "x"}),
        ('Bearer realm="one", realm="two"', {"realm": "one"}),
    ],
)
def test_bearer_challenge_is_read(header: str, parameters: dict[str, str]) -> None:
    assert parse_challenges(header)["bearer"].parameters == parameters


@pytest.mark.parametrize("header", ["", ",", "=", '"', "\u00e9", "Basic", "realm=x", "B" * 9_000])
def test_header_without_a_bearer_challenge_has_none(header: str) -> None:
    assert "bearer" not in parse_challenges(header)


@pytest.mark.parametrize("piece", [",", " ", "a", 'a="', 'a="\\', "a=", "a =", '"', "a=b,"])
def test_hostile_header_is_read_in_no_time(piece: str) -> None:
    started = monotonic()

    parse_challenges((piece * 8_192)[:8_192])

    assert monotonic() - started < 1
