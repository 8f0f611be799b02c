"""Consents: what a person allowed an application to do."""

from enum import StrEnum


class ConsentRefusal(StrEnum):
    """Why a consent is not withdrawn. These values are the codes that clients see."""

    CONFLICT = "CONFLICT"
    CONSENT_NOT_FOUND = "CONSENT_NOT_FOUND"
    ALREADY_WITHDRAWN = "ALREADY_WITHDRAWN"
