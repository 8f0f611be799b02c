"""Runs migrations on the connection that ``api.migrations`` hands over, or prints their SQL where there is none."""

from alembic import context
from sqlalchemy import Connection

TIME_OUTS = (
    f"SET lock_timeout = '{context.config.attributes['lock_timeout_ms']}ms'",
    f"SET statement_timeout = '{context.config.attributes['statement_timeout_ms']}ms'",
)


def print_sql() -> None:
    """Print the statements with the same time-outs under which they would run."""
    context.configure(dialect_name="postgresql", transaction_per_migration=True)
    for time_out in TIME_OUTS:
        context.execute(time_out)
    context.run_migrations()


def migrate(connection: Connection) -> None:
    """Run each migration in a transaction of its own."""
    for time_out in TIME_OUTS:
        connection.exec_driver_sql(time_out)
    connection.commit()
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    print_sql()
else:
    migrate(context.config.attributes["connection"])
