"""The checks on courses, runs and listings hold for the rows that were there before them, too."""

from alembic import op

revision = "0012_course_checks"
down_revision = "0011_course_decisions"
branch_labels = None
depends_on = None

CHECKS = (
    ("courses", "courses_revision_positive"),
    ("courses", "courses_sandbox_never_public"),
    ("listings", "listings_sandbox_never_public"),
    ("runs", "runs_cancel_reason_known"),
    ("runs", "runs_reason_when_cancelled"),
)


def upgrade() -> None:
    """Look at all rows once, while everybody reads and writes on."""
    for table, name in CHECKS:
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def downgrade() -> None:
    """Leave the checks as they are: they go with the step before."""
