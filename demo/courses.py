"""Courses: six thousand at full scale, from the topics of every category."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple
from uuid import UUID

from demo.descriptions import Descriptions, phrases
from demo.popularity import Pull, participants
from demo.prices import outside_price, price
from demo.providers import ProviderPlan
from demo.recipes import Recipe, between
from demo.schedules import Schedule, choose
from demo.titles import Titles, TitleWish
from demo.topics import Shelf, Topic, shelves
from demo.words import pick
from rules.courses import CourseLevel, CourseMode, Education
from rules.money import Rupiah
from rules.publication import EVER_PUBLIC, PublicationState

FULL = 6_000

NOT_ON_SALE = {
    PublicationState.SUSPENDED: 60,
    PublicationState.RETIRED: 70,
    PublicationState.DRAFT: 50,
    PublicationState.SUBMITTED: 30,
    PublicationState.APPROVED: 20,
    PublicationState.CHANGES_REQUESTED: 15,
}
"""How many of the full number are in another state than PUBLISHED."""

LEVELS = {CourseLevel.BEGINNER: 55, CourseLevel.INTERMEDIATE: 31, CourseLevel.ADVANCED: 14}

HOURS = {6: 2, 8: 2, 10: 2, 12: 3, 15: 18, 16: 8, 18: 9, 20: 16, 24: 12, 30: 12, 32: 4, 36: 4, 40: 5, 48: 2, 60: 1}
"""Lengths and how usual they are. The scheme of 2020 asked for 6 hours, that of 2023 asks for 15."""

AGE_MIN, AGE_MAX = 18, 64
"""The programme is open to these ages; some courses set closer bounds."""


class CourseRow(NamedTuple):
    """A row of ``courses``. Its rating figures begin at zero; the ratings raise them."""

    id: UUID
    code: str
    provider_id: UUID
    category_id: UUID
    title: str
    summary: str
    description: str
    mode: CourseMode
    level: CourseLevel
    hours: int
    price: Rupiah
    outside_price: Rupiah
    skills: list[str]
    age_min: int
    age_max: int
    education_min: Education
    state: PublicationState
    published_at: datetime | None
    confirmed_at: datetime
    participant_count: int
    rating_count: int = 0
    rating_sum: int = 0


@dataclass(frozen=True, slots=True)
class CoursePlan:
    """A course and what its runs, listings and ratings need to know. ``rank`` is 0 for the most popular, towards 1."""

    row: CourseRow
    topic: Topic
    schedule: Schedule
    provider: ProviderPlan
    rank: float


def courses(recipe: Recipe, providers: list[ProviderPlan]) -> list[CoursePlan]:
    """Return all courses in the order of their categories."""
    random, keys = recipe.random("courses"), recipe.keys("courses")
    titles = Titles(recipe.random("titles"), phrases()["title"])
    descriptions = Descriptions(recipe.random("descriptions"))
    states = _states(recipe, random)
    teachers = Teachers(providers)

    drafts: list[tuple[CourseRow, Topic, Schedule, ProviderPlan]] = []
    for state, (shelf, topic, number) in zip(states, _topics(recipe), strict=True):
        provider = teachers.of(random, shelf, state)
        mode = random.choices(list(topic.modes), weights=list(topic.modes.values()))[0]
        wish = TitleWish(topic, _level(random, topic), mode, choose(random, mode), provider.place.name)
        hours = _hours(random, mode)
        title = titles.new(wish)
        text = descriptions.new(wish, title, hours)
        cost = price(random, shelf.rate, hours, mode, wish.level)
        entered, published, confirmed = _times(recipe, random, provider, state)
        row = CourseRow(
            id=keys.new(entered),
            code=f"{shelf.prefix}-{number:05d}",
            provider_id=provider.row.id,
            category_id=shelf.id,
            title=title.text,
            summary=text.summary,
            description=text.description,
            mode=mode,
            level=wish.level,
            hours=hours,
            price=cost,
            outside_price=outside_price(random, cost),
            skills=_skills(random, topic, title.focus),
            age_min=random.choices((AGE_MIN, 20, 21), weights=(92, 4, 4))[0],
            age_max=random.choices((AGE_MAX, 60, 55, 50, 45, 40), weights=(84, 3, 4, 3, 4, 2))[0],
            education_min=_education(random, shelf.education, wish.level),
            state=state,
            published_at=published,
            confirmed_at=confirmed,
            participant_count=0,
        )
        drafts.append((row, topic, wish.schedule, provider))

    pulls = [Pull(row.published_at, row.mode, topic.demand, provider.size) for row, topic, _, provider in drafts]
    figures = participants(recipe, pulls)
    return [
        CoursePlan(row._replace(participant_count=figure.count), topic, schedule, provider, figure.rank)
        for (row, topic, schedule, provider), figure in zip(drafts, figures, strict=True)
    ]


def _states(recipe: Recipe, random: Random) -> list[PublicationState]:
    others = [state for state, full in NOT_ON_SALE.items() for _ in range(recipe.count(full))]
    states = [PublicationState.PUBLISHED] * (recipe.count(FULL) - len(others)) + others
    random.shuffle(states)
    return states


def _topics(recipe: Recipe) -> Iterator[tuple[Shelf, Topic, int]]:
    """Return the topic of each course and its number within the category, shared out by the categories' weights."""
    random = recipe.random("topics")
    total, whole = recipe.count(FULL), sum(shelf.weight for shelf in shelves())
    given = weight = 0
    for shelf in shelves():
        weight += shelf.weight
        number = round(total * weight / whole) - given
        given += number
        # Sought-after topics have more courses, but not in proportion: the figures of one course grow instead.
        topics = random.choices(shelf.topics, weights=[topic.demand**0.3 for topic in shelf.topics], k=number)
        for index, topic in enumerate(topics, start=1):
            yield shelf, topic, index


