"""Every refusal tells why and what to do next, in both languages."""

import re
from enum import StrEnum

import pytest

from rules.messages import TEXTS, message_of, remedy_of
from rules.refusals import Refusal

CASES = [(words, code) for words in TEXTS for code in words]
FIGURES = {
    "length_max": 1,
    "revision": 2,
    "state": "DRAFT",
    "possible": "DRAFT",
    "price_max": 3,
    "hours_max": 4,
    "skills_max": 5,
    "age_min": 6,
    "age_max": 7,
    "rows_max": 8,
    "runs": 9,
    "seats_taken": 10,
    "seats_max": 11,
    "days_max": 12,
    "sessions_max": 13,
    "commission_max_bp": 14,
    "clients_max": 15,
    "uris_max": 16,
    "role": "MARKETPLACE",
    "kind": "PUBLIC",
    "invitations_max": 17,
}
"""The names that a text may have figures of."""


@pytest.mark.parametrize(("words", "code"), CASES, ids=str)
def test_a_code_has_its_texts(words: type[StrEnum], code: StrEnum) -> None:
    assert code in TEXTS[words], f"Write a text for {code.value} in rules/messages/."

    refusal = Refusal(code, (), FIGURES)
    for text in (message_of(words, refusal), remedy_of(words, refusal)):
        assert text.english != text.indonesian
        for each in (text.english, text.indonesian):
            assert re.fullmatch(r"[^{}]+\.", each)


@pytest.mark.parametrize("words", TEXTS, ids=lambda words: words.__name__)
def test_no_text_is_left_of_a_code_that_is_gone(words: type[StrEnum]) -> None:
    assert not set(TEXTS[words]) - set(words)
