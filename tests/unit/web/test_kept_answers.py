from collections.abc import Sequence
from datetime import UTC, datetime

from service.domain.lease import Changes, Lease
from service.domain.status import Status
from service.domain.support import Verdict
from service.domain.transcript import Transcript
from service.web.caching import Basis
from service.web.decision import Decision
from service.web.kept_answers import Kept, KeptAnswers, RenderedAnswer

QUESTION = {"QUERY_STRING": "image=a", "HTTP_ACCEPT": "text/plain"}
TIME = datetime(2026, 11, 22, 19, 7, tzinfo=UTC)
DECISION = Decision("a", None, Status.UP_TO_DATE, Verdict.SUPPORTED, (), TIME.isoformat())
ANSWER = RenderedAnswer(200, "text/plain", b"a\n", {}, 'W/"0"', Basis(TIME, lasting=True), DECISION)


def test_an_answer_is_kept_for_its_question_alone() -> None:
    answers = KeptAnswers(lambda _: (), {})
    answers.keep(QUESTION, ANSWER, Transcript())

    assert answers.find(QUESTION) is ANSWER
    assert answers.find(QUESTION | {"QUERY_STRING": "image=b"}) is None
    assert answers.find(QUESTION | {"HTTP_ACCEPT": "*/*"}) is None
    assert answers.find({"QUERY_STRING": "image=a"}) is None


def test_an_answer_that_holds_no_longer_is_dropped() -> None:
    kept: dict[tuple[str, str], Kept] = {}
    answers = KeptAnswers(lambda _: None, kept)
    answers.keep(QUESTION, ANSWER, Transcript())

    assert answers.find(QUESTION) is None
    assert kept == {}


def test_what_an_answer_rests_on_is_asked_anew_when_a_promise_is_not_held() -> None:
    changes, forgotten, asked = Changes(), Changes(), []

    def repeat(transcript: Transcript) -> Sequence[Lease]:
        asked.append(transcript)
        return Lease.take(changes), Lease.take(forgotten)

    answers = KeptAnswers(repeat, {})
    answers.keep(QUESTION, ANSWER, Transcript())

    assert [answers.find(QUESTION) for _ in range(3)] == [ANSWER] * 3
    assert len(asked) == 1

    forgotten.note()

    assert [answers.find(QUESTION) for _ in range(3)] == [ANSWER] * 3
    assert len(asked) == 2


def test_an_answer_with_a_gap_in_what_it_rests_on_is_not_kept() -> None:
    answers = KeptAnswers(lambda _: (), {})

    given = answers.keep(QUESTION, ANSWER, Transcript(has_gaps=True))

    assert given is ANSWER
    assert answers.find(QUESTION) is None


def test_the_size_of_what_is_kept_grows_with_all_that_a_caller_chooses() -> None:
    kept: dict[tuple[str, str], Kept] = {}
    answers = KeptAnswers(lambda _: (), kept)
    long = {"QUERY_STRING": "image=a" + "a" * 1_000, "HTTP_ACCEPT": "b" * 1_000}

    answers.keep(QUESTION, ANSWER, Transcript())
    answers.keep(long, ANSWER, Transcript())

    first, second = (each.size for each in kept.values())
    assert second - first == 1_990
