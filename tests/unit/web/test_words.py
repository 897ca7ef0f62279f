from collections.abc import Mapping
from enum import StrEnum

import pytest

from service.domain.explanation import AlternativeCode
from service.domain.legality import Refusal
from service.domain.status import Status
from service.domain.support import Verdict
from service.web.words import ALTERNATIVES, REFUSALS, STATUSES, VERDICTS


@pytest.mark.parametrize(
    ("words", "closed"),
    [
        (STATUSES, Status),
        (REFUSALS, Refusal),
        (ALTERNATIVES, AlternativeCode),
        (VERDICTS, Verdict),
    ],
)
def test_there_are_words_for_every_member(
    words: Mapping[StrEnum, object], closed: type[StrEnum]
) -> None:
    assert set(words) == set(closed)
