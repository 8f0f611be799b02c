"""Sessions of browsers as their owner sees them."""

from datetime import datetime
from typing import Any

import strawberry

from engine.enums import describe
from engine.graph import Node
from engine.sources import batched, column
from models import tables as rows
from resolvers import browser_sessions as do
from rules.access import Scope
from rules.people import Method

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
