"""Sessions of browsers as their owner sees them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import strawberry

from engine.enums import describe
from engine.graph import Node
from engine.sources import batched, column, mutation
from models import tables as rows
from resolvers import browser_sessions as do
from rules.access import Scope
from rules.browser_sessions import SessionRefusal
from rules.people import Method
from schema.writes import UserError, Written, describe_refusals

describe_refusals(SessionRefusal, "Why a session was not ended.")
describe(do.BrowserSessionOrder, "How sessions are ordered.", NEWEST="The latest sign-in first.")
describe(
    Method,
    "One proof of who somebody is.",
    PASSWORD="A password.",  # noqa: S106 - a description
    CODE="A code that was sent to a phone or mailbox.",
    AUTHENTICATOR="A code of an authenticator application.",
    PASSKEY="A passkey.",
)


async def _are_current(run: Any, keys: list[Any]) -> list[bool]:
    async with run.services.database.read() as db:
        return await do.are_current(db, run.viewer, keys)


@strawberry.type(description="A browser in which the person who asks is signed in.")
class BrowserSession(
    Node, table=rows.BrowserSession, visible=do.sessions_visible, code="Bs", scopes=(Scope.SESSIONS_READ,)
):
    """A session."""

    device: str = column(rows.BrowserSession.device, description="Browser and system, as the browser says.")
    methods: list[Method] = column(  # pyright: ignore[reportAssignmentType] - stored as their words
        rows.BrowserSession.methods, description="How the person was recognised."
    )
    authenticated_at: datetime = column(
        rows.BrowserSession.authenticated_at, description="When the person was last recognised."
    )
    last_seen_at: datetime = column(
        rows.BrowserSession.last_seen_at, description="When it was last used, to the minute."
    )
    expires_at: datetime = column(rows.BrowserSession.expires_at, description="When it ends at the latest.")
    is_current: bool = batched(
        _are_current, rows.BrowserSession.id, description="Whether the token of this request was given out in it."
    )


@strawberry.type(description="Why a session was not ended.")
class SessionError(UserError):
    """A refusal."""

    code: SessionRefusal = strawberry.field(description="Why, for programs.")


@strawberry.type(description="How many sessions ended, or `errors` that say why none did.")
class RevokeSessionsPayload:
    """Sessions that ended."""

    ended: int = strawberry.field(description="How many browsers were signed out; what was granted in them ended too.")
    errors: list[SessionError] = strawberry.field(description="Why nothing was done; empty when it was.")


def _show_one(session: Any) -> Mapping[str, Any]:
    return {"ended": 0 if session is None else 1}


def _show_many(sessions: list[Any] | None) -> Mapping[str, Any]:
    return {"ended": len(sessions or [])}


@strawberry.type
class BrowserSessionMutations:
    """Writes of sessions."""

    revoke_session: RevokeSessionsPayload | None = mutation(
        Written(SessionRefusal, _show_one).by(do.revoke_session),
        scopes=(Scope.SESSIONS_WRITE,),
        description="Sign out in one browser, and end what was granted in it.",
    )
    revoke_all_other_sessions: RevokeSessionsPayload | None = mutation(
        Written(SessionRefusal, _show_many).by(do.revoke_all_other_sessions),
        scopes=(Scope.SESSIONS_WRITE,),
        description="Sign out everywhere but in the browser in which this token was given out.",
    )
