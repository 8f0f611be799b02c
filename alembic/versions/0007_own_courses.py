"""No marketplace lists a course of its own group, and nobody owns more than the whole of an organisation."""

from alembic import op

revision = "0007_own_courses"
down_revision = "0006_places_and_times"
branch_labels = None
depends_on = None

# The rule is rules.organisations.group_of, and a test holds the two against each other: an organisation controls
# another when it and what it controls hold more than half of it together. A group is everything under a common
# controller. Marketplace and institution of a listing are never in one group.
CONTROLLED = """
CREATE FUNCTION controlled_by(controller uuid) RETURNS uuid[] LANGUAGE plpgsql STABLE AS $$
DECLARE
    known uuid[] := ARRAY[controller];
    found_now uuid[];
BEGIN
    LOOP
        SELECT array_agg(owned_id) INTO found_now
        FROM (
            SELECT owned_id FROM shareholdings
            WHERE owner_id = ANY (known) AND owned_id <> ALL (known)
            GROUP BY owned_id
            HAVING sum(share_bp) > 5000
        ) AS majority;
        EXIT WHEN found_now IS NULL;
        known := known || found_now;
    END LOOP;
    RETURN known;
END $$
"""

GROUP = """
CREATE FUNCTION group_of(member uuid) RETURNS uuid[] LANGUAGE sql STABLE AS $$
    WITH RECURSIVE owners AS (
        SELECT member AS id
        UNION
        SELECT shareholdings.owner_id FROM shareholdings JOIN owners ON shareholdings.owned_id = owners.id
    ),
    reaches AS (SELECT controlled_by(id) AS ids FROM owners)
    SELECT array_agg(DISTINCT reached.id)
    FROM reaches CROSS JOIN LATERAL unnest(reaches.ids) AS reached (id)
    WHERE member = ANY (reaches.ids)
$$
"""

# Who may own whom changes seldom, listings often. So writers of listings share a lock, and a writer of ownership
# takes it alone: each then sees what the other committed. The first number is "bekl" in ASCII, the second this rule.
LOCK = """
CREATE FUNCTION lock_ownership(alone boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM refuse_old_snapshot();
    IF alone THEN
        PERFORM pg_advisory_xact_lock(1650813804, 2);
    ELSE
        PERFORM pg_advisory_xact_lock_shared(1650813804, 2);
    END IF;
END $$
"""

REFUSE = """
CREATE FUNCTION refuse_own_course(marketplace text, course text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'marketplace % would list course % of its own group', marketplace, course
        USING ERRCODE = 'check_violation', CONSTRAINT = 'listings_not_own_courses', TABLE = 'listings',
            HINT = 'Remove the listing first, or sell the course on a marketplace outside of the group.';
END $$
"""

# Few institutions are near a marketplace. MATERIALIZED makes the planner find them first, once for each marketplace,
# instead of asking about each listing.
CHECK = """
CREATE FUNCTION check_own_courses() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    WITH own AS MATERIALIZED (
        SELECT id, code, group_of(organisation_id) AS members FROM marketplaces
    ),
    near AS MATERIALIZED (
        SELECT own.id AS marketplace_id, own.code, providers.id AS provider_id
        FROM own JOIN providers ON providers.organisation_id = ANY (own.members)
    )
    SELECT near.code AS marketplace, courses.code AS course INTO wrong
    FROM near
    JOIN courses ON courses.provider_id = near.provider_id
    JOIN listings ON listings.course_id = courses.id AND listings.marketplace_id = near.marketplace_id
    LIMIT 1;
    IF FOUND THEN
        PERFORM refuse_own_course(wrong.marketplace, wrong.course);
    END IF;
END $$
"""

LISTED = """
CREATE FUNCTION check_listings() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NOT EXISTS (
            SELECT id, course_id, marketplace_id FROM changed EXCEPT SELECT id, course_id, marketplace_id FROM before
        ) THEN
            RETURN NULL;
        END IF;
    END IF;
    PERFORM lock_ownership(alone => false);
    WITH own AS MATERIALIZED (
        SELECT id, code, group_of(organisation_id) AS members FROM marketplaces
        WHERE id IN (SELECT marketplace_id FROM changed)
    )
    SELECT own.code AS marketplace, courses.code AS course INTO wrong
    FROM changed
    JOIN own ON own.id = changed.marketplace_id
    JOIN courses ON courses.id = changed.course_id
    JOIN providers ON providers.id = courses.provider_id
    WHERE providers.organisation_id = ANY (own.members)
    LIMIT 1;
    IF FOUND THEN
        PERFORM refuse_own_course(wrong.marketplace, wrong.course);
    END IF;
    RETURN NULL;
END $$
"""

