"""Browsers in which somebody is signed in. Kept in the database, so that they are listed, and ended, from anywhere."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from auth.forms import SESSION_COOKIE
from auth.site import SECRET_BYTES, Site
from models.database import clock
from models.endings import end_grants
from models.grants import Grant
from models.organisations import Organisation
from models.people import Person, Post
from models.sign_ins import BrowserSession
from rules.access import STAFF, Role, Viewer
from rules.clients import GrantEnd
from rules.people import STRONG_METHODS, Locale, Method, PersonState
from rules.sign_ins import LIFE, session_ends

TOUCH_AFTER: Final = timedelta(minutes=1)
"""When a session was used is known to the minute: a write for each request would be dear."""
DEVICE_LENGTH_MAX: Final = 80


@dataclass(frozen=True, slots=True)
class HeldPost:
    """A post that a signed-in person may act in."""

    post_id: UUID
    role: Role
    organisation_id: UUID | None
    organisation_name: str | None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person at a browser, and how well that is known."""

    browser_session_id: UUID
    person_id: UUID
    methods: tuple[Method, ...]
    authenticated_at: datetime
    posts: tuple[HeldPost, ...]
    """Posts in the programme office are only there when a second factor was shown that staff must show."""
    locale: Locale

    @property
    def is_staff(self) -> bool:
        """Whether the person acts in the programme office."""
        return any(post.role in STAFF for post in self.posts)

    @property
    def viewer(self) -> Viewer:
        """Who that is to the audit."""
        return Viewer(signed_in=True, person_id=self.person_id)


