"""What a registry says it wants to see first: the ``WWW-Authenticate`` header."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_MAX_LENGTH = 8 * 1024

# One scheme, or one parameter of the scheme before it; possessive, so that reading is linear.
# Source: RFC 9110, section 11.2 and 11.6.1.
_PART = re.compile(
    r"""[\s,]*+([!#$%&'*+.^_`|~0-9A-Za-z-]++)(?:\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"|([^\s,"]*+)))?""",
    re.ASCII,
)
_ESCAPE = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way in.

    Attributes:
        scheme: In lower case, such as ``bearer``.
        parameters: By their name in lower case.
    """

    scheme: str
    parameters: Mapping[str, str]


def parse_challenges(header: str) -> dict[str, Challenge]:
    """Read the challenges of a header by their scheme; of two with one scheme, the first counts.

    What cannot be read ends the reading; a header that is too long to be honest says nothing.
    """
    found: dict[str, Challenge] = {}
    parameters: dict[str, str] = {}
    position = 0
    while len(header) <= _MAX_LENGTH and (part := _PART.match(header, position)):
        position = part.end()
        name, quoted, plain = part[1].lower(), part[2], part[3]
        if quoted is None and plain is None:
            parameters = {}
            found.setdefault(name, Challenge(name, parameters))
        else:
            value = plain if quoted is None else _ESCAPE.sub(r"\1", quoted)
            parameters.setdefault(name, value)
    return found
