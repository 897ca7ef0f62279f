"""How a variable that names a file or directory is read."""

import ssl
from pathlib import Path

from marshmallow import ValidationError

from service.settings.values import parse_redis_url

_MAX_SECRET_BYTES = 16 * 1024


def read_redis_url(file: str) -> str:
    """Read the URL of a Redis from a file that holds nothing else."""
    try:
        with parse_file(file).open(encoding="utf-8") as stream:
            return parse_redis_url(stream.read(_MAX_SECRET_BYTES).strip())
    except (OSError, UnicodeDecodeError) as error:
        raise ValidationError(f"{file!r} cannot be read.") from error


def parse_directory(text: str) -> Path:
    """Read the path of a directory that exists."""
    directory = Path(text)
    if not directory.is_dir():
        raise ValidationError(f"{text!r} is not a directory.")
    return directory


def parse_file(text: str) -> Path:
    """Read the path of a file that exists."""
    file = Path(text)
    if not file.is_file():
        raise ValidationError(f"{text!r} is not a file.")
    return file


def parse_ca_file(text: str) -> Path:
    """Read the path of a file of certificates in PEM."""
    file = parse_file(text)
    try:
        ssl.create_default_context(cafile=file)
    except OSError as error:
        raise ValidationError(f"{text!r} holds no certificates in PEM.") from error
    return file
