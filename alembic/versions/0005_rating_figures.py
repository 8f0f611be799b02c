"""Courses carry the number and the sum of their ratings, exact at every commit."""

from alembic import op

revision = "0005_rating_figures"
down_revision = "0004_listings_and_ratings"
branch_labels = None
depends_on = None

# One call per statement, whatever its number of rows: a COPY of 60,000 ratings touches each course once.
# Courses are locked in the order of their keys, so that two statements over several courses cannot deadlock.
ADD = """
CREATE FUNCTION add_rating_figures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM courses WHERE id IN (SELECT course_id FROM added) ORDER BY id FOR NO KEY UPDATE;
    UPDATE courses
    SET rating_count = rating_count + figures.number, rating_sum = rating_sum + figures.total
    FROM (SELECT course_id, count(*) AS number, sum(stars) AS total FROM added GROUP BY course_id) AS figures
    WHERE courses.id = figures.course_id;
    RETURN NULL;
END $$
"""

REMOVE = """
CREATE FUNCTION remove_rating_figures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM courses WHERE id IN (SELECT course_id FROM removed) ORDER BY id FOR NO KEY UPDATE;
    UPDATE courses
    SET rating_count = rating_count - figures.number, rating_sum = rating_sum - figures.total
    FROM (SELECT course_id, count(*) AS number, sum(stars) AS total FROM removed GROUP BY course_id) AS figures
    WHERE courses.id = figures.course_id;
    RETURN NULL;
END $$
"""

CHANGE = """
CREATE FUNCTION change_rating_figures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM courses
    WHERE id IN (SELECT course_id FROM removed UNION SELECT course_id FROM added) ORDER BY id FOR NO KEY UPDATE;
    UPDATE courses
    SET rating_count = rating_count + figures.number, rating_sum = rating_sum + figures.total
    FROM (
        SELECT course_id, sum(number) AS number, sum(total) AS total
        FROM (
            SELECT course_id, 1 AS number, stars AS total FROM added
            UNION ALL
            SELECT course_id, -1, -stars FROM removed
        ) AS steps
        GROUP BY course_id
        HAVING sum(number) <> 0 OR sum(total) <> 0
    ) AS figures
    WHERE courses.id = figures.course_id;
    RETURN NULL;
END $$
"""

CLEAR = """
CREATE FUNCTION clear_rating_figures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE courses SET rating_count = 0, rating_sum = 0 WHERE rating_count <> 0;
    RETURN NULL;
END $$
"""

TRIGGERS = (
    """
    CREATE TRIGGER ratings_added AFTER INSERT ON ratings
        REFERENCING NEW TABLE AS added
        FOR EACH STATEMENT EXECUTE FUNCTION add_rating_figures()
    """,
    """
    CREATE TRIGGER ratings_removed AFTER DELETE ON ratings
        REFERENCING OLD TABLE AS removed
        FOR EACH STATEMENT EXECUTE FUNCTION remove_rating_figures()
    """,
    """
    CREATE TRIGGER ratings_changed AFTER UPDATE ON ratings
        REFERENCING OLD TABLE AS removed NEW TABLE AS added
        FOR EACH STATEMENT EXECUTE FUNCTION change_rating_figures()
    """,
    """
    CREATE TRIGGER ratings_cleared AFTER TRUNCATE ON ratings
        FOR EACH STATEMENT EXECUTE FUNCTION clear_rating_figures()
    """,
)

# The triggers' lock keeps other writers out until this transaction ends, so the count is exact.
RECOUNT = """
UPDATE courses
SET rating_count = figures.number, rating_sum = figures.total
FROM (
    SELECT courses.id, count(ratings.id) AS number, coalesce(sum(ratings.stars), 0) AS total
    FROM courses LEFT JOIN ratings ON ratings.course_id = courses.id
    GROUP BY courses.id
) AS figures
WHERE courses.id = figures.id
    AND (courses.rating_count, courses.rating_sum) IS DISTINCT FROM (figures.number, figures.total)
"""


def upgrade() -> None:
    """Keep the figures by trigger, and count what is there already."""
    for function in (ADD, REMOVE, CHANGE, CLEAR):
        op.execute(function)
    for trigger in TRIGGERS:
        op.execute(trigger)
    op.execute(RECOUNT)


def downgrade() -> None:
    """Leave the figures as they are; nothing keeps them any more."""
    for trigger in ("ratings_added", "ratings_removed", "ratings_changed", "ratings_cleared"):
        op.execute(f"DROP TRIGGER {trigger} ON ratings")
    for function in ("add", "remove", "change", "clear"):
        op.execute(f"DROP FUNCTION {function}_rating_figures()")
