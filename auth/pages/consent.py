"""The page on which a person allows an application to do something, and the words of it that the receipt is about."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from auth.pages.rendering import Pages, origin_for_policy
from auth.pages.words import Words
from auth.sessions import HeldPost, SignedIn
from rules.access import SCOPES, Scope
from rules.people import Locale

ALLOW = "allow"
DENY = "deny"
DECISION_FIELD = "decision"
POST_FIELD = "post"
PARTICIPANT = "participant"
"""The value of the field ``post`` for who acts for himself; else it is the key of a post."""


@dataclass(frozen=True, slots=True)
class ConsentView:
    """What is asked of whom."""

    signed_in: SignedIn
    client_name: str
    organisation_name: str | None
    """Who answers for the application; None for the programme's own."""
    scopes: Sequence[Scope]
    life: timedelta
    """For how long, if nobody ends it before."""
    action: str
    """The path that the decision is sent to."""
    redirect_uri: str
    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    """Fields that come back with the decision."""
    posts: Sequence[HeldPost] = ()
    """Posts that fit the application; the person chooses when there is more than one way to act."""
    as_participant: bool = True
    """Whether the person may also act for himself."""
    sandbox: bool = False
    chosen: str | None = None
    """What was chosen before, if the page comes again."""


def consent_page(pages: Pages, request: Request, view: ConsentView) -> Response:
    """Return the page. Its form comes back to ``view.action`` with ``decision`` (allow, deny), ``post`` and a token."""
    words = pages.words(request, view.signed_in)
    values = {
        "view": view,
        "text": consent_text(view, words.locale),
        "first_party": view.organisation_name is None,
        "ways": _ways(view, words),
        "host": urlsplit(view.redirect_uri).netloc or view.client_name,
        "allow": ALLOW,
        "deny": DENY,
    }
    return pages.page(
        request, "consent", values, signed_in=view.signed_in, leads_to=[origin_for_policy(view.redirect_uri)]
    )


@dataclass(frozen=True, slots=True)
class ConsentText:
    """The words that a person agrees to."""

    question: str
    scopes: tuple[str, ...]
    duration: str
    withdrawal: str

    @property
    def digest(self) -> bytes:
        """SHA-256 of the words, for the receipt."""
        return hashlib.sha256(
            "\n".join([self.question, *self.scopes, self.duration, self.withdrawal]).encode()
        ).digest()


def consent_text(view: ConsentView, locale: Locale) -> ConsentText:
    """Return what the page says, in one language."""
    words = Words(locale)
    who = words("consent.of_organisation", client=view.client_name, organisation=view.organisation_name)
    return ConsentText(
        question=words("consent.question", who=who if view.organisation_name else view.client_name),
        scopes=tuple(scope_text(scope, locale) for scope in view.scopes),
        duration=words("consent.duration", days=max(1, view.life.days)),
        withdrawal=words("consent.withdrawal"),
    )


def scope_text(scope: Scope, locale: Locale) -> str:
    """Return in plain words what a scope allows."""
    info = SCOPES[scope]
    return info.indonesian if locale is Locale.INDONESIAN else info.english


def post_text(post: HeldPost, words: Words) -> str:
    """Return a post as people call it."""
    role = words(f"role.{post.role.value.lower()}")
    return words("consent.post", role=role, organisation=post.organisation_name) if post.organisation_name else role


def _ways(view: ConsentView, words: Words) -> list[tuple[str, str, bool]]:
    """Return the ways to act: value, label, and whether it is chosen at first."""
    ways = [(str(post.post_id), post_text(post, words)) for post in view.posts]
    if view.as_participant:
        ways.append((PARTICIPANT, words("role.participant")))
    chosen = view.chosen if view.chosen in {value for value, _ in ways} else (ways[0][0] if ways else None)
    return [(value, label, value == chosen) for value, label in ways]
