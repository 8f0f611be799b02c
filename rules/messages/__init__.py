"""What people are told of a refusal: why, and what to do next, in English and Indonesian.

Each list of refusals has its texts in a file of its concept's name; a test names the code that lacks one.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from rules.browser_sessions import SessionRefusal
from rules.clients import ClientRefusal
from rules.consents import ConsentRefusal
from rules.courses import CourseRefusal
from rules.decisions import DecisionRefusal
from rules.invitations import InvitationRefusal
from rules.listings import ListingRefusal
from rules.messages import clients, courses, decisions, invitations, listings, people, runs
from rules.messages.texts import Bilingual, Texts
from rules.refusals import Refusal
from rules.runs import RunRefusal

TEXTS: Mapping[type[StrEnum], Texts] = {
    ClientRefusal: clients.TEXTS,
    ConsentRefusal: people.CONSENTS,
    CourseRefusal: courses.TEXTS,
    DecisionRefusal: decisions.TEXTS,
    InvitationRefusal: invitations.TEXTS,
    ListingRefusal: listings.TEXTS,
    RunRefusal: runs.TEXTS,
    SessionRefusal: people.SESSIONS,
}
"""The texts of every list of refusals that a mutation answers with."""


def message_of(words: type[StrEnum], refusal: Refusal) -> Bilingual:
    """Return why, with the refusal's own figures."""
    return _filled(TEXTS[words][refusal.code].message, refusal.details)


def remedy_of(words: type[StrEnum], refusal: Refusal) -> Bilingual:
    """Return what to do next."""
    return _filled(TEXTS[words][refusal.code].remedy, refusal.details)


def _filled(text: Bilingual, details: Mapping[str, Any]) -> Bilingual:
    return Bilingual(english=text.english.format_map(details), indonesian=text.indonesian.format_map(details))
