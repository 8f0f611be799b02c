"""Links that let whoever reads messages at a contact set a password, once."""

import secrets
from uuid import uuid4

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from auth.site import SECRET_BYTES, Site
from models.database import clock
from models.letters import post
from models.sign_ins import PasswordLink
from rules.contacts import Contact
from rules.letters import Letter
from rules.people import ContactKind, Locale
from rules.sign_ins import LINK_LIFE

PATH = "/sign-in/password"


async def send_link(
    db: AsyncSession, site: Site, contact: Contact, locale: Locale, return_to: str, *, subject: str, text: str
) -> None:
    """Have a link sent to ``contact``; ``text`` holds ``{link}``."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    expires_at = await clock(db) + LINK_LIFE
    hashed = site.keys.hash(secret.encode(), "link")
    sealed = site.keys.seal(f"{contact.kind.value} {contact.value}".encode(), _place(hashed))
    link = PasswordLink(hash=hashed, contact_sealed=sealed, locale=locale, return_to=return_to, expires_at=expires_at)
    db.add(link)
    words = text.format(link=f"{site.issuer}{PATH}?link={secret}")
    post(db, site.keys, Letter(uuid4(), contact, subject, words, expires_at))


async def find_link(db: AsyncSession, site: Site, secret: str) -> tuple[PasswordLink, Contact] | None:
    """Return a link that is still good, and whom it was sent to."""
    statement = select(PasswordLink).where(
        PasswordLink.hash.in_(site.keys.hashes(secret.encode(), "link")),
        PasswordLink.used_at.is_(None),
        PasswordLink.expires_at > func.now(),
    )
    link = (await db.scalars(statement)).one_or_none()
    if link is None:
        return None
    kind, _, value = site.keys.unseal(link.contact_sealed, _place(link.hash)).decode().partition(" ")
    return link, Contact(ContactKind(kind), value)


async def spend_link(db: AsyncSession, link: PasswordLink) -> bool:
    """Use a link up; False when somebody else just did."""
    spent = (
        update(PasswordLink)
        .where(PasswordLink.hash == link.hash, PasswordLink.used_at.is_(None), PasswordLink.expires_at > func.now())
        .values(used_at=func.now())
        .returning(PasswordLink.hash)
    )
    return await db.scalar(spent) is not None


def _place(hashed: bytes) -> str:
    return f"password_links.contact:{hashed.hex()}"