class Teachers:
    """Finds institutions for courses: larger ones more often."""

    def __init__(self, providers: list[ProviderPlan]) -> None:
        on_sale = [plan for plan in providers if plan.row.state is PublicationState.PUBLISHED]
        self._by_shelf = {shelf: [plan for plan in on_sale if shelf in plan.fields] for shelf in shelves()}
        self._sizes = {shelf: [plan.size for plan in plans] for shelf, plans in self._by_shelf.items()}
        self._by_state = {state: [plan for plan in providers if plan.row.state is state] for state in NOT_ON_SALE}

    def of(self, random: Random, shelf: Shelf, state: PublicationState) -> ProviderPlan:
        """Return one that teaches the category, or for every second course not on sale one in the same state."""
        alike = self._by_state.get(state)
        if alike and random.random() < 1 / 2:
            return random.choice(alike)
        return random.choices(self._by_shelf[shelf], weights=self._sizes[shelf])[0]


def _level(random: Random, topic: Topic) -> CourseLevel:
    level = random.choices(list(LEVELS), weights=list(LEVELS.values()))[0]
    if level is CourseLevel.ADVANCED and not topic.titles[CourseLevel.ADVANCED]:
        return CourseLevel.INTERMEDIATE
    return level


def _hours(random: Random, mode: CourseMode) -> int:
    """Return a length; who comes in person stays longer, so the longer of two draws counts."""
    draws = random.choices(list(HOURS), weights=list(HOURS.values()), k=2 if mode is CourseMode.OFFLINE else 1)
    return max(draws)


def _times(
    recipe: Recipe, random: Random, provider: ProviderPlan, state: PublicationState
) -> tuple[datetime, datetime | None, datetime]:
    """Return when a course was entered, published (if ever) and last confirmed by its institution."""
    if state not in EVER_PUBLIC:
        entered = max(provider.entered_at, between(random, recipe.now - timedelta(days=60), recipe.now))
        return entered, None, between(random, entered, recipe.now)
    first = (provider.row.published_at or provider.entered_at) + timedelta(days=1)
    last = max(first, recipe.now - timedelta(days=4))
    entered = (first + (last - first) * random.random() ** 0.6).replace(microsecond=0)
    published = between(random, entered, min(recipe.now, entered + timedelta(days=30)))
    confirmed = max(published, between(random, recipe.now - timedelta(days=120), recipe.now))
    return entered, published, confirmed


def _skills(random: Random, topic: Topic, focus: tuple[str, ...]) -> list[str]:
    """Return the topic's main skill, what the title promises, and some more."""
    others = [skill for skill in topic.skills[1:] if skill not in focus]
    return list(dict.fromkeys((topic.skills[0], *focus, *pick(random, others, random.choice((1, 2, 2, 3))))))


def _education(random: Random, usual: Education, level: CourseLevel) -> Education:
    steps = list(Education)
    step = steps.index(usual)
    if level is CourseLevel.BEGINNER and random.random() < 0.35:  # noqa: PLR2004 - a third are open to more people
        step -= 1
    elif level is CourseLevel.ADVANCED and random.random() < 0.3:  # noqa: PLR2004 - and some to fewer
        step += 1
    return steps[max(0, step)]
