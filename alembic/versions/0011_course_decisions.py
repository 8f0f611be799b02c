"""Institutions write courses, officers decide on them, and what is on trial or unpublished stays out of sight."""

from alembic import op

revision = "0011_course_decisions"
down_revision = "0010_writes"
branch_labels = None
depends_on = None

PUBLIC = "('PUBLISHED', 'SUSPENDED', 'RETIRED')"

# The programme's codes for courses that come in by the graph; a number that a refused write drew is not used again.
CODES = (
    "CREATE SEQUENCE course_codes",
    "ALTER TABLE courses ALTER COLUMN code SET DEFAULT 'K-' || lpad(nextval('course_codes')::text, 7, '0')",
)

COLUMNS = (
    "ALTER TABLE courses ADD COLUMN own_code text",
    "ALTER TABLE courses ADD COLUMN revision integer DEFAULT 1 NOT NULL",
    "ALTER TABLE courses ADD COLUMN submitted_at timestamptz",
    "ALTER TABLE courses ADD COLUMN sandbox boolean DEFAULT false NOT NULL",
    "ALTER TABLE listings ADD COLUMN sandbox boolean DEFAULT false NOT NULL",
    "ALTER TABLE runs ADD COLUMN cancel_reason text",
)

# What an application on trial writes is never public: no statement for the public has to know of it.
CHECKS = {
    ("courses", "courses_revision_positive"): "revision > 0",
    ("courses", "courses_sandbox_never_public"): f"NOT sandbox OR state NOT IN {PUBLIC}",
    ("listings", "listings_sandbox_never_public"): f"NOT sandbox OR state NOT IN {PUBLIC}",
    ("runs", "runs_cancel_reason_known"): (
        "cancel_reason IN ('TOO_FEW_PARTICIPANTS', 'TEACHER_UNAVAILABLE', 'VENUE_UNAVAILABLE', 'FORCE_MAJEURE',"
        " 'PROGRAMME_DECISION')"
    ),
    ("runs", "runs_reason_when_cancelled"): "cancel_reason IS NULL OR state = 'CANCELLED'",
}

# Tables of some thousand rows, on which an index is built in some milliseconds: not worth leaving the transaction.
IGNORE = "-- squawk-ignore require-concurrent-index-creation\n"
# The index in its place refuses the same: nothing was on trial before.
WIDER = "-- squawk-ignore ban-drop-constraint\n"
INDEXES = (
    "CREATE UNIQUE INDEX courses_own_code_once_per_provider ON courses (provider_id, own_code, sandbox)",
    "CREATE INDEX courses_by_provider ON courses (provider_id, sandbox, id)",
    """
    CREATE INDEX courses_to_review ON courses (coalesce(submitted_at, '9999-01-01 00:00:00+00:00'), id)
        WHERE state = 'SUBMITTED'
    """,
    # Time moves few runs at a time.
    "CREATE INDEX runs_to_advance ON runs (ends_at) WHERE state NOT IN ('FINISHED', 'CANCELLED')",
)
IGNORE_DROP = "-- squawk-ignore require-concurrent-index-deletion\n"
ONCE = "CREATE UNIQUE INDEX listings_once_per_marketplace ON listings (course_id, marketplace_id"

DECISIONS = """
CREATE TABLE course_decisions (
    id uuid DEFAULT uuidv7() NOT NULL PRIMARY KEY,
    course_id uuid NOT NULL CONSTRAINT course_decisions_course_fk REFERENCES courses (id),
    decision text NOT NULL,
    reasons text[] NOT NULL,
    note text,
    revision integer NOT NULL,
    decided_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT course_decisions_decision_known
        CHECK (decision IN ('APPROVED', 'CHANGES_REQUESTED', 'SUSPENDED', 'REINSTATED')),
    CONSTRAINT course_decisions_reasons_known CHECK (
        reasons <@ ARRAY['CONTENT_INCOMPLETE', 'CONTENT_POOR', 'FREE_ELSEWHERE', 'PRICE_TOO_HIGH',
            'CONFLICT_OF_INTEREST', 'WRONG_CATEGORY', 'COMPLAINTS', 'FRAUD_SUSPECTED', 'OTHER']
    ),
    CONSTRAINT course_decisions_no_has_reason
        CHECK (decision NOT IN ('CHANGES_REQUESTED', 'SUSPENDED') OR cardinality(reasons) > 0)
)
"""

KEPT = """
CREATE FUNCTION keep_course_decisions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'decisions on courses are never changed or removed'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'course_decisions_kept', TABLE = 'course_decisions',
            HINT = 'Add the decision that holds now.';
END $$
"""

# Nothing that was public becomes a draft again, so a course that is found to be public stays so: no lock is needed.
# With that, who sees a run on sale or a listing on offer may see its course, and no statement has to look.
STAY = """
CREATE FUNCTION keep_courses_public() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'course % was public and cannot be %', NEW.code, NEW.state
        USING ERRCODE = 'check_violation', CONSTRAINT = 'courses_stay_public', TABLE = 'courses',
            HINT = 'Suspend or retire it.';
END $$
"""

OF_PUBLIC = f"""
CREATE FUNCTION check_course_is_public() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM courses WHERE id = NEW.course_id AND state IN {PUBLIC};
    IF NOT FOUND THEN
        -- CONSTRAINT = 'runs_of_public_course', or CONSTRAINT = 'listings_of_public_course'
        RAISE EXCEPTION 'a row of % is public, and its course is not', TG_TABLE_NAME
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_of_public_course', TABLE = TG_TABLE_NAME,
                HINT = 'Publish the course first.';
    END IF;
    RETURN NULL;
END $$
"""

