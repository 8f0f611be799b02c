"""Sign-ins under way: what a browser has proven so far, kept here and not in the browser."""

import secrets
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete as delete_from
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from auth.forms import SIGN_IN_COOKIE
from auth.site import SECRET_BYTES, Site
from models.database import clock
from models.sign_ins import SignIn
from rules.people import Method
from rules.sign_ins import SIGN_IN_LIFE


async def begin_flow(db: AsyncSession, site: Site, person_id: UUID, return_to: str) -> tuple[SignIn, str]:
    """Begin a sign-in of somebody whose password was right; return it and the secret for the browser's cookie."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    now = await clock(db)
    flow = SignIn(
        hash=site.keys.hash(secret.encode(), "sign-in"),
        person_id=person_id,
        methods=[Method.PASSWORD.value],
        return_to=return_to,
        expires_at=now + SIGN_IN_LIFE,
    )
    db.add(flow)
    await db.flush()
    return flow, secret


async def current_flow(db: AsyncSession, site: Site, request: Request) -> SignIn | None:
    """Return the sign-in that the browser is in, locked; None when there is none or it took too long."""
    secret = site.cookie(request, SIGN_IN_COOKIE)
    if secret is None:
        return None
    hashes = site.keys.hashes(secret.encode(), "sign-in")
    statement = select(SignIn).where(SignIn.hash.in_(hashes), SignIn.expires_at > func.now()).with_for_update()
    return (await db.scalars(statement)).one_or_none()


async def end_flow(db: AsyncSession, flow: SignIn) -> None:
    """End a sign-in: it is done, and nobody goes on with it."""
    await db.execute(delete_from(SignIn).where(SignIn.hash == flow.hash))


def proven(flow: SignIn) -> Sequence[Method]:
    """Return what was proven so far."""
    return [Method(method) for method in flow.methods]
