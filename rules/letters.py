"""Letters: messages to people, by e-mail or to a phone."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from rules.contacts import Contact


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to one person. The same id is the same message, however often it is handed over."""

    id: UUID
    to: Contact
    subject: str
    """For e-mail; a text message has none."""
    text: str
    expires_at: datetime
    """After this it is of no use to anybody, and is not sent."""
