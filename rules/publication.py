"""The life of what partners publish: organisations' roles, courses and listings share one state machine."""

from enum import StrEnum


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