class Sessions:
    """Starts, finds and ends the sessions of browsers."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def of(self, request: Request, db: AsyncSession) -> SignedIn | None:
        """Return who is signed in at the browser that sent ``request``; None when nobody is.

        ``db`` must be in a transaction that writes: that the session is in use is noted, once a minute.
        """
        secret = self._site.cookie(request, SESSION_COOKIE)
        if secret is None:
            return None
        statement = (
            select(BrowserSession, Person.locale, Post, Organisation.legal_name, func.now())
            .join(Person, BrowserSession.person_id == Person.id)
            .outerjoin(Post, Post.person_id == Person.id)
            .outerjoin(Organisation, Post.organisation_id == Organisation.id)
            .where(
                BrowserSession.hash.in_(self._site.keys.hashes(secret.encode(), "session")),
                BrowserSession.ended_at.is_(None),
                BrowserSession.expires_at > func.now(),
                Person.state == PersonState.ACTIVE,
            )
            .order_by(Post.id)
        )
        rows = (await db.execute(statement)).all()
        if not rows:
            return None
        session, locale, _, _, now = rows[0]
        held = [(post, organisation) for _, _, post, organisation, _ in rows if post is not None]  # pyright: ignore[reportUnnecessaryComparison]
        found = _signed_in(session, locale, held)
        staff = any(post.role in STAFF for post, _ in held)
        ends = session_ends(authenticated_at=session.authenticated_at, last_seen_at=session.last_seen_at, staff=staff)
        if now >= ends:
            return None
        if now - session.last_seen_at >= TOUCH_AFTER:
            await db.execute(
                update(BrowserSession).where(BrowserSession.id == session.id).values(last_seen_at=func.now())
            )
        return found

    async def start(
        self, request: Request, db: AsyncSession, person_id: UUID, methods: Sequence[Method]
    ) -> "StartedSession":
        """Sign a person in at the browser that sent ``request``: it gets a new secret, whatever cookie it came with.

        Of the same person, the session that the browser had goes on under the new secret, with what was granted in
        it; another person's ends.
        """
        secret = secrets.token_urlsafe(SECRET_BYTES)
        fresh = {
            "hash": self._site.keys.hash(secret.encode(), "session"),
            "methods": [method.value for method in methods],
            "device": device_of(request.headers.get("user-agent", "")),
        }
        before = await self.of(request, db)
        if before is not None and before.person_id == person_id:
            await db.execute(
                update(BrowserSession)
                .where(BrowserSession.id == before.browser_session_id)
                .values(**fresh, authenticated_at=func.now(), last_seen_at=func.now(), expires_at=func.now() + LIFE)
            )
            return StartedSession(before.browser_session_id, secret)
        if before is not None:
            await end_sessions(db, before.person_id, [before.browser_session_id])
        session = BrowserSession(person_id=person_id, expires_at=await clock(db) + LIFE, **fresh)
        db.add(session)
        await db.flush()
        return StartedSession(session.id, secret)

    def keep(self, response: Response, started: "StartedSession") -> None:
        """Give the browser the secret of its session."""
        self._site.set_cookie(response, SESSION_COOKIE, started.secret, life_s=int(LIFE.total_seconds()))

    def forget(self, response: Response) -> None:
        """Have the browser forget its session."""
        self._site.drop_cookie(response, SESSION_COOKIE)


@dataclass(frozen=True, slots=True)
class StartedSession:
    """A session and the secret that only its browser knows."""

    browser_session_id: UUID
    secret: str


async def live_sessions(db: AsyncSession, person_id: UUID) -> Sequence[BrowserSession]:
    """Return where a person is signed in, the latest first; the page shows twenty at most."""
    statement = (
        select(BrowserSession)
        .where(
            BrowserSession.person_id == person_id,
            BrowserSession.ended_at.is_(None),
            BrowserSession.expires_at > func.now(),
        )
        .order_by(BrowserSession.last_seen_at.desc())
        .limit(20)
    )
    return (await db.scalars(statement)).all()


async def end_sessions(
    db: AsyncSession, person_id: UUID, only: Sequence[UUID] | None = None, *, but: UUID | None = None
) -> Sequence[UUID]:
    """End sessions of a person and what was granted in them; return which ended.

    All of them, or ``only`` these, and never the one that is ``but``. What is another person's stays as it is.
    """
    which = [BrowserSession.person_id == person_id, BrowserSession.ended_at.is_(None)]
    if only is not None:
        which.append(BrowserSession.id.in_(only))
    if but is not None:
        which.append(BrowserSession.id != but)
    alive = select(BrowserSession.id).where(*which).order_by(BrowserSession.id).with_for_update(key_share=True)
    ids = (await db.scalars(alive)).all()
    if ids:
        now = await clock(db)
        await db.execute(update(BrowserSession).where(BrowserSession.id.in_(ids)).values(ended_at=now))
        await end_grants(db, GrantEnd.SIGNED_OUT, now, Grant.browser_session_id.in_(ids))
    return ids


def device_of(user_agent: str) -> str:
    """Return the browser and system of a User-Agent in a few words: enough to tell one's own browsers apart."""
    browsers = {"Edg": "Edge", "OPR": "Opera", "SamsungBrowser": "Samsung Internet", "Firefox": "Firefox"}
    browsers |= {"CriOS": "Chrome", "FxiOS": "Firefox", "Chrome": "Chrome", "Safari": "Safari", "curl": "curl"}
    systems = {"Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "Mac OS X": "macOS"}
    systems |= {"CrOS": "ChromeOS", "Linux": "Linux"}
    browser = next((name for mark, name in browsers.items() if f"{mark}/" in user_agent), "")
    system = next((name for mark, name in systems.items() if mark in user_agent), "")
    return " · ".join(each for each in (browser, system) if each)[:DEVICE_LENGTH_MAX] or "?"


def _signed_in(session: BrowserSession, locale: Locale, held: Sequence[tuple[Post, str | None]]) -> SignedIn:
    methods = tuple(Method(method) for method in session.methods)
    strong = bool(STRONG_METHODS & set(methods))
    posts = tuple(
        HeldPost(post.id, post.role, post.organisation_id, organisation)
        for post, organisation in held
        if strong or post.role not in STAFF
    )
    return SignedIn(session.id, session.person_id, methods, session.authenticated_at, posts, locale)
