"""Courses: how they are taught and for whom, what an institution may write of them, and when."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated

from typing_extensions import Doc

from rules.ids import CategoryId
from rules.money import Rupiah
from rules.publication import WRITABLE, PublicationState, Step, leads_on
from rules.refusals import Refusal
from rules.runs import OVER, RunState
from rules.texts import is_text


class CourseMode(StrEnum):
    """How a course is taught."""

    WEBINAR = "WEBINAR"
    SELF_PACED = "SELF_PACED"
    OFFLINE = "OFFLINE"
    MIXED = "MIXED"


class CourseLevel(StrEnum):
    """How much a learner should know before."""

    BEGINNER = "BEGINNER"
    INTERMEDIATE = "INTERMEDIATE"
    ADVANCED = "ADVANCED"


class Education(StrEnum):
    """The last school finished; members are in rising order. SMA and SMK count the same."""

    NONE = "NONE"
    SD = "SD"
    SMP = "SMP"
    SMA = "SMA"
    DIPLOMA = "DIPLOMA"
    BACHELOR = "BACHELOR"
    POSTGRADUATE = "POSTGRADUATE"


class CourseRefusal(StrEnum):
    """Why an institution may not do this with a course. These values are the codes that clients see."""

    CONFLICT = "CONFLICT"
    COURSE_NOT_FOUND = "COURSE_NOT_FOUND"
    CATEGORY_NOT_FOUND = "CATEGORY_NOT_FOUND"
    WRONG_STATE = "WRONG_STATE"
    EDITED_SINCE = "EDITED_SINCE"
    CONTENT_FIXED = "CONTENT_FIXED"
    PRICE_RAISED = "PRICE_RAISED"
    INSTITUTION_NOT_PUBLISHED = "INSTITUTION_NOT_PUBLISHED"
    RUNS_NOT_OVER = "RUNS_NOT_OVER"
    RUNS_NEED_MODE = "RUNS_NEED_MODE"
    TRIAL_ONLY = "TRIAL_ONLY"
    BAD_TEXT = "BAD_TEXT"
    BAD_HOURS = "BAD_HOURS"
    BAD_PRICE = "BAD_PRICE"
    PRICE_ABOVE_OUTSIDE = "PRICE_ABOVE_OUTSIDE"
    BAD_SKILLS = "BAD_SKILLS"
    BAD_AGES = "BAD_AGES"
    OWN_CODE_MISSING = "OWN_CODE_MISSING"
    OWN_CODE_TAKEN = "OWN_CODE_TAKEN"
    OWN_CODE_TWICE = "OWN_CODE_TWICE"
    TOO_MANY_ROWS = "TOO_MANY_ROWS"


HOURS_MAX = 400
"""No course of the programme is longer; a larger figure is a typing error."""
PRICE_MAX = 100_000_000
"""Rupiah. Far above any balance of the programme; a larger figure is a typing error."""
AGE_MIN, AGE_MAX = 15, 100
"""Years. Nobody younger may work; a figure above is a typing error."""
TITLE_MAX, SUMMARY_MAX, DESCRIPTION_MAX = 150, 400, 10_000
"""Characters: a line, two sentences for a list, some pages of a course's own page."""
SKILLS_MAX, SKILL_MAX = 20, 100
"""Skills of a course, and characters of each."""
OWN_CODE_MAX = 64
ROWS_MAX = 500
"""Courses in one bulk write: a whole catalogue of most institutions, and a transaction well below a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseContent:
    """What an institution writes of a course, and a review judges."""

    title: Annotated[str, Doc(f"In Indonesian, at most {TITLE_MAX} characters.")]
    summary: Annotated[str, Doc(f"One or two sentences for a list, at most {SUMMARY_MAX} characters.")]
    description: Annotated[str, Doc(f"The text of the course's page, at most {DESCRIPTION_MAX:,} characters.")]
    category: Annotated[CategoryId, Doc("The shelf it stands on.")]
    mode: Annotated[CourseMode, Doc("How it is taught.")]
    level: Annotated[CourseLevel, Doc("How much a learner should know before.")]
    hours: Annotated[int, Doc(f"How long it takes, in hours, 1 to {HOURS_MAX}.")]
    price: Annotated[Rupiah, Doc("What it costs in the programme, all fees in; never more than `outsidePrice`.")]
    outside_price: Annotated[Rupiah, Doc("What it costs outside the programme.")]
    skills: Annotated[list[str], Doc(f"What a learner can do afterwards; 1 to {SKILLS_MAX}, each once.")]
    age_min: Annotated[int, Doc("The youngest age, in years.")] = 18
    age_max: Annotated[int, Doc("The oldest age, in years.")] = 64
    education_min: Annotated[Education, Doc("The least schooling.")] = Education.NONE
    own_code: Annotated[str | None, Doc("The institution's own code for it, unique among its courses.")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseChanges:
    """What shall be otherwise. What is left out or null stays as it is."""

    title: Annotated[str | None, Doc("The title.")] = None
    summary: Annotated[str | None, Doc("One or two sentences for a list.")] = None
    description: Annotated[str | None, Doc("The text of the course's page.")] = None
    category: Annotated[CategoryId | None, Doc("The shelf it stands on.")] = None
    mode: Annotated[CourseMode | None, Doc("How it is taught.")] = None
    level: Annotated[CourseLevel | None, Doc("How much a learner should know before.")] = None
    hours: Annotated[int | None, Doc("How long it takes, in hours.")] = None
    price: Annotated[Rupiah | None, Doc("What it costs in the programme. Once published it only falls.")] = None
    outside_price: Annotated[Rupiah | None, Doc("What it costs outside the programme.")] = None
    skills: Annotated[list[str] | None, Doc("What a learner can do afterwards: the whole list.")] = None
    age_min: Annotated[int | None, Doc("The youngest age, in years.")] = None
    age_max: Annotated[int | None, Doc("The oldest age, in years.")] = None
    education_min: Annotated[Education | None, Doc("The least schooling.")] = None
    own_code: Annotated[str | None, Doc("The institution's own code for it.")] = None

    def of(self, content: CourseContent) -> CourseContent:
        """Return ``content`` with these changes."""
        given = {name: value for name in self.__slots__ if (value := getattr(self, name)) is not None}
        return replace(content, **given)


def faults_of(content: CourseContent) -> Iterator[Refusal]:
    """Return all that is wrong with what an institution wrote, each with its field."""
    for name, length in (("title", TITLE_MAX), ("summary", SUMMARY_MAX), ("description", DESCRIPTION_MAX)):
        if not is_text(getattr(content, name), length_max=length):
            yield Refusal(CourseRefusal.BAD_TEXT, (name,), {"length_max": length})
    if content.own_code is not None and not is_text(content.own_code, length_max=OWN_CODE_MAX):
        yield Refusal(CourseRefusal.BAD_TEXT, ("ownCode",), {"length_max": OWN_CODE_MAX})
    if not 1 <= content.hours <= HOURS_MAX:
        yield Refusal(CourseRefusal.BAD_HOURS, ("hours",), {"hours_max": HOURS_MAX})
    for name, price in (("price", content.price), ("outsidePrice", content.outside_price)):
        if not 0 < price <= PRICE_MAX:
            yield Refusal(CourseRefusal.BAD_PRICE, (name,), {"price_max": PRICE_MAX})
    # Permenko 11/2020, article 29: never dearer for the programme than for the public.
    if content.price > content.outside_price:
        yield Refusal(CourseRefusal.PRICE_ABOVE_OUTSIDE, ("price",), {"price_max": content.outside_price})
    skills = content.skills
    known = len(set(skills)) == len(skills) and all(is_text(skill, length_max=SKILL_MAX) for skill in skills)
    if not (known and 1 <= len(skills) <= SKILLS_MAX):
        yield Refusal(CourseRefusal.BAD_SKILLS, ("skills",), {"skills_max": SKILLS_MAX, "length_max": SKILL_MAX})
    if not AGE_MIN <= content.age_min <= content.age_max <= AGE_MAX:
        yield Refusal(CourseRefusal.BAD_AGES, ("ageMin",), {"age_min": AGE_MIN, "age_max": AGE_MAX})


ONLINE = {CourseMode.WEBINAR: True, CourseMode.SELF_PACED: True, CourseMode.OFFLINE: False, CourseMode.MIXED: None}
"""Whether runs are without a place (True), in a place (False) or either way (None)."""


def refuse_edit(state: PublicationState, before: CourseContent, after: CourseContent) -> CourseRefusal | None:
    """Return why a course in ``state`` may not become ``after``, or None when it may.

    What a review judged stays: people buy by it, and certificates refer to it. Only cheaper it may become, and only
    the institution itself reads its own code.
    """
    if state in WRITABLE:
        return None
    if state not in (PublicationState.PUBLISHED, PublicationState.SUSPENDED):
        return CourseRefusal.WRONG_STATE
    free = {"price": before.price, "outside_price": before.outside_price, "own_code": before.own_code}
    if replace(after, **free) != before:
        return CourseRefusal.CONTENT_FIXED
    return CourseRefusal.PRICE_RAISED if after.price > before.price else None


def refuse_submission(
    state: PublicationState, institution: PublicationState, *, sandbox: bool = False
) -> CourseRefusal | None:
    """Return why a course may not be sent for review, or None. An institution on trial need not be published."""
    if not leads_on(Step.SUBMIT, state):
        return CourseRefusal.WRONG_STATE
    if institution is not PublicationState.PUBLISHED and not sandbox:
        return CourseRefusal.INSTITUTION_NOT_PUBLISHED
    return None


def refuse_withdrawal(state: PublicationState) -> CourseRefusal | None:
    """Return why a course may not be taken back from review, or None."""
    return None if leads_on(Step.WITHDRAW, state) else CourseRefusal.WRONG_STATE


def refuse_publication(
    state: PublicationState, institution: PublicationState, *, sandbox: bool = False
) -> CourseRefusal | None:
    """Return why a course may not go on offer, or None. What an application on trial wrote never does."""
    if not leads_on(Step.PUBLISH, state):
        return CourseRefusal.WRONG_STATE
    if sandbox:
        return CourseRefusal.TRIAL_ONLY
    if institution is not PublicationState.PUBLISHED:
        return CourseRefusal.INSTITUTION_NOT_PUBLISHED
    return None


def refuse_retirement(state: PublicationState, runs: tuple[RunState, ...]) -> CourseRefusal | None:
    """Return why a course may not be taken off for good, or None. ``runs``: the states of its runs."""
    if not leads_on(Step.RETIRE, state):
        return CourseRefusal.WRONG_STATE
    return None if all(run in OVER for run in runs) else CourseRefusal.RUNS_NOT_OVER
