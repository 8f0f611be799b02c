"""Invitations: an organisation may register an application, once, within some days."""

from datetime import timedelta
from enum import StrEnum

INVITATION_LIFE = timedelta(days=14)
"""Long enough for a holiday, short enough that a forgotten message opens nothing."""
INVITATIONS_MAX = 10
"""Open invitations of one organisation: more are forgotten ones."""


class InvitationRefusal(StrEnum):
    """Why an invitation is not made or taken back. These values are the codes that clients see."""

    CONFLICT = "CONFLICT"
    ORGANISATION_NOT_FOUND = "ORGANISATION_NOT_FOUND"
    ROLE_NOT_PLAYED = "ROLE_NOT_PLAYED"
    TOO_MANY_INVITATIONS = "TOO_MANY_INVITATIONS"
    INVITATION_NOT_FOUND = "INVITATION_NOT_FOUND"
    INVITATION_OVER = "INVITATION_OVER"