TRIGGERS = (
    """
    CREATE TRIGGER course_decisions_kept BEFORE UPDATE OR DELETE ON course_decisions
        FOR EACH ROW EXECUTE FUNCTION keep_course_decisions()
    """,
    """
    CREATE TRIGGER course_decisions_kept_whole BEFORE TRUNCATE ON course_decisions
        EXECUTE FUNCTION keep_course_decisions()
    """,
    f"""
    CREATE TRIGGER courses_stay_public BEFORE UPDATE OF state ON courses
        FOR EACH ROW WHEN (OLD.state IN {PUBLIC} AND NEW.state NOT IN {PUBLIC})
        EXECUTE FUNCTION keep_courses_public()
    """,
    """
    CREATE TRIGGER runs_made_public AFTER INSERT ON runs
        FOR EACH ROW WHEN (NEW.state NOT IN ('SCHEDULED', 'CANCELLED'))
        EXECUTE FUNCTION check_course_is_public()
    """,
    """
    CREATE TRIGGER runs_become_public AFTER UPDATE OF state, course_id ON runs
        FOR EACH ROW
        WHEN (
            NEW.state NOT IN ('SCHEDULED', 'CANCELLED')
            AND (OLD.state, OLD.course_id) IS DISTINCT FROM (NEW.state, NEW.course_id)
        )
        EXECUTE FUNCTION check_course_is_public()
    """,
    f"""
    CREATE TRIGGER listings_made_public AFTER INSERT ON listings
        FOR EACH ROW WHEN (NEW.state IN {PUBLIC}) EXECUTE FUNCTION check_course_is_public()
    """,
    f"""
    CREATE TRIGGER listings_become_public AFTER UPDATE OF state, course_id ON listings
        FOR EACH ROW
        WHEN (
            NEW.state IN {PUBLIC}
            AND (OLD.state, OLD.course_id) IS DISTINCT FROM (NEW.state, NEW.course_id)
        )
        EXECUTE FUNCTION check_course_is_public()
    """,
)

# Rows that are there already and break the rule stop the migration.
LOOK = """
DO $$
DECLARE
    wrong record;
BEGIN
    SELECT code, place INTO wrong
    FROM (
        SELECT course_id, 'run' AS place FROM runs WHERE state NOT IN ('SCHEDULED', 'CANCELLED')
        UNION ALL
        SELECT course_id, 'listing' FROM listings WHERE state IN ('PUBLISHED', 'SUSPENDED', 'RETIRED')
    ) AS shown
    JOIN courses ON courses.id = shown.course_id
    WHERE courses.state NOT IN ('PUBLISHED', 'SUSPENDED', 'RETIRED')
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'course % is not public, and a % of it is', wrong.code, wrong.place;
    END IF;
END $$
"""


def upgrade() -> None:
    """Let courses be written, submitted and decided on; hold what the public may see."""
    for statement in (*CODES, *COLUMNS):
        op.execute(statement)
    for (table, name), condition in CHECKS.items():
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID")
    for statement in INDEXES:
        op.execute(IGNORE + statement.strip())
    op.execute(f"{WIDER}ALTER TABLE listings DROP CONSTRAINT listings_once_per_marketplace")
    op.execute(f"{IGNORE}{ONCE}, sandbox)")
    op.execute(DECISIONS)
    op.execute("CREATE INDEX course_decisions_by_course ON course_decisions (course_id, id)")
    for function in (KEPT, STAY, OF_PUBLIC):
        op.execute(function)
    for trigger in TRIGGERS:
        op.execute(trigger)
    op.execute(LOOK)


def downgrade() -> None:
    """Lose decisions and all that is on trial; other courses stay in the state that they are in."""
    op.execute("DELETE FROM listings WHERE sandbox")
    op.execute("DELETE FROM sessions USING runs, courses WHERE run_id = runs.id AND course_id = courses.id AND sandbox")
    op.execute("DELETE FROM runs USING courses WHERE course_id = courses.id AND sandbox")
    op.execute("DROP TABLE course_decisions")
    op.execute("DELETE FROM courses WHERE sandbox")
    for table, trigger in (
        ("courses", "courses_stay_public"),
        ("runs", "runs_made_public"),
        ("runs", "runs_become_public"),
        ("listings", "listings_made_public"),
        ("listings", "listings_become_public"),
    ):
        op.execute(f"DROP TRIGGER {trigger} ON {table}")
    for function in ("keep_course_decisions", "keep_courses_public", "check_course_is_public"):
        op.execute(f"DROP FUNCTION {function}()")
    # Indexes and checks on these columns go with them.
    for column in ("own_code", "revision", "submitted_at", "sandbox"):
        op.execute(f"ALTER TABLE courses DROP COLUMN {column}")
    op.execute("ALTER TABLE listings DROP COLUMN sandbox")
    op.execute("ALTER TABLE runs DROP COLUMN cancel_reason")
    op.execute(f"{IGNORE_DROP}DROP INDEX runs_to_advance")
    op.execute(f"{IGNORE}CREATE UNIQUE INDEX listings_once ON listings (course_id, marketplace_id)")
    op.execute("ALTER TABLE listings ADD CONSTRAINT listings_once_per_marketplace UNIQUE USING INDEX listings_once")
    op.execute("ALTER TABLE courses ALTER COLUMN code DROP DEFAULT")
    op.execute("DROP SEQUENCE course_codes")
