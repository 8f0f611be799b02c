"""Sessions of browsers: what their owners may do with them."""

from enum import StrEnum


class SessionRefusal(StrEnum):
    """Why a session is not ended. These values are the codes that clients see."""

    CONFLICT = "CONFLICT"
    SESSION_NOT_FOUND = "SESSION_NOT_FOUND"
