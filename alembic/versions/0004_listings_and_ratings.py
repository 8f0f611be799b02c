"""Listings put courses on the shelves of marketplaces; ratings say how they were."""

from alembic import op

revision = "0004_listings_and_ratings"
down_revision = "0003_courses"
branch_labels = None
depends_on = None

LISTINGS = """
CREATE TABLE listings (
    id uuid DEFAULT uuidv7() NOT NULL PRIMARY KEY,
    marketplace_id uuid NOT NULL CONSTRAINT listings_marketplace_fk REFERENCES marketplaces (id),
    course_id uuid NOT NULL CONSTRAINT listings_course_fk REFERENCES courses (id),
    commission_bp integer NOT NULL,
    url text NOT NULL,
    state text NOT NULL,
    listed_at timestamptz NOT NULL,
    CONSTRAINT listings_state_known CHECK (
        state IN ('DRAFT', 'SUBMITTED', 'CHANGES_REQUESTED', 'APPROVED', 'PUBLISHED', 'SUSPENDED', 'RETIRED')
    ),
    CONSTRAINT listings_commission_capped CHECK (commission_bp BETWEEN 0 AND 1500),
    CONSTRAINT listings_once_per_marketplace UNIQUE (course_id, marketplace_id)
)
"""

RATINGS = """
CREATE TABLE ratings (
    id uuid DEFAULT uuidv7() NOT NULL PRIMARY KEY,
    course_id uuid NOT NULL CONSTRAINT ratings_course_fk REFERENCES courses (id),
    stars integer NOT NULL,
    comment text,
    rated_at timestamptz NOT NULL,
    CONSTRAINT ratings_stars_range CHECK (stars BETWEEN 1 AND 5)
)
"""


def upgrade() -> None:
    """Make room for listings, each at a commission of at most 15 %, and for ratings of one to five stars."""
    op.execute(LISTINGS)
    op.execute("CREATE INDEX listings_by_marketplace ON listings (marketplace_id, course_id)")
    op.execute(RATINGS)
    op.execute("CREATE INDEX ratings_by_course_newest ON ratings (course_id, rated_at DESC, id DESC)")
    op.execute("CREATE INDEX ratings_by_course_best ON ratings (course_id, stars DESC, id DESC)")


def downgrade() -> None:
    """Lose all listings and ratings; the figures that courses carry stay."""
    op.execute("DROP TABLE ratings")
    op.execute("DROP TABLE listings")
