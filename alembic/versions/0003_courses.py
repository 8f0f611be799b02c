"""Courses, the times they are taught, and their meetings."""

from alembic import op

revision = "0003_courses"
down_revision = "0002_organisations"
branch_labels = None
depends_on = None

STATES = "'DRAFT', 'SUBMITTED', 'CHANGES_REQUESTED', 'APPROVED', 'PUBLISHED', 'SUSPENDED', 'RETIRED'"

# Rows that change often keep room on their page for the next version, and are vacuumed early.
HOT = "fillfactor = 85, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0"

COURSES = f"""
CREATE TABLE courses (
    id uuid DEFAULT uuidv7() NOT NULL PRIMARY KEY,
    code text NOT NULL,
    provider_id uuid NOT NULL CONSTRAINT courses_provider_fk REFERENCES providers (id),
    category_id uuid NOT NULL CONSTRAINT courses_category_fk REFERENCES categories (id),
    title text NOT NULL,
    summary text NOT NULL,
    description text NOT NULL,
    mode text NOT NULL,
    level text NOT NULL,
    hours integer NOT NULL,
    price bigint NOT NULL,
    outside_price bigint NOT NULL,
    skills text[] NOT NULL,
    age_min integer NOT NULL,
    age_max integer NOT NULL,
    education_min text NOT NULL,
    state text NOT NULL,
    published_at timestamptz,
    confirmed_at timestamptz NOT NULL,
    participant_count integer NOT NULL,
    rating_count integer NOT NULL,
    rating_sum integer NOT NULL,
    rating_average numeric(3, 2) NOT NULL GENERATED ALWAYS AS (
        CASE WHEN rating_count = 0 THEN 0 ELSE round(rating_sum::numeric / rating_count, 2) END
    ) STORED,
    CONSTRAINT courses_mode_known CHECK (mode IN ('WEBINAR', 'SELF_PACED', 'OFFLINE', 'MIXED')),
    CONSTRAINT courses_level_known CHECK (level IN ('BEGINNER', 'INTERMEDIATE', 'ADVANCED')),
    CONSTRAINT courses_state_known CHECK (state IN ({STATES})),
    CONSTRAINT courses_education_min_known CHECK (
        education_min IN ('NONE', 'SD', 'SMP', 'SMA', 'DIPLOMA', 'BACHELOR', 'POSTGRADUATE')
    ),
    CONSTRAINT courses_hours_range CHECK (hours BETWEEN 1 AND 400),
    CONSTRAINT courses_price_positive CHECK (price > 0),
    CONSTRAINT courses_price_at_most_outside CHECK (price <= outside_price),
    CONSTRAINT courses_age_range CHECK (age_min BETWEEN 15 AND age_max),
    CONSTRAINT courses_rating_figures CHECK (rating_sum BETWEEN rating_count AND 5 * rating_count),
    CONSTRAINT courses_participants_not_negative CHECK (participant_count >= 0),
    CONSTRAINT courses_published_has_time CHECK (state <> 'PUBLISHED' OR published_at IS NOT NULL),
    CONSTRAINT courses_code_unique UNIQUE (code)
) WITH ({HOT})
"""

# What is on sale, in each order that a list offers: equal columns first, then the order, then the key.
ON_SALE = {
    "courses_by_popularity": "participant_count DESC, id DESC",
    "courses_by_rating": "rating_average DESC, id DESC",
    "courses_by_price": "price, id",
    "courses_by_newness": "coalesce(published_at, '9999-01-01 00:00:00+00:00') DESC, id DESC",
    "courses_by_category_and_rating": "category_id, rating_average DESC, id DESC",
    "courses_by_category_and_popularity": "category_id, participant_count DESC, id DESC",
    "courses_by_provider_and_popularity": "provider_id, participant_count DESC, id DESC",
}

RUNS = f"""
CREATE TABLE runs (
    id uuid DEFAULT uuidv7() NOT NULL PRIMARY KEY,
    course_id uuid NOT NULL CONSTRAINT runs_course_fk REFERENCES courses (id),
    code text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    region_id uuid CONSTRAINT runs_region_fk REFERENCES regions (id),
    venue text,
    seats integer NOT NULL,
    seats_taken integer NOT NULL,
    state text NOT NULL,
    CONSTRAINT runs_state_known CHECK (
        state IN ('SCHEDULED', 'OPEN_FOR_SALE', 'FULL', 'RUNNING', 'FINISHED', 'CANCELLED')
    ),
    CONSTRAINT runs_time_order CHECK (ends_at > starts_at),
    CONSTRAINT runs_seats_positive CHECK (seats > 0),
    CONSTRAINT runs_seats_not_oversold CHECK (seats_taken BETWEEN 0 AND seats),
    CONSTRAINT runs_venue_with_region CHECK ((region_id IS NULL) = (venue IS NULL)),
    CONSTRAINT runs_code_once_per_course UNIQUE (course_id, code)
) WITH ({HOT})
"""

SESSIONS = """
CREATE TABLE sessions (
    id uuid DEFAULT uuidv7() NOT NULL PRIMARY KEY,
    run_id uuid NOT NULL CONSTRAINT sessions_run_fk REFERENCES runs (id),
    position integer NOT NULL,
    topic text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    CONSTRAINT sessions_time_order CHECK (ends_at > starts_at),
    CONSTRAINT sessions_position_range CHECK (position BETWEEN 1 AND 998),
    CONSTRAINT sessions_position_once_per_run UNIQUE (run_id, position)
)
"""


def upgrade() -> None:
    """Make room for courses with their figures, for runs with their seats, and for the meetings of a run."""
    op.execute(COURSES)
    for name, columns in ON_SALE.items():
        op.execute(f"CREATE INDEX {name} ON courses ({columns}) WHERE state = 'PUBLISHED'")
    op.execute(RUNS)
    op.execute("CREATE INDEX runs_by_course_and_start ON runs (course_id, starts_at, id)")
    op.execute("CREATE INDEX runs_upcoming ON runs (course_id, starts_at) WHERE state IN ('OPEN_FOR_SALE', 'FULL')")
    op.execute("CREATE INDEX runs_by_region ON runs (region_id, course_id)")
    op.execute(SESSIONS)


def downgrade() -> None:
    """Lose all courses, runs and meetings."""
    op.execute("DROP TABLE sessions")
    op.execute("DROP TABLE runs")
    op.execute("DROP TABLE courses")
