"""What a person allows an application: the receipt of consent, and the grant that all tokens hang on."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.lifetimes import GRANT, OWN_GRANT
from auth.oauth.clients import Application
from auth.oauth.server import Server
from auth.oauth.tokens import OPENID
from auth.pages.consent import PARTICIPANT, ConsentView, consent_text
from auth.sessions import HeldPost, SignedIn
from models.tables import Consent, Grant, Organisation
from rules.access import Role, Scope, Viewer
from rules.callers import Caller
from rules.people import Locale

SCOPES: Final = frozenset(Scope)


@dataclass(frozen=True, slots=True)
class Wish:
    """What an application asks of a person."""

    application: Application
    signed_in: SignedIn
    scope: str | None
    audience: tuple[str, ...]
    thumbprint: str | None = None
    bound_to_session: bool = True
    """Whether what is granted ends when the person signs out of this browser; a device goes on."""

    @property
    def posts(self) -> tuple[HeldPost, ...]:
        """The posts that the person may act in: a partner's application serves that partner's people."""
        row = self.application.row
        if self.application.is_own:
            return self.signed_in.posts
        return tuple(
            post
            for post in self.signed_in.posts
            if post.organisation_id == row.organisation_id and post.role is row.role
        )

    def scopes_as(self, post: HeldPost | None) -> frozenset[str]:
        """Return what the application would get."""
        return self.application.scopes_in(self.scope, post.role if post else Role.PARTICIPANT)

    def chosen(self, value: str | None) -> tuple[HeldPost | None, bool]:
        """Return the post that a form chose, None for a participant; False for what is none of the ways to act."""
        if value == PARTICIPANT or (value is None and not self.posts):
            return None, True
        found = next((post for post in self.posts if str(post.post_id) == value), None)
        return found, found is not None


def consent_view(db: Session, wish: Wish, action: str, redirect_uri: str, chosen: str | None = None) -> ConsentView:
    """Return what the page asks: every scope that one of the ways to act would give."""
    row = wish.application.row
    organisation = row.organisation_id and db.get(Organisation, row.organisation_id)
    ways = [wish.scopes_as(None), *(wish.scopes_as(post) for post in wish.posts)]
    asked = frozenset[str]().union(*ways)
    return ConsentView(
        signed_in=wish.signed_in,
        client_name=row.name,
        organisation_name=organisation.legal_name if organisation else None,
        scopes=[scope for scope in Scope if scope in asked],
        life=OWN_GRANT if wish.application.is_own else GRANT,
        action=action,
        redirect_uri=redirect_uri,
        posts=wish.posts,
        sandbox=row.sandbox,
        chosen=chosen,
    )


def standing_consent(db: Session, wish: Wish) -> UUID | None:
    """Return a consent that stands and covers all that is asked now; a public application is never sure who it is."""
    if wish.application.is_public or wish.posts:
        return None
    given = select(Consent).where(
        Consent.person_id == wish.signed_in.person_id,
        Consent.client_id == wish.application.row.id,
        Consent.withdrawn_at.is_(None),
        Consent.given_at > func.now() - GRANT,
    )
    wanted = wish.scopes_as(None) - {OPENID}
    for consent in db.scalars(given.order_by(Consent.id.desc()).limit(10)):
        if wanted <= frozenset(consent.scopes):
            return consent.id
    return None


def approve(
    server: Server,
    caller: Caller,
    wish: Wish,
    post: HeldPost | None,
    *,
    view: ConsentView | None = None,
    locale: Locale | None = None,
    consent_id: UUID | None = None,
) -> Grant:
    """Write what the person allowed, and return the grant. ``view`` is the page that was read, for the receipt."""
    db, row, signed_in = server.db, wish.application.row, wish.signed_in
    scopes = sorted(wish.scopes_as(post))
    if consent_id is None and not wish.application.is_own:
        assert view is not None, "a partner's application is never allowed anything unasked"
        told = locale or signed_in.locale
        consent = Consent(
            person_id=signed_in.person_id,
            client_id=row.id,
            scopes=[scope for scope in scopes if scope in SCOPES],
            text_hash=consent_text(view, told).digest,
            locale=told,
        )
        db.add(consent)
        db.flush()
        consent_id = consent.id
    grant = Grant(
        person_id=signed_in.person_id,
        client_id=row.id,
        post_id=post.post_id if post else None,
        consent_id=consent_id,
        browser_session_id=signed_in.browser_session_id if wish.application.is_own and wish.bound_to_session else None,
        scopes=scopes,
        audience=list(wish.audience),
        methods=[method.value for method in signed_in.methods],
        authenticated_at=signed_in.authenticated_at,
        dpop_thumbprint=wish.thumbprint,
        expires_at=server.now + (OWN_GRANT if wish.application.is_own else GRANT),
    )
    db.add(grant)
    db.flush()
    viewer = Viewer(
        signed_in=True,
        person_id=signed_in.person_id,
        client_id=row.id,
        organisation_id=row.organisation_id,
        role=post.role if post else Role.PARTICIPANT,
    )
    details = {"scopes": scopes, "consent_id": consent_id and str(consent_id)}
    server.note(caller, viewer, "grant.given", "grant", grant.id, details)
    return grant
