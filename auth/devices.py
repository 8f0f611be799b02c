"""Known browsers: those a person has signed in with before. What strangers try elsewhere does not slow them down."""

import secrets
from uuid import UUID

from sqlalchemy import delete as delete_from
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from auth.site import SECRET_BYTES, Site
from models.sign_ins import Device
from rules.sign_ins import DEVICE_LIFE

DEVICE_COOKIE = "device"
DEVICES_MAX = 20
"""More browsers than a person has; who uses so many is a stranger again in the one unused for longest."""
NOBODY = UUID(int=0)
"""Asked for where there is no such account, so that it takes the same statements."""


async def known_device(site: Site, request: Request, db: AsyncSession, person_id: UUID | None) -> str | None:
    """Return a name for the browser that sent ``request`` if the person has signed in with it before, else None."""
    hashes = _hashes(site, site.cookie(request, DEVICE_COOKIE) or "", person_id or NOBODY)
    found = await db.scalar(select(Device.hash).where(Device.hash.in_(hashes)).limit(1))
    return found.hex() if found else None


async def remember_device(site: Site, request: Request, db: AsyncSession, person_id: UUID) -> str:
    """Note that the person has signed in with this browser, and return the secret for its cookie."""
    secret = site.cookie(request, DEVICE_COOKIE) or secrets.token_urlsafe(SECRET_BYTES)
    seen = insert(Device).values(hash=_hashes(site, secret, person_id)[-1], person_id=person_id)
    await db.execute(seen.on_conflict_do_update(index_elements=[Device.hash], set_={"last_seen_at": func.now()}))
    oldest = (
        select(Device.hash)
        .where(Device.person_id == person_id)
        .order_by(Device.last_seen_at.desc(), Device.hash)
        .offset(DEVICES_MAX)
    )
    await db.execute(delete_from(Device).where(Device.hash.in_(oldest)))
    return secret


def keep_device(site: Site, response: Response, secret: str) -> None:
    """Give the browser the cookie by which it is known."""
    site.set_cookie(response, DEVICE_COOKIE, secret, life_s=int(DEVICE_LIFE.total_seconds()))


def _hashes(site: Site, secret: str, person_id: UUID) -> list[bytes]:
    """Return the hashes under all live versions of the key, the one that is stored last."""
    return site.keys.hashes(secret.encode() + person_id.bytes, "device")
