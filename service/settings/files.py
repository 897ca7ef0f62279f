"""How a variable that names a file or directory is read."""

import os
import ssl
from collections.abc import Callable
from pathlib import Path

from marshmallow import ValidationError

_MAX_SECRET_BYTES = 16 * 1024


def read_secret(parse: Callable[[str], str]) -> Callable[[str], str]:
    """Make what reads a value from a file that holds nothing else, and then parses it."""
    return lambda text: parse(_read_text(text))


def _read_text(name: str) -> str:
    # No mistake shows the name: by mistake, it may be the secret itself.
    file = Path(name)
    try:
        # What is no file, such as a pipe, may never end.
        content = _read_start(file) if file.is_file() else None
    except OSError as error:
        raise ValidationError(f"The file cannot be read: {error.strerror}.") from None
    if content is None:
        raise ValidationError("There is no such file.")
    if len(content) > _MAX_SECRET_BYTES:
        raise ValidationError(f"The file holds more than {_MAX_SECRET_BYTES} bytes.")
    try:
        text = content.decode().strip()
    except UnicodeDecodeError:
        raise ValidationError("The file is not UTF-8.") from None
    if not text:
        raise ValidationError("The file is empty.")
    return text


def _read_start(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(_MAX_SECRET_BYTES + 1)


def parse_directory(text: str) -> Path:
    """Read the path of a directory that exists."""
    if not os.path.isdir(text):  # noqa: PTH112 - Path's own raises where it may not look
        raise ValidationError(f"{text!r} is not a directory.")
    return Path(text)


def parse_file(text: str) -> Path:
    """Read the path of a file that exists."""
    if not os.path.isfile(text):  # noqa: PTH113 - as above
        raise ValidationError(f"{text!r} is not a file.")
    return Path(text)


def parse_ca_file(text: str) -> Path:
    """Read the path of a file of certificates in PEM."""
    file = parse_file(text)
    try:
        ssl.create_default_context(cafile=file)
    except OSError as error:
        raise ValidationError(f"{text!r} holds no certificates in PEM.") from error
    return file
