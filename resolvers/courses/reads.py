"""Courses: looked up by id or code, and listed by everything that a learner narrows by."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from typing_extensions import Doc

from models.base import among, belongs
from models.courses import Course
from models.listings import Listing
from models.regions import lies_within
from models.runs import Run
from rules.access import Role, Viewer
from rules.courses import CourseLevel, CourseMode
from rules.ids import CategoryId, CourseId, MarketplaceId, ProviderId
from rules.money import Rupiah
from rules.publication import EVER_PUBLIC, PublicationState
from rules.regions import RegionCode
from rules.runs import UPCOMING

_NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""Where courses without a date stand in the order by start: at its end."""

NEXT_START = (
    select(func.min(Run.starts_at))
    .where(Run.course_id == Course.id, Run.state.in_(UPCOMING), Run.starts_at > func.now())
    .scalar_subquery()
)
"""When the course is taught next, or NULL."""


class OwnCourseOrder(Enum):
    """Orders of an institution's own courses."""

    NEWEST = (Course.id.desc(),)
    OLDEST = (Course.id.asc(),)


class ReviewOrder(Enum):
    """Orders of courses that wait for a decision."""

    LONGEST_WAITING = (func.coalesce(Course.submitted_at, _NEVER).asc(), Course.id.asc())


class CourseOrder(Enum):
    """Orders of courses."""

    MOST_POPULAR = (Course.participant_count.desc(), Course.id.desc())
    BEST_RATED = (Course.rating_average.desc(), Course.id.desc())
    CHEAPEST = (Course.price.asc(), Course.id.asc())
    DEAREST = (Course.price.desc(), Course.id.desc())
    SOONEST = (func.coalesce(NEXT_START, _NEVER).asc(), Course.id.asc())
    NEWEST = (func.coalesce(Course.published_at, _NEVER).desc(), Course.id.desc())


@dataclass(frozen=True, slots=True)
class CourseBy:
    """Names one course: by exactly one of its id and its code."""

    one_of = True

    id: Annotated[CourseId | None, Doc("The course's id.")] = None
    code: Annotated[str | None, Doc("The code that the programme gave it.")] = None


@dataclass(frozen=True, slots=True)
class CourseFilter:
    """Narrows a list of courses; all that is given must hold, and what concerns runs for one and the same run."""

    category: Annotated[CategoryId | None, Doc("Only courses of this category.")] = None
    provider: Annotated[ProviderId | None, Doc("Only courses of this training institution.")] = None
    marketplace: Annotated[MarketplaceId | None, Doc("Only courses that this marketplace offers now.")] = None
    modes: Annotated[list[CourseMode] | None, Doc("Only courses taught in one of these ways.")] = None
    levels: Annotated[list[CourseLevel] | None, Doc("Only courses of one of these levels.")] = None
    price_min: Annotated[Rupiah | None, Doc("The least price, in rupiah.")] = None
    price_max: Annotated[Rupiah | None, Doc("The highest price, in rupiah.")] = None
    hours_min: Annotated[int | None, Doc("The least number of hours.")] = None
    hours_max: Annotated[int | None, Doc("The highest number of hours.")] = None
    region: Annotated[
        RegionCode | None,
        Doc("Only courses with a coming run in this region: a province's code takes in its regencies and cities."),
    ] = None
    starts_from: Annotated[datetime | None, Doc("Only courses with a coming run that starts then or later.")] = None
    starts_before: Annotated[datetime | None, Doc("Only courses with a coming run that starts before.")] = None
    seats_left_min: Annotated[int | None, Doc("Only courses with a coming run that has so many seats left.")] = None

    @property
    def concerns_runs(self) -> bool:
        """Whether a run must be found for a course to be listed."""
        wanted = (self.region, self.starts_from, self.starts_before, self.seats_left_min)
        return any(wish is not None for wish in wanted)


