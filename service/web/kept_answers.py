"""Answers that were rendered, kept for as long as deciding anew would render the same."""

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic

from service.domain.lease import Lease
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


@dataclass(slots=True)
class Kept:
    """An answer, and what it rests on.

    Attributes:
        size: How much it takes, in bytes and about.
        leases: The promises that it holds, while all of them do; none until it was asked.
    """

    answer: RenderedAnswer
    transcript: Transcript
    size: int
    leases: Sequence[Lease] = ()


class KeptAnswers:
    """Answers by their questions.

    One is sent while what it rests on is promised to stand (see ``Lease``), and else after asking
    for that anew. So none is ever sent that would not be made now; only the time for deciding and
    rendering is saved.

    Args:
        repeat: Asks anew what is on a transcript (see ``Transcript.repeat``).
        kept: Where they are kept; who gives it bounds it.
    """

    def __init__(
        self,
        repeat: Callable[[Transcript], Sequence[Lease] | None],
        kept: MutableMapping[_Key, Kept],
    ) -> None:
        self._repeat = repeat
        self._kept = kept
        self._lock = Lock()

    def find(self, environ: Mapping[str, str]) -> RenderedAnswer | None:
        """Give the answer to a GET request, if it is kept and still holds."""
        key = _tell_apart(environ)
        with self._lock:
            kept = self._kept.get(key)
        if kept is None:
            return None
        now = monotonic()
        if kept.leases and all(lease.holds(now) for lease in kept.leases):
            return kept.answer
        leases = self._repeat(kept.transcript)
        if leases is not None:
            kept.leases = leases
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
