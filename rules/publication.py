"""The life of what partners publish: organisations' roles, courses and listings share one state machine."""

from dataclasses import dataclass
from enum import Enum, StrEnum


class PublicationState(StrEnum):
    """Where an offer stands between a partner's draft and the public catalogue."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    CHANGES_REQUESTED = "CHANGES_REQUESTED"
    APPROVED = "APPROVED"
    PUBLISHED = "PUBLISHED"
    SUSPENDED = "SUSPENDED"
    RETIRED = "RETIRED"


EVER_PUBLIC = (PublicationState.PUBLISHED, PublicationState.SUSPENDED, PublicationState.RETIRED)
"""States of what the public has seen once and may look up again; only PUBLISHED is on offer."""

WRITABLE = (PublicationState.DRAFT, PublicationState.CHANGES_REQUESTED)
"""States in which the partner may still write what it likes."""


@dataclass(frozen=True, slots=True)
class Way:
    """From where to where a step leads."""

    sources: tuple[PublicationState, ...]
    target: PublicationState


class Step(Enum):
    """The steps of an offer's life. Who may take which is the matter of scopes and of ownership."""

    SUBMIT = Way(WRITABLE, PublicationState.SUBMITTED)
    WITHDRAW = Way((PublicationState.SUBMITTED, PublicationState.APPROVED), PublicationState.DRAFT)
    REQUEST_CHANGES = Way((PublicationState.SUBMITTED,), PublicationState.CHANGES_REQUESTED)
    APPROVE = Way((PublicationState.SUBMITTED,), PublicationState.APPROVED)
    PUBLISH = Way((PublicationState.APPROVED,), PublicationState.PUBLISHED)
    SUSPEND = Way((PublicationState.PUBLISHED,), PublicationState.SUSPENDED)
    REINSTATE = Way((PublicationState.SUSPENDED,), PublicationState.PUBLISHED)
    RETIRE = Way((PublicationState.PUBLISHED, PublicationState.SUSPENDED), PublicationState.RETIRED)


def sources_of(step: Step) -> str:
    """Return the states from which ``step`` can be taken, for a message."""
    return ", ".join(step.value.sources)


def leads_on(step: Step, state: PublicationState) -> bool:
    """Return whether ``step`` can be taken from ``state``."""
    return state in step.value.sources