def courses_visible(viewer: Viewer) -> ColumnElement[bool]:
    """Return which courses the viewer may look up: what was public once, his own, and all for the programme office."""
    public = Course.state.in_(EVER_PUBLIC)
    if viewer.is_staff:
        return or_(public, ~Course.sandbox)
    if viewer.role is Role.INSTITUTION:
        return or_(public, _own(viewer))
    return public


def _own(viewer: Viewer) -> ColumnElement[bool]:
    """Return which courses the viewer's institution wrote; on trial it sees what it wrote on trial."""
    trial = Course.sandbox if viewer.sandbox else ~Course.sandbox
    return and_(belongs(Course.provider_id, viewer.provider_id), trial)


def course_by(viewer: Viewer, by: Annotated[CourseBy, Doc("Which course.")]) -> Select[Course]:
    """Return the course with this id or code."""
    del viewer
    if by.id is not None:
        return select(Course).where(Course.id == by.id)
    return select(Course).where(Course.code == by.code)


def courses_on_sale(
    viewer: Viewer,
    filter: Annotated[CourseFilter | None, Doc("Narrows the list.")] = None,  # noqa: A002 - the client's word
) -> Select[Course]:
    """Return the courses that are on sale and that the filter describes."""
    del viewer
    statement = select(Course).where(Course.state == PublicationState.PUBLISHED)
    if filter is None:
        return statement
    return statement.where(*_facts(filter), *_offers(filter), *_runs(filter))


def own_courses(
    viewer: Viewer,
    states: Annotated[list[PublicationState] | None, Doc("Only courses in one of these states.")] = None,
) -> Select[Course]:
    """Return the courses of the viewer's institution, in whatever state."""
    statement = select(Course).where(_own(viewer))
    return statement if states is None else statement.where(among(Course.state, states))


def courses_to_review(viewer: Viewer) -> Select[Course]:
    """Return the courses that wait for a decision; those on trial are decided on by themselves."""
    del viewer
    return select(Course).where(Course.state == PublicationState.SUBMITTED, ~Course.sandbox)


def _facts(wish: CourseFilter) -> list[ColumnElement[bool]]:
    """Return the conditions on the course's own columns."""
    conditions: list[ColumnElement[bool]] = []
    if wish.category is not None:
        conditions.append(Course.category_id == wish.category)
    if wish.provider is not None:
        conditions.append(Course.provider_id == wish.provider)
    if wish.modes is not None:
        conditions.append(among(Course.mode, wish.modes))
    if wish.levels is not None:
        conditions.append(among(Course.level, wish.levels))
    if wish.price_min is not None:
        conditions.append(Course.price >= wish.price_min)
    if wish.price_max is not None:
        conditions.append(Course.price <= wish.price_max)
    if wish.hours_min is not None:
        conditions.append(Course.hours >= wish.hours_min)
    if wish.hours_max is not None:
        conditions.append(Course.hours <= wish.hours_max)
    return conditions


def _offers(wish: CourseFilter) -> list[ColumnElement[bool]]:
    """Return the condition that a marketplace offers the course."""
    if wish.marketplace is None:
        return []
    offered = select(Listing.id).where(
        Listing.course_id == Course.id,
        Listing.marketplace_id == wish.marketplace,
        Listing.state == PublicationState.PUBLISHED,
    )
    return [offered.exists()]


def _runs(wish: CourseFilter) -> list[ColumnElement[bool]]:
    """Return the condition that one coming run has all that is wished of a run."""
    if not wish.concerns_runs:
        return []
    run = select(Run.id).where(Run.course_id == Course.id, Run.state.in_(UPCOMING), Run.starts_at > func.now())
    if wish.starts_from is not None:
        run = run.where(Run.starts_at >= wish.starts_from)
    if wish.starts_before is not None:
        run = run.where(Run.starts_at < wish.starts_before)
    if wish.seats_left_min is not None:
        run = run.where(Run.seats - Run.seats_taken >= wish.seats_left_min)
    if wish.region is not None:
        run = run.where(lies_within(Run.region_id, wish.region))
    return [run.exists()]
