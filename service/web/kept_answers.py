"""Answers that were rendered, kept for as long as deciding anew would render the same."""

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from threading import Lock

from service.domain.transcript import Transcript
from service.web.caching import Basis
from service.web.decision import Decision

# What an answer takes beside its body and its question.
_OVERHEAD_BYTES = 3_000

# The query as it was sent, and what else chooses the form.
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class RenderedAnswer:
    """An answer, ready to be sent.

    Attributes:
        content_type: None where there is no body.
        headers: What stands beside the body in every form.
        tag: Its entity tag.
        decision: What is logged and counted, each time that it is sent.
        sent: Status line and headers that it was last sent with, by whether the caller had it.
    """

    status: int
    content_type: str | None
    body: bytes
    headers: Mapping[str, str]
    tag: str
    basis: Basis
    decision: Decision
    sent: dict[bool, tuple[str, list[tuple[str, str]]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, and what it rests on.

    Attributes:
        size: How much it takes, in bytes and about.
    """

    answer: RenderedAnswer
    transcript: Transcript
    size: int


class KeptAnswers:
    """Answers by their questions.

    Whether one still holds is found out anew each time (see ``Transcript``), so none is ever sent
    that would not be made now; only the time for deciding and rendering is saved.

    Args:
        would_repeat: Tells whether what was decided on a transcript would be decided again.
        kept: Where they are kept; who gives it bounds it.
    """

    def __init__(
        self, would_repeat: Callable[[Transcript], bool], kept: MutableMapping[_Key, Kept]
    ) -> None:
        self._would_repeat = would_repeat
        self._kept = kept
        self._lock = Lock()

    def find(self, environ: Mapping[str, str]) -> RenderedAnswer | None:
        """Give the answer to a GET request, if it is kept and still holds."""
        key = _tell_apart(environ)
        with self._lock:
            kept = self._kept.get(key)
        if kept is None:
            return None
        if self._would_repeat(kept.transcript):
            return kept.answer
        with self._lock:
            self._kept.pop(key, None)
        return None

    def keep(
        self, environ: Mapping[str, str], answer: RenderedAnswer, transcript: Transcript
    ) -> RenderedAnswer:
        """Keep the answer to a GET request; one that cannot be compared is only given back."""
        if not transcript.has_gaps:
            key = _tell_apart(environ)
            size = len(answer.body) + sum(map(len, key)) + _OVERHEAD_BYTES
            with self._lock:
                self._kept[key] = Kept(answer, transcript, size)
        return answer


def _tell_apart(environ: Mapping[str, str]) -> _Key:
    return environ.get("QUERY_STRING", ""), environ.get("HTTP_ACCEPT", "")
