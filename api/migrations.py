"""Bring a database's tables to the version that this program needs, or take them back.

The functions are for command lines and start-up: they run an event loop of their own, so call them from a thread
(``asyncio.to_thread``) where a loop is already running.
"""

import asyncio
from collections.abc import Callable
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import TYPE_CHECKING, TypeVar

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from asyncpg.exceptions import LockNotAvailableError
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

if TYPE_CHECKING:
    from collections.abc import Generator

Answer = TypeVar("Answer")

FOLDER = Path(__file__).parent.parent / "alembic"
"""Beside ``api/`` in the repository and in the wheel; never looked up from the working directory."""

LOCK_KEY = 0x62656B616C
"""The advisory lock that lets one process at a time migrate a database: "bekal" in ASCII."""

LOCK_WAIT_S = 120.0
"""A fresh database takes a second or two; who waits longer than this waits for something that hangs."""

LOCK_POLL_S = 0.1

TABLE_WAIT_MS = 5_000
"""A migration that waits for a table makes everybody behind it wait too: better it fails and is run again."""

STATEMENT_TIMEOUT_MS = 60_000
"""No statement of a migration should take longer on a live database: what does belongs into batches."""

ONE_THREAD = Lock()
"""Alembic keeps the migration that runs in module globals."""


class MigrationError(Exception):
    """The database could not be brought to the wanted version. The message says what to do next."""


def upgrade(database_url: str, revision: str = "head") -> None:
    """Run every migration up to ``revision`` on the database at ``database_url`` (``postgresql://...``).

    Several processes may call this at once: one migrates, the others wait and find nothing left to do.

    Raises:
        MigrationError: the database is of another version, there is no such revision, a table is in use, or another
            process has been migrating for too long.
    """
    _migrate(database_url, command.upgrade, revision)


def downgrade(database_url: str, revision: str) -> None:
    """Take the database back to ``revision``, or to an empty one with ``base``. Rows of dropped tables are lost.

    Raises:
        MigrationError: as ``upgrade``.
    """
    _migrate(database_url, command.downgrade, revision)


def current(database_url: str) -> str | None:
    """Return the revision that the database is at, or None before the first migration."""
    return _run(database_url, _revision_of)


def pending(database_url: str) -> list[str]:
    """Return the revisions that the database still lacks, oldest first. Nothing is written.

    Raises:
        MigrationError: the database is at a revision that this program does not know.
    """
    here = current(database_url)
    _refuse_unknown(here)
    scripts = ScriptDirectory.from_config(_config())
    lacking = [step.revision for step in scripts.iterate_revisions("head", here or "base")]
    return lacking[::-1]


def script(span: str = "base:head", *, down: bool = False) -> str:
    """Return the SQL of the migrations in ``span`` (``from:to``), for reading, linting or running by hand."""
    printed = StringIO()
    config = _config()
    config.output_buffer = printed
    with ONE_THREAD:
        (command.downgrade if down else command.upgrade)(config, span, sql=True)
    return printed.getvalue()


def _migrate(database_url: str, step: Callable[[Config, str], None], revision: str) -> None:
    def run(connection: Connection) -> None:
        with _alone(connection), ONE_THREAD:
            _refuse_unknown(_revision_of(connection))
            try:
                step(_config(connection), revision)
            except CommandError as error:
                raise MigrationError(f"{error}. The revisions are: {', '.join(_revisions())}.") from error
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) != LockNotAvailableError.sqlstate:
                    raise
                raise MigrationError(
                    f"A table was in use for {TABLE_WAIT_MS / 1000:.0f} s, so the migration gave up and nothing of "
                    "it was kept. Run it again, or end the long transaction that pg_stat_activity shows."
                ) from error

    _run(database_url, run)


def _run(database_url: str, work: Callable[[Connection], Answer]) -> Answer:
    """Call ``work`` with one connection. asyncpg reads the URL itself, so every form that it knows is good here."""

    async def main() -> Answer:
        async def connect() -> "asyncpg.Connection[asyncpg.Record]":
            return await asyncpg.connect(database_url, server_settings={"application_name": "bekal-migrate"})

        engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
        async with engine.connect() as connection:
            answer = await connection.run_sync(work)
        await engine.dispose()
        return answer

    return asyncio.run(main())


def _revision_of(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


@contextmanager
def _alone(connection: Connection) -> "Generator[None]":
    """Hold the advisory lock. It is polled: a waiting statement's snapshot would block CREATE INDEX CONCURRENTLY."""
    deadline = monotonic() + LOCK_WAIT_S
    while not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK_KEY}):
        connection.commit()
        if monotonic() > deadline:
            raise MigrationError(
                f"Another process has been migrating this database for {LOCK_WAIT_S:.0f} s. Look for it in "
                "pg_stat_activity (application_name 'bekal-migrate'), end it if it hangs, and start again."
            )
        sleep(LOCK_POLL_S)
    connection.commit()
    try:
        yield
    finally:
        # After a failure the transaction is void; the lock belongs to the session and outlives it.
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK_KEY})
        connection.commit()


def _revisions() -> list[str]:
    """Return every revision that this program knows, oldest first."""
    return [step.revision for step in ScriptDirectory.from_config(_config()).walk_revisions()][::-1]


def _refuse_unknown(here: str | None) -> None:
    if here is not None and here not in _revisions():
        raise MigrationError(
            f"The database is at revision {here!r}, which this version of Bekal does not know: it was migrated by "
            "another version. Run that version, or a newer one, on it."
        )


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["lock_timeout_ms"] = TABLE_WAIT_MS
    config.attributes["statement_timeout_ms"] = STATEMENT_TIMEOUT_MS
    return config
