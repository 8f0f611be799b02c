"""What an institution may write of a course, and what may still change once it was reviewed."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.courses import (
    CourseChanges,
    CourseContent,
    CourseLevel,
    CourseMode,
    CourseRefusal,
    faults_of,
    refuse_edit,
)
from rules.ids import CategoryId
from rules.money import Rupiah
from rules.publication import PublicationState

GOOD = CourseContent(
    title="Barista Dasar",
    summary="Kalibrasi hingga latte art.",
    description="Panjang.",
    category=CategoryId(UUID(int=1)),
    mode=CourseMode.OFFLINE,
    level=CourseLevel.BEGINNER,
    hours=15,
    price=Rupiah(300_000),
    outside_price=Rupiah(350_000),
    skills=["menyeduh kopi"],
    own_code="BAR-1",
)


def test_a_good_course_has_no_fault() -> None:
    assert not list(faults_of(GOOD))


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"title": " "}, CourseRefusal.BAD_TEXT, "title"),
        ({"title": "x" * 151}, CourseRefusal.BAD_TEXT, "title"),
        ({"summary": "nul\0"}, CourseRefusal.BAD_TEXT, "summary"),
        ({"description": "\ud800"}, CourseRefusal.BAD_TEXT, "description"),
        ({"own_code": ""}, CourseRefusal.BAD_TEXT, "ownCode"),
        ({"hours": 0}, CourseRefusal.BAD_HOURS, "hours"),
        ({"hours": 401}, CourseRefusal.BAD_HOURS, "hours"),
        ({"price": Rupiah(0)}, CourseRefusal.BAD_PRICE, "price"),
        ({"outside_price": Rupiah(10**17)}, CourseRefusal.BAD_PRICE, "outsidePrice"),
        ({"price": Rupiah(350_001)}, CourseRefusal.PRICE_ABOVE_OUTSIDE, "price"),
        ({"skills": []}, CourseRefusal.BAD_SKILLS, "skills"),
        ({"skills": ["kopi", "kopi"]}, CourseRefusal.BAD_SKILLS, "skills"),
        ({"skills": ["kopi", " "]}, CourseRefusal.BAD_SKILLS, "skills"),
        ({"skills": [str(n) for n in range(21)]}, CourseRefusal.BAD_SKILLS, "skills"),
        ({"age_min": 14}, CourseRefusal.BAD_AGES, "ageMin"),
        ({"age_min": 65}, CourseRefusal.BAD_AGES, "ageMin"),
    ],
)
def test_a_fault_is_named_with_its_field(changes: dict[str, Any], code: CourseRefusal, field: str) -> None:
    assert [(each.code, each.path) for each in faults_of(replace(GOOD, **changes))] == [(code, (field,))]


def test_all_faults_are_told_at_once() -> None:
    wrong = replace(GOOD, title="", hours=0, price=Rupiah(400_000))

    assert [each.path for each in faults_of(wrong)] == [("title",), ("hours",), ("price",)]


def test_the_same_price_as_outside_is_fair() -> None:
    assert not list(faults_of(replace(GOOD, price=GOOD.outside_price)))


def test_what_is_not_given_stays() -> None:
    assert CourseChanges().of(GOOD) == GOOD
    assert CourseChanges(title="Lain").of(GOOD) == replace(GOOD, title="Lain")


S = PublicationState
TITLE, CHEAPER, DEARER, CODE = {"title": "Lain"}, {"price": Rupiah(1)}, {"price": Rupiah(300_001)}, {"own_code": "B"}


@pytest.mark.parametrize(
    ("state", "changes", "refusal"),
    [
        (S.DRAFT, TITLE, None),
        (S.DRAFT, DEARER, None),
        (S.CHANGES_REQUESTED, TITLE, None),
        (S.SUBMITTED, TITLE, CourseRefusal.WRONG_STATE),
        (S.SUBMITTED, CHEAPER, CourseRefusal.WRONG_STATE),
        (S.APPROVED, CHEAPER, CourseRefusal.WRONG_STATE),
        (S.PUBLISHED, CHEAPER, None),
        (S.PUBLISHED, CODE, None),
        (S.PUBLISHED, {"outside_price": Rupiah(900_000)}, None),
        (S.PUBLISHED, DEARER, CourseRefusal.PRICE_RAISED),
        (S.PUBLISHED, TITLE, CourseRefusal.CONTENT_FIXED),
        (S.PUBLISHED, TITLE | CHEAPER, CourseRefusal.CONTENT_FIXED),
        (S.SUSPENDED, CHEAPER, None),
        (S.SUSPENDED, TITLE, CourseRefusal.CONTENT_FIXED),
        (S.RETIRED, CHEAPER, CourseRefusal.WRONG_STATE),
    ],
)
def test_what_was_reviewed_only_becomes_cheaper(
    state: S, changes: dict[str, Any], refusal: CourseRefusal | None
) -> None:
    assert refuse_edit(state, GOOD, replace(GOOD, **changes)) is refusal


@given(st.integers(1, 10**8), st.integers(1, 10**8), st.sampled_from(S))
def test_no_edit_makes_a_course_on_offer_dearer(before: int, after: int, state: S) -> None:
    old, new = (replace(GOOD, price=Rupiah(price), outside_price=Rupiah(10**8)) for price in (before, after))

    allowed = refuse_edit(state, old, new) is None

    assert not (allowed and after > before) or state in (S.DRAFT, S.CHANGES_REQUESTED)
