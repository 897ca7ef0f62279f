from pathlib import Path

import pytest

from service.adapters.api_tokens import ApiTokens, TokensError, load_tokens, reload_tokens

TOKEN = "s3cret-of-the-fleet"  # noqa: S105 - looked for where it must not be


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tokens"


def test_each_line_but_comments_is_a_token(file: Path) -> None:
    tokens = ApiTokens.parse(file, f"# {TOKEN}x\r\n\r\n {TOKEN}\t\r\nanother-token\r\n")

    assert [tokens.accepts(each) for each in (TOKEN, "another-token")] == [True, True]
    assert [tokens.accepts(each) for each in ("", "#", f"# {TOKEN}x", f"{TOKEN} ")] == [False] * 4


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "holds no token"),
        (b"# only a comment\n\n", "holds no token"),
        (f"{TOKEN}\ns3cret\n".encode(), "line 2: a token has at least 8 characters"),
        (f"\n{TOKEN} {TOKEN}\n".encode(), "line 2: a token has letters, digits and ._~+/- alone"),
        (f"{TOKEN},".encode(), "line 1: a token has letters, digits and ._~+/- alone"),
        (f"{TOKEN}é".encode(), "line 1: a token has letters, digits and ._~+/- alone"),
        (TOKEN.encode() + b"\xff", "is not UTF-8"),
        (TOKEN.encode() * 4_000, "holds more than 65536 bytes"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_without_telling_a_token(
    file: Path, content: bytes, reason: str
) -> None:
    file.write_bytes(content)

    with pytest.raises(TokensError) as told:
        load_tokens(file)

    assert str(told.value) == f"ADVISOR_API_TOKENS_FILE: {file}: {reason}"
    assert told.value.__cause__ is None


def test_a_file_that_is_gone_is_refused(file: Path) -> None:
    with pytest.raises(TokensError, match="cannot be read: No such file"):
        load_tokens(file)


def test_tokens_are_read_again_when_told_and_kept_where_that_fails(file: Path) -> None:
    file.write_text(TOKEN)
    load_tokens(file)

    file.write_text("another-token")
    before = load_tokens(file)
    reload_tokens(file)
    after = load_tokens(file)
    file.write_text("short")
    with pytest.raises(TokensError):
        reload_tokens(file)

    assert (before.accepts(TOKEN), after.accepts(TOKEN)) == (True, False)
    assert load_tokens(file) is after
