"""Courses as a client sees them."""

from datetime import datetime

import strawberry

from engine.enums import describe
from engine.graph import Node
from engine.pages import Connection
from engine.sources import column, edge, listed, one, pages
from models import tables as rows
from resolvers import decisions as decisions_do
from resolvers import listings as listings_do
from resolvers import ratings as ratings_do
from resolvers import runs as runs_do
from resolvers.courses import reads as do
from rules.access import Scope
from rules.courses import CourseLevel, CourseMode, Education
from rules.money import Rupiah
from rules.publication import PublicationState
from schema.categories import Category
from schema.decisions import CourseDecision
from schema.listings import Listing
from schema.providers import Provider
from schema.ratings import Rating
from schema.runs import Run

describe(
    CourseMode,
    "How a course is taught.",
    WEBINAR="Live on the internet, at set times.",
    SELF_PACED="On the internet, whenever the learner likes.",
    OFFLINE="In a room.",
    MIXED="Partly in a room, partly on the internet.",
)
describe(
    CourseLevel,
    "How much a learner should know before.",
    BEGINNER="Nothing.",
    INTERMEDIATE="The basics.",
    ADVANCED="A good deal: some practice in the trade.",
)
describe(
    Education,
    "The last school finished, in rising order.",
    NONE="No school finished.",
    SD="Primary school.",
    SMP="Junior secondary school.",
    SMA="Senior secondary school, general or vocational.",
    DIPLOMA="A diploma (D1 to D3).",
    BACHELOR="A bachelor's degree or D4.",
    POSTGRADUATE="A master's degree or more.",
)
describe(
    do.CourseOrder,
    "How courses are ordered.",
    MOST_POPULAR="The most participants first.",
    BEST_RATED="The best average rating first.",
    CHEAPEST="The lowest price first.",
    DEAREST="The highest price first.",
    SOONEST="The earliest coming run first; courses without one last.",
    NEWEST="The latest published first.",
)
describe(
    do.OwnCourseOrder,
    "How an institution's own courses are ordered.",
    NEWEST="The latest written first.",
    OLDEST="The earliest written first.",
)
describe(
    do.ReviewOrder,
    "How courses that wait for a decision are ordered.",
    LONGEST_WAITING="What was submitted first comes first.",
)


@strawberry.type(description="A training that an institution offers. Public.")
class Course(Node, table=rows.Course, visible=do.courses_visible, code="Co"):
    """A course."""

    code: str = column(rows.Course.code, description="The code that the programme gave it.")
    title: str = column(rows.Course.title, description="The title as the institution wrote it, in Indonesian.")
    summary: str = column(rows.Course.summary, description="One or two sentences for a list.")
    description: str = column(rows.Course.description, description="The whole text for the course's page.")
    mode: CourseMode = column(rows.Course.mode, description="How it is taught.")
    level: CourseLevel = column(rows.Course.level, description="How much a learner should know before.")
    hours: int = column(rows.Course.hours, description="How long it takes, in hours.")
    price: Rupiah = column(rows.Course.price, description="What it costs in the programme, all fees in.")
    outside_price: Rupiah = column(
        rows.Course.outside_price, description="What it costs outside the programme: never less than `price`."
    )
    skills: list[str] = column(rows.Course.skills, description="What a learner can do afterwards.")
    age_min: int = column(rows.Course.age_min, description="The youngest age, in years.")
    age_max: int = column(rows.Course.age_max, description="The oldest age, in years.")
    education_min: Education = column(rows.Course.education_min, description="The least schooling.")
    state: PublicationState = column(rows.Course.state, description="Whether it is on offer.")
    published_at: datetime | None = column(rows.Course.published_at, description="When it was first published.")
    confirmed_at: datetime = column(
        rows.Course.confirmed_at, description="When the institution last confirmed that all this still holds."
    )
    revision: int = column(rows.Course.revision, description="Counts edits; a decision names the one that was read.")
    own_code: str | None = column(
        rows.Course.own_code, scopes=(Scope.COURSES_READ,), description="The institution's own code for it."
    )
    submitted_at: datetime | None = column(
        rows.Course.submitted_at,
        scopes=(Scope.COURSES_READ,),
        description="When it was last sent for review; null when it never was, or was taken back.",
    )
    decisions: list[CourseDecision] = listed(
        decisions_do.decisions_of,
        on=rows.CourseDecision.course_id,
        order=decisions_do.NEWEST_FIRST,
        at_most=20,
        scopes=(Scope.COURSES_READ,),
        description="What the programme office decided, the latest first; to others than the institution, nothing.",
    )
    participant_count: int = column(rows.Course.participant_count, description="How many have taken it so far.")
    rating_count: int = column(rows.Course.rating_count, description="How many have rated it.")
    rating_average: float = column(
        rows.Course.rating_average, description="The average of its stars, 1 to 5, in hundredths; 0 without ratings."
    )
    next_start_at: datetime | None = column(
        do.NEXT_START, description="When its next run begins; null when none is planned."
    )
    provider: Provider = edge(rows.Course.provider, with_parent=True, description="The institution that teaches it.")
    category: Category = edge(rows.Course.category, description="The shelf it stands on.")
    runs: Connection[Run] = pages(
        runs_do.runs_of, on=rows.Run.course_id, orders=runs_do.RunOrder, description="When and where it is taught."
    )
    listings: list[Listing] = listed(
        listings_do.listings_of,
        on=rows.Listing.course_id,
        order=listings_do.BY_MARKETPLACE,
        at_most=10,
        description="Where it can be bought.",
    )
    ratings: Connection[Rating] = pages(
        ratings_do.ratings_of,
        on=rows.Rating.course_id,
        orders=ratings_do.RatingOrder,
        description="What participants say of it.",
    )


@strawberry.type
class CourseQueries:
    """Reads of courses."""

    course: Course | None = one(do.course_by, description="One course; null when there is none.")
    courses: Connection[Course] = pages(
        do.courses_on_sale, orders=do.CourseOrder, description="Courses on sale, narrowed and ordered."
    )
    my_courses: Connection[Course] = pages(
        do.own_courses,
        orders=do.OwnCourseOrder,
        scopes=(Scope.COURSES_READ,),
        description="The institution's own courses, in whatever state.",
    )
    courses_to_review: Connection[Course] = pages(
        do.courses_to_review,
        orders=do.ReviewOrder,
        scopes=(Scope.COURSES_REVIEW,),
        description="Courses that wait for the programme office.",
    )
