"""Sessions of browsers: where a person is signed in. Seen and ended by that person alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Annotated
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from typing_extensions import Doc

from models.base import belongs
from models.endings import end_grants
from models.grants import Grant
from models.sign_ins import BrowserSession
from models.writes import Write
from rules.access import Viewer
from rules.browser_sessions import SessionRefusal
from rules.clients import GrantEnd
from rules.ids import BrowserSessionId
from rules.refusals import Refused


class BrowserSessionOrder(Enum):
    """Orders of sessions."""

    NEWEST = (BrowserSession.created_at.desc(), BrowserSession.id.desc())


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeSessionInput:
    """A session that shall end."""

    session: Annotated[BrowserSessionId, Doc("Which session.")]
    idempotency_key: Annotated[str, Doc("The same key with the same input is the same deed.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeAllOtherSessionsInput:
    """All sessions but the one under which this token was given out shall end."""

    idempotency_key: Annotated[str, Doc("The same key is the same deed.")]


def sessions_visible(viewer: Viewer) -> ColumnElement[bool]:
    """Return which sessions the viewer may see: his own, while they last."""
    own = belongs(BrowserSession.person_id, viewer.person_id)
    return own & BrowserSession.ended_at.is_(None) & (BrowserSession.expires_at > func.now())


def sessions_of(viewer: Viewer) -> Select[BrowserSession]:
    """Return the sessions of a person."""
    del viewer
    return select(BrowserSession)


async def are_current(db: AsyncSession, viewer: Viewer, sessions: Sequence[UUID]) -> list[bool]:
    """Return for each session whether the viewer's token was given out under it."""
    current = await _current(db, viewer)
    return [session == current for session in sessions]


async def _current(db: AsyncSession, viewer: Viewer) -> UUID | None:
    if viewer.grant_id is None:
        return None
    return await db.scalar(select(Grant.browser_session_id).where(Grant.id == viewer.grant_id))


async def revoke_session(write: Write, wish: RevokeSessionInput) -> BrowserSessionId:
    """Sign the viewer out in one browser, and end what was granted in it.

    Raises:
        Refused: SESSION_NOT_FOUND, for a stranger's as for what does not exist or has ended.
    """
    if not await _end(write, BrowserSession.id == wish.session):
        raise Refused(SessionRefusal.SESSION_NOT_FOUND, "session")
    return wish.session


async def revoke_all_other_sessions(write: Write, wish: RevokeAllOtherSessionsInput) -> list[BrowserSessionId]:
    """Sign the viewer out everywhere but here, and return the sessions that ended."""
    del wish
    current = await _current(write.session, write.viewer)
    ended = await _end(write, BrowserSession.id != current if current else BrowserSession.id.is_not(None))
    return [BrowserSessionId(session) for session in ended]


async def _end(write: Write, which: ColumnElement[bool]) -> Sequence[UUID]:
    """End sessions of the viewer, then the grants in them: rows are locked in this order, each kind by its keys."""
    mine = select(BrowserSession.id).where(which, sessions_visible(write.viewer)).order_by(BrowserSession.id)
    ids = (await write.session.scalars(mine.with_for_update(key_share=True))).all()
    if ids:
        ending = update(BrowserSession).where(BrowserSession.id.in_(ids)).values(ended_at=write.now)
        await write.session.execute(ending)
        in_them = Grant.browser_session_id.in_(ids)
        await end_grants(write.session, GrantEnd.SIGNED_OUT, write.now, in_them)
    for session in ids:
        write.note("browser_session.revoked", "browser_session", session)
    return ids
