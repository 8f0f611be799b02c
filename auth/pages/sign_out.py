"""Signing out of this browser."""

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from auth.pages.desk import Desk, Fields
from auth.pages.rendering import see
from auth.sessions import SignedIn, end_sessions
from models.audit_events import note


async def sign_out_page(desk: Desk, request: Request, db: AsyncSession, signed_in: SignedIn) -> Response:
    """Ask whether to sign out; a link alone must not do it."""
    del db
    return desk.pages.page(request, "sign_out", signed_in=signed_in)


async def sign_out(desk: Desk, request: Request, fields: Fields) -> Response:
    """End the session, and what was granted in it."""
    del fields
    async with desk.database.write() as db:
        signed_in = await desk.sessions.of(request, db)
        if signed_in is not None:
            await end_sessions(db, signed_in.person_id, [signed_in.browser_session_id])
            caller = desk.caller(request, signed_in.person_id)
            note(db, caller, "person.signed_out", "browser_session", signed_in.browser_session_id)
    answer = see("/signed-out")
    desk.sessions.forget(answer)
    return answer


async def signed_out_page(desk: Desk, request: Request) -> Response:
    """Say that it is done."""
    words = desk.pages.words(request)
    return desk.pages.page(
        request,
        "told",
        {
            "heading": words("sign_out.done_title"),
            "text": words("sign_out.done"),
            "link": "/sign-in",
            "link_text": words("sign_out.again"),
        },
    )
