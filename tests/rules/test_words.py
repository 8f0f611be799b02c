"""Closed lists of words are what the database stores and what clients see."""

import re
from enum import StrEnum

import pytest

from rules.courses import CourseLevel, CourseMode, Education
from rules.organisations import Ownership, PayerKind, ProviderType
from rules.publication import EVER_PUBLIC, PublicationState
from rules.regions import RegionLevel, TimeZone
from rules.runs import RunState

LISTS = (
    CourseLevel,
    CourseMode,
    Education,
    Ownership,
    PayerKind,
    ProviderType,
    PublicationState,
    RegionLevel,
    RunState,
    TimeZone,
)


@pytest.mark.parametrize("words", LISTS, ids=lambda words: words.__name__)
def test_each_word_is_stored_as_it_is_named(words: type[StrEnum]) -> None:
    assert all(word.value == word.name and re.fullmatch("[A-Z][A-Z_]*", word) for word in words)


def test_schools_are_in_rising_order() -> None:
    assert next(iter(Education)) is Education.NONE
    assert list(Education).index(Education.SMA) < list(Education).index(Education.DIPLOMA)


def test_a_draft_was_never_public() -> None:
    assert PublicationState.DRAFT not in EVER_PUBLIC
    assert PublicationState.PUBLISHED in EVER_PUBLIC
