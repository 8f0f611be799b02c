"""Ends of grants before their time, as all who end them write them down."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.grants import Grant
from rules.clients import GrantEnd


async def end_grants(
    session: AsyncSession, reason: GrantEnd, now: datetime, *which: ColumnElement[bool]
) -> Sequence[UUID]:
    """End the grants for which ``which`` holds and that have not ended, and return their ids.

    Their tokens count no more: processes ask each second what ended. Rows are locked in the order of their keys.
    """
    alive = select(Grant.id).where(*which, Grant.ended_at.is_(None)).order_by(Grant.id).with_for_update(key_share=True)
    ids = (await session.scalars(alive)).all()
    if ids:
        await session.execute(update(Grant).where(Grant.id.in_(ids)).values(ended_at=now, end_reason=reason))
    return ids
