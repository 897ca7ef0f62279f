"""The tokens that callers of the API show."""

import hashlib
import hmac
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from service.adapters.kept_file import KeptFile

_MAX_BYTES = 64 * 1024
_MIN_CHARACTERS = 8

# What an Authorization header can carry. Source: RFC 6750, section 2.1.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")


class TokensError(ValueError):
    """A file of tokens cannot be used; the message holds no token."""

    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(f"ADVISOR_API_TOKENS_FILE: {file}: {reason}")


class ApiTokens:
    """The tokens that are good; only their hashes are kept."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._hashes = tuple(map(_hash, tokens))

    @classmethod
    def parse(cls, file: Path, text: str) -> Self:
        """Read one token a line; empty lines, and those that begin with ``#``, do not count.

        Raises:
            TokensError: A line is no token, or no line is one.
        """
        lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
        tokens = [(number, line) for number, line in lines if line and not line.startswith("#")]
        for number, token in tokens:
            if not _TOKEN.fullmatch(token):
                raise TokensError(
                    file, f"line {number}: a token has letters, digits and ._~+/- alone"
                )
            if len(token) < _MIN_CHARACTERS:
                raise TokensError(
                    file, f"line {number}: a token has at least {_MIN_CHARACTERS} characters"
                )
        if not tokens:
            raise TokensError(file, "holds no token")
        return cls([token for _, token in tokens])

    def accepts(self, token: str) -> bool:
        """Whether a token is good; takes as long for a wrong one, however much of it is right."""
        shown = _hash(token)
        return any([hmac.compare_digest(shown, known) for known in self._hashes])  # noqa: C419 - all


def load_tokens(path: Path) -> ApiTokens:
    """Give the tokens of a file as they were last read; see KeptFile.

    Raises:
        TokensError: The file is read now, and cannot be used.
    """
    return _files.load(path)


def reload_tokens(path: Path) -> None:
    """Read a file again, for all that call ``load_tokens`` from now on.

    Raises:
        TokensError: The file cannot be used; what was read before stays.
    """
    _files.reload(path)


def _read_file(path: Path) -> ApiTokens:
    try:
        with path.open("rb") as stream:
            body = stream.read(_MAX_BYTES + 1)
        text = body.decode()
    except OSError as error:
        raise TokensError(path, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        # Without its cause, which holds the bytes.
        raise TokensError(path, "is not UTF-8") from None
    if len(body) > _MAX_BYTES:
        raise TokensError(path, f"holds more than {_MAX_BYTES} bytes")
    return ApiTokens.parse(path, text)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


_files = KeptFile(_read_file)
