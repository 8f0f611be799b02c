"""Runs take place where their course's mode says, and their meetings lie inside them."""

from alembic import op

revision = "0006_places_and_times"
down_revision = "0005_rating_figures"
branch_labels = None
depends_on = None

# A rule over two tables is checked after a lock on the row that both sides share; the check then sees what others
# committed, because under READ COMMITTED each statement takes a new snapshot. SERIALIZABLE watches over itself.
# REPEATABLE READ would check an old picture, so the rules refuse it.
ISOLATION = """
CREATE FUNCTION refuse_old_snapshot() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('transaction_isolation') = 'repeatable read' THEN
        RAISE EXCEPTION 'a rule over several tables cannot be checked under REPEATABLE READ'
            USING ERRCODE = 'feature_not_supported',
                HINT = 'Run the transaction under READ COMMITTED or SERIALIZABLE.';
    END IF;
END $$
"""

PLACE_CHECK = """
CREATE FUNCTION check_run_places(wanted uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    SELECT runs.id, courses.mode INTO wrong
    FROM runs JOIN courses ON courses.id = runs.course_id
    WHERE (wanted IS NULL OR runs.course_id = wanted)
        AND CASE courses.mode
            WHEN 'OFFLINE' THEN runs.region_id IS NULL
            WHEN 'MIXED' THEN false
            ELSE runs.region_id IS NOT NULL
        END
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'run % does not fit a course of mode %', wrong.id, wrong.mode
            USING ERRCODE = 'check_violation', CONSTRAINT = 'runs_place_fits_mode', TABLE = 'runs',
                HINT = 'A run of an OFFLINE course has a region; one of a WEBINAR or SELF_PACED course has none.';
    END IF;
END $$
"""

RUN_PLACE = """
CREATE FUNCTION check_place_of_run() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    course_mode text;
BEGIN
    PERFORM refuse_old_snapshot();
    SELECT mode INTO course_mode FROM courses WHERE id = NEW.course_id FOR SHARE;
    IF course_mode <> 'MIXED' AND (course_mode = 'OFFLINE') <> (NEW.region_id IS NOT NULL) THEN
        PERFORM check_run_places(NEW.course_id);
    END IF;
    RETURN NULL;
END $$
"""

COURSE_MODE = """
CREATE FUNCTION check_places_of_course() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM refuse_old_snapshot();
    PERFORM check_run_places(NEW.id);
    RETURN NULL;
END $$
"""

TIME_CHECK = """
CREATE FUNCTION check_session_times(wanted uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    wrong uuid;
BEGIN
    SELECT sessions.id INTO wrong
    FROM sessions JOIN runs ON runs.id = sessions.run_id
    WHERE (wanted IS NULL OR runs.id = ANY (wanted))
        AND (sessions.starts_at < runs.starts_at OR sessions.ends_at > runs.ends_at)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'session % lies outside of its run', wrong
            USING ERRCODE = 'check_violation', CONSTRAINT = 'sessions_inside_run', TABLE = 'sessions',
                HINT = 'Move the run''s start and end first so that they span all its sessions.';
    END IF;
END $$
"""

SESSION_TIMES = """
CREATE FUNCTION check_times_of_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM refuse_old_snapshot();
    PERFORM FROM runs WHERE id IN (SELECT run_id FROM changed) ORDER BY id FOR SHARE;
    PERFORM check_session_times(ARRAY(SELECT DISTINCT run_id FROM changed));
    RETURN NULL;
END $$
"""

RUN_TIMES = """
CREATE FUNCTION check_times_of_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM refuse_old_snapshot();
    PERFORM check_session_times(ARRAY[NEW.id]);
    RETURN NULL;
END $$
"""

TRIGGERS = (
    """
    CREATE TRIGGER runs_placed AFTER INSERT ON runs
        FOR EACH ROW EXECUTE FUNCTION check_place_of_run()
    """,
    """
    CREATE TRIGGER runs_moved AFTER UPDATE OF course_id, region_id ON runs
        FOR EACH ROW
        WHEN ((OLD.course_id, OLD.region_id) IS DISTINCT FROM (NEW.course_id, NEW.region_id))
        EXECUTE FUNCTION check_place_of_run()
    """,
    """
    CREATE TRIGGER courses_mode_changed AFTER UPDATE OF mode ON courses
        FOR EACH ROW
        WHEN (OLD.mode IS DISTINCT FROM NEW.mode)
        EXECUTE FUNCTION check_places_of_course()
    """,
    """
    CREATE TRIGGER sessions_timed AFTER INSERT ON sessions
        REFERENCING NEW TABLE AS changed
        FOR EACH STATEMENT EXECUTE FUNCTION check_times_of_sessions()
    """,
    """
    CREATE TRIGGER sessions_moved AFTER UPDATE ON sessions
        REFERENCING NEW TABLE AS changed
        FOR EACH STATEMENT EXECUTE FUNCTION check_times_of_sessions()
    """,
    """
    CREATE TRIGGER runs_time_changed AFTER UPDATE OF starts_at, ends_at ON runs
        FOR EACH ROW
        WHEN (NEW.starts_at > OLD.starts_at OR NEW.ends_at < OLD.ends_at)
        EXECUTE FUNCTION check_times_of_run()
    """,
)


def upgrade() -> None:
    """Refuse a run in the wrong kind of place and a meeting outside of its run, and look at what is there already."""
    for function in (ISOLATION, PLACE_CHECK, RUN_PLACE, COURSE_MODE, TIME_CHECK, SESSION_TIMES, RUN_TIMES):
        op.execute(function)
    for trigger in TRIGGERS:
        op.execute(trigger)
    op.execute("SELECT check_run_places(NULL)")
    op.execute("SELECT check_session_times(NULL)")


def downgrade() -> None:
    """Keep all rows; nothing checks them any more."""
    op.execute("DROP TRIGGER runs_placed ON runs")
    op.execute("DROP TRIGGER runs_moved ON runs")
    op.execute("DROP TRIGGER courses_mode_changed ON courses")
    op.execute("DROP TRIGGER sessions_timed ON sessions")
    op.execute("DROP TRIGGER sessions_moved ON sessions")
    op.execute("DROP TRIGGER runs_time_changed ON runs")
    op.execute("DROP FUNCTION check_times_of_run()")
    op.execute("DROP FUNCTION check_times_of_sessions()")
    op.execute("DROP FUNCTION check_session_times(uuid[])")
    op.execute("DROP FUNCTION check_places_of_course()")
    op.execute("DROP FUNCTION check_place_of_run()")
    op.execute("DROP FUNCTION check_run_places(uuid)")
    op.execute("DROP FUNCTION refuse_old_snapshot()")
