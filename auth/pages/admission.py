"""The end of a sign-in: a session, and back to where it began."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from auth.devices import keep_device, remember_device
from auth.flows import end_flow, proven
from auth.forms import SIGN_IN_COOKIE
from auth.pages.desk import Desk
from auth.pages.rendering import see
from models.audit_events import note
from models.sign_ins import SignIn
from rules.people import Method


async def finish(desk: Desk, request: Request, db: AsyncSession, flow: SignIn) -> Response:
    """Sign in who has proven enough: a new session under a new secret, and back to where it began."""
    return await admit(desk, request, db, flow.person_id, proven(flow), flow.return_to, flow)


async def admit(
    desk: Desk,
    request: Request,
    db: AsyncSession,
    person_id: UUID,
    methods: Sequence[Method],
    return_to: str,
    flow: SignIn | None = None,
) -> Response:
    """Start a session, remember the browser, and go to ``return_to``."""
    if flow is not None:
        await end_flow(db, flow)
    started = await desk.sessions.start(request, db, person_id, methods)
    device = await remember_device(desk.site, request, db, person_id)
    note(
        db,
        desk.caller(request, person_id),
        "person.signed_in",
        "browser_session",
        started.browser_session_id,
        {"methods": [method.value for method in methods]},
    )
    answer = see(return_to)
    desk.sessions.keep(answer, started)
    keep_device(desk.site, answer, device)
    desk.site.drop_cookie(answer, SIGN_IN_COOKIE)
    return answer