MOVED = """
CREATE FUNCTION check_provider_of_course() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    shop text;
BEGIN
    PERFORM lock_ownership(alone => true);
    SELECT marketplaces.code INTO shop
    FROM listings
    JOIN marketplaces ON marketplaces.id = listings.marketplace_id
    JOIN providers ON providers.id = NEW.provider_id
    WHERE listings.course_id = NEW.id AND providers.organisation_id = ANY (group_of(marketplaces.organisation_id))
    LIMIT 1;
    IF FOUND THEN
        PERFORM refuse_own_course(shop, NEW.code);
    END IF;
    RETURN NULL;
END $$
"""

OWNED = """
CREATE FUNCTION check_ownership() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong uuid;
BEGIN
    PERFORM lock_ownership(alone => true);
    IF TG_TABLE_NAME = 'shareholdings' THEN
        SELECT owned_id INTO wrong FROM shareholdings GROUP BY owned_id HAVING sum(share_bp) > 10000 LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'the shares in organisation % are more than the whole', wrong
                USING ERRCODE = 'check_violation', CONSTRAINT = 'shareholdings_at_most_whole',
                    TABLE = 'shareholdings', HINT = 'Lower another owner''s share first.';
        END IF;
    END IF;
    PERFORM check_own_courses();
    RETURN NULL;
END $$
"""

TRIGGERS = (
    """
    CREATE TRIGGER listings_added AFTER INSERT ON listings
        REFERENCING NEW TABLE AS changed
        FOR EACH STATEMENT EXECUTE FUNCTION check_listings()
    """,
    """
    CREATE TRIGGER listings_changed AFTER UPDATE ON listings
        REFERENCING OLD TABLE AS before NEW TABLE AS changed
        FOR EACH STATEMENT EXECUTE FUNCTION check_listings()
    """,
    """
    CREATE TRIGGER shareholdings_changed AFTER INSERT OR UPDATE ON shareholdings
        FOR EACH STATEMENT EXECUTE FUNCTION check_ownership()
    """,
    """
    CREATE TRIGGER courses_provider_changed AFTER UPDATE OF provider_id ON courses
        FOR EACH ROW
        WHEN (OLD.provider_id IS DISTINCT FROM NEW.provider_id)
        EXECUTE FUNCTION check_provider_of_course()
    """,
    """
    CREATE TRIGGER providers_organisation_changed AFTER UPDATE OF organisation_id ON providers
        FOR EACH ROW
        WHEN (OLD.organisation_id IS DISTINCT FROM NEW.organisation_id)
        EXECUTE FUNCTION check_ownership()
    """,
    """
    CREATE TRIGGER marketplaces_organisation_changed AFTER UPDATE OF organisation_id ON marketplaces
        FOR EACH ROW
        WHEN (OLD.organisation_id IS DISTINCT FROM NEW.organisation_id)
        EXECUTE FUNCTION check_ownership()
    """,
)


def upgrade() -> None:
    """Refuse own courses from either side, the listing's and the ownership's, and look at what is there already."""
    for function in (CONTROLLED, GROUP, LOCK, REFUSE, CHECK, LISTED, MOVED, OWNED):
        op.execute(function)
    for trigger in TRIGGERS:
        op.execute(trigger)
    op.execute("SELECT check_own_courses()")


def downgrade() -> None:
    """Keep all rows; nothing checks them any more."""
    op.execute("DROP TRIGGER listings_added ON listings")
    op.execute("DROP TRIGGER listings_changed ON listings")
    op.execute("DROP TRIGGER shareholdings_changed ON shareholdings")
    op.execute("DROP TRIGGER courses_provider_changed ON courses")
    op.execute("DROP TRIGGER providers_organisation_changed ON providers")
    op.execute("DROP TRIGGER marketplaces_organisation_changed ON marketplaces")
    op.execute("DROP FUNCTION check_ownership()")
    op.execute("DROP FUNCTION check_provider_of_course()")
    op.execute("DROP FUNCTION check_listings()")
    op.execute("DROP FUNCTION check_own_courses()")
    op.execute("DROP FUNCTION refuse_own_course(text, text)")
    op.execute("DROP FUNCTION lock_ownership(boolean)")
    op.execute("DROP FUNCTION group_of(uuid)")
    op.execute("DROP FUNCTION controlled_by(uuid)")
