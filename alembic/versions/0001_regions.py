"""Regions with their history, and the shelves of the catalogue."""

from alembic import op

revision = "0001_regions"
down_revision = None
branch_labels = None
depends_on = None

REGIONS = r"""
CREATE TABLE regions (
    id uuid DEFAULT uuidv7() NOT NULL PRIMARY KEY,
    code text NOT NULL,
    level text NOT NULL,
    name text NOT NULL,
    parent_id uuid CONSTRAINT regions_parent_fk REFERENCES regions (id),
    time_zone text NOT NULL,
    valid_from date NOT NULL,
    valid_to date,
    CONSTRAINT regions_level_known CHECK (level IN ('PROVINCE', 'REGENCY', 'CITY')),
    CONSTRAINT regions_time_zone_known CHECK (time_zone IN ('WIB', 'WITA', 'WIT')),
    CONSTRAINT regions_code_form CHECK (code ~ '^[0-9]{2}(\.[0-9]{2})?$'),
    CONSTRAINT regions_parent_unless_province CHECK ((level = 'PROVINCE') = (parent_id IS NULL)),
    CONSTRAINT regions_code_fits_level CHECK ((level = 'PROVINCE') = (length(code) = 2)),
    CONSTRAINT regions_validity_order CHECK (valid_to > valid_from),
    CONSTRAINT regions_code_once_per_start UNIQUE (code, valid_from)
)
"""

# A code's days as one stretch of numbers: equality of text needs an extension in a GiST index, ranges do not.
PERIODS = """
ALTER TABLE regions ADD CONSTRAINT regions_periods_apart EXCLUDE USING gist (
    int8range(
        ('1' || replace(code, '.', ''))::bigint * 10000000000 + (valid_from - DATE '0001-01-01'),
        ('1' || replace(code, '.', ''))::bigint * 10000000000
            + (coalesce(valid_to, DATE '9999-12-31') - DATE '0001-01-01')
    ) WITH &&
)
"""

SUCCESSIONS = """
CREATE TABLE region_successions (
    predecessor_id uuid NOT NULL CONSTRAINT region_successions_predecessor_fk REFERENCES regions (id),
    successor_id uuid NOT NULL CONSTRAINT region_successions_successor_fk REFERENCES regions (id),
    CONSTRAINT region_successions_not_itself CHECK (predecessor_id <> successor_id),
    PRIMARY KEY (predecessor_id, successor_id)
)
"""

CATEGORIES = """
CREATE TABLE categories (
    id uuid DEFAULT uuidv7() NOT NULL PRIMARY KEY,
    code text NOT NULL,
    name text NOT NULL,
    name_en text NOT NULL,
    position integer NOT NULL,
    CONSTRAINT categories_code_form CHECK (code ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    CONSTRAINT categories_code_unique UNIQUE (code),
    CONSTRAINT categories_position_unique UNIQUE (position)
)
"""


def upgrade() -> None:
    """Make room for regions, where they went, and categories."""
    op.execute(REGIONS)
    op.execute("CREATE UNIQUE INDEX regions_code_valid_now ON regions (code) WHERE valid_to IS NULL")
    op.execute(PERIODS)
    op.execute("CREATE INDEX regions_by_parent ON regions (parent_id, code, id)")
    op.execute("CREATE INDEX regions_by_code ON regions (code, id)")
    op.execute("CREATE INDEX regions_by_name ON regions (name, id)")
    op.execute(SUCCESSIONS)
    op.execute("CREATE INDEX region_successions_by_successor ON region_successions (successor_id)")
    op.execute(CATEGORIES)


def downgrade() -> None:
    """Lose regions and categories; the loader of reference data brings them back with the same keys."""
    op.execute("DROP TABLE categories")
    op.execute("DROP TABLE region_successions")
    op.execute("DROP TABLE regions")
