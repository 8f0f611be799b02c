"""Loading: the made-up programme goes into a migrated database with COPY, as a whole or not at all."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import asyncpg

from demo.programme import TABLES, Rows, marketplace_keys, programme
from demo.recipes import Recipe, month_start
from models.reference import load_reference

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

LOCK = "SELECT pg_advisory_xact_lock(1650813804, 3)"
"""Loaders wait for each other. The first number is "bekl" in ASCII; 1 is for reference data and 2 for ownership."""

REPORT_ROWS = 2_000
"""Progress is told after so many rows."""

STATEMENT_TIMEOUT_S = 300
"""A COPY of the largest table takes about a second; a load that hangs longer than this is broken."""

JAKARTA_OFFSET = timedelta(hours=7)


class DemoConflictError(Exception):
    """The database holds another demo programme; the message says what to do."""


@dataclass(frozen=True, slots=True)
class DemoCounts:
    """How many rows the tables have after loading. ``loaded`` is False when the same demo was there already."""

    loaded: bool
    organisations: int
    shareholdings: int
    marketplaces: int
    payers: int
    providers: int
    courses: int
    runs: int
    sessions: int
    listings: int
    ratings: int


async def load_demo(
    database_url: str,
    *,
    seed: int = 1,
    on: date | None = None,
    scale: float = 1.0,
    progress: Callable[[str, int, int], None] | None = None,
) -> DemoCounts:
    """Load reference data and the demo programme into a migrated database.

    ``on`` is the day on which the programme is looked at, by default the first of this month in Jakarta: runs are
    past or coming as seen from there. The same seed and scale are loaded once; a second call changes nothing, whatever
    its day is. Everything is one transaction, so that a load that is killed leaves nothing.

    Raises:
        DemoConflictError: the demo of another seed or scale is in this database.
    """
    recipe = Recipe(seed, on or month_start((datetime.now(UTC) + JAKARTA_OFFSET).date()), scale)
    report = progress or _silent
    connection: Connection = await asyncpg.connect(
        database_url.replace("postgresql+asyncpg://", "postgresql://", 1), command_timeout=STATEMENT_TIMEOUT_S
    )
    try:
        async with connection.transaction():
            await connection.execute(LOCK)
            await load_reference(connection)
            loaded = not await _is_loaded(connection, recipe)
            if loaded:
                await _copy(connection, programme(recipe), report)
        if loaded:
            # VACUUM also marks pages as visible to all, so that the first queries can answer from indexes alone.
            await connection.execute(f"VACUUM (ANALYZE) regions, categories, {', '.join(TABLES)}")
        return await _counts(connection, loaded=loaded)
    finally:
        await connection.close()


async def _is_loaded(connection: "Connection", recipe: Recipe) -> bool:
    """Tell whether this recipe's programme is there.

    Raises:
        DemoConflictError: another recipe's is.
    """
    wanted = marketplace_keys(recipe)
    rows = await connection.fetch("SELECT code, id FROM marketplaces WHERE code = ANY ($1)", list(wanted))
    if not rows:
        return False
    if any(wanted[row["code"]] != row["id"] for row in rows):
        raise DemoConflictError(
            f"This database holds demo data that was not made from seed {recipe.seed} at scale {recipe.scale}. "
            "Load the seed and scale that it was made from, or load into an empty database."
        )
    return True


async def _copy(connection: "Connection", tables: Iterator[Rows], report: Callable[[str, int, int], None]) -> None:
    """Write the tables; a thread makes the next one while the server is busy with the last one."""
    upcoming = asyncio.create_task(asyncio.to_thread(next, tables, None))
    try:
        while made := await upcoming:
            upcoming = asyncio.create_task(asyncio.to_thread(next, tables, None))
            await connection.copy_records_to_table(made.table, columns=made.columns, records=_told(made, report))
            report(made.table, len(made.rows), len(made.rows))
    finally:
        await asyncio.wait([upcoming])


def _told(made: Rows, report: Callable[[str, int, int], None]) -> Iterator[tuple[Any, ...]]:
    """Hand out rows, and tell how many after every few: one COPY fires each statement trigger once."""
    for number, row in enumerate(made.rows):
        if number % REPORT_ROWS == 0:
            report(made.table, number, len(made.rows))
        yield row


async def _counts(connection: "Connection", *, loaded: bool) -> DemoCounts:
    columns = ", ".join(f"(SELECT count(*) FROM {table}) AS {table}" for table in TABLES)  # noqa: S608 - our own names
    row = await connection.fetchrow(f"SELECT {columns}")
    assert row is not None
    return DemoCounts(loaded=loaded, **dict(row))


def _silent(name: str, done: int, total: int) -> None:
    del name, done, total
