"""Runs migrations on the connection that ``api.migrations`` hands over, or prints their SQL where there is none."""

from alembic import context
from sqlalchemy import Connection

LOCK_TIMEOUT = "SET lock_timeout = '5s'"
"""A migration that waits for a table makes everybody behind it wait too; better it fails and is run again."""

STATEMENT_TIMEOUT = "SET statement_timeout = '60s'"
"""No statement of a migration should take longer on a live database: what does belongs into batches."""


def print_sql() -> None:
    """Print the statements with the same time-outs under which they would run."""
    context.configure(dialect_name="postgresql", transaction_per_migration=True)
    context.execute(LOCK_TIMEOUT)
    context.execute(STATEMENT_TIMEOUT)
    context.run_migrations()


def migrate(connection: Connection) -> None:
    """Run each migration in a transaction of its own."""
    connection.exec_driver_sql(LOCK_TIMEOUT)
    connection.exec_driver_sql(STATEMENT_TIMEOUT)
    connection.commit()
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    print_sql()
else:
    migrate(context.config.attributes["connection"])
