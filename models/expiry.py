"""Expiry: rows that are of no more use go, a batch at a time, so that nobody waits for it."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, inspect, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

BATCH = 1_000
"""Rows that go in one transaction: some ten milliseconds."""


async def sweep(session: AsyncSession, column: InstrumentedAttribute[datetime], age: timedelta) -> bool:
    """Delete a batch of rows whose ``column`` is more than ``age`` ago; return whether more may be left.

    Rows that somebody holds are left for the next time. ``column`` must have an index.
    """
    table: Any = column.class_
    keys: tuple[Any, ...] = inspect(table).primary_key
    old = select(*keys).where(column < func.now() - age).limit(BATCH).with_for_update(skip_locked=True)
    gone = await session.scalars(delete(table).where(tuple_(*keys).in_(old)).returning(keys[0]))
    return len(gone.all()) == BATCH
