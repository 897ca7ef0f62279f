"""Files of rules: the built-in one, and an operator's own."""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from service.adapters.kept_file import KeptFile
from service.adapters.rules_shape import read_rules
from service.adapters.strict_yaml import MAX_BYTES, YamlError
from service.domain.rules import Rules

_BUILTIN = Path(__file__).resolve().parent.parent / "data" / "rules.yaml"

# Of a digest, as many digits as tell versions of a file apart.
_VERSION_LENGTH = 12


@dataclass(frozen=True, slots=True)
class _Reading:
    rules: Rules
    digest: bytes


class RulesError(ValueError):
    """A file of rules cannot be used; the message is ``<file>:<line>: <reason>``."""

    def __init__(self, file: Path, line: int, reason: str) -> None:
        super().__init__(f"{file}:{line}: {reason}")


def load_builtin_rules() -> Rules:
    """Give the rules that come with the service, which know the releases of Kairos."""
    return _read_builtin().rules


def load_rules(path: Path) -> Rules:
    """Give the rules of a file as they were last read; see KeptFile.

    Raises:
        RulesError: The file is read now, and cannot be used.
    """
    return _files.load(path).rules


def reload_rules(path: Path) -> None:
    """Read a file again, for all that call ``load_rules`` from now on.

    Raises:
        RulesError: The file cannot be used; what was read before stays.
    """
    _files.reload(path)


def tell_version(path: Path | None) -> str:
    """Tell the rules apart that the built-in ones and those of a file are together.

    Args:
        path: As for ``load_rules``; None where there are no others.

    Raises:
        RulesError: As ``load_rules``.
    """
    own = _files.load(path).digest if path else b""
    return sha256(_read_builtin().digest + own).hexdigest()[:_VERSION_LENGTH]


@cache
def _read_builtin() -> _Reading:
    return _read_file(_BUILTIN)


def _read_file(path: Path) -> _Reading:
    try:
        with path.open("rb") as stream:
            body = stream.read(MAX_BYTES + 1)
        return _Reading(read_rules(body), sha256(body).digest())
    except OSError as error:
        raise RulesError(path, 1, f"cannot be read: {error.strerror}") from error
    except YamlError as error:
        raise RulesError(path, error.line, error.reason) from error


_files = KeptFile(_read_file)
