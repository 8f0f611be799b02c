"""Listings: when a marketplace may offer a course. Source: Permenko 11/2020 and the programme's audit of June 2020."""

from enum import StrEnum

from rules.money import COMMISSION_CAP_BP
from rules.publication import PublicationState


class ListingRefusal(StrEnum):
    """Why a marketplace may not do this with a listing. These values are the codes that clients see."""

    CONFLICT = "CONFLICT"
    COURSE_NOT_FOUND = "COURSE_NOT_FOUND"
    LISTING_NOT_FOUND = "LISTING_NOT_FOUND"
    COURSE_NOT_ON_SALE = "COURSE_NOT_ON_SALE"
    MARKETPLACE_NOT_PUBLISHED = "MARKETPLACE_NOT_PUBLISHED"
    OWN_COURSE = "OWN_COURSE"
    ALREADY_LISTED = "ALREADY_LISTED"
    NOT_LISTED = "NOT_LISTED"
    LISTING_SUSPENDED = "LISTING_SUSPENDED"
    COMMISSION_TOO_HIGH = "COMMISSION_TOO_HIGH"
    BAD_LINK = "BAD_LINK"


URL_MAX = 500
"""Characters of a link."""


def refuse_terms(commission_bp: int, url: str) -> ListingRefusal | None:
    """Return what is wrong with the terms of an offer, or None. Basis points of the course's price."""
    if not 0 <= commission_bp <= COMMISSION_CAP_BP:
        return ListingRefusal.COMMISSION_TOO_HIGH
    return ListingRefusal.BAD_LINK if not _is_link(url) else None


def _is_link(url: str) -> bool:
    host = url.removeprefix("https://").partition("/")[0]
    plain = url.isascii() and url.isprintable() and not set(url) & set(" \"'<>\\")
    return url.startswith("https://") and plain and "." in host and "@" not in host and len(url) <= URL_MAX


def refuse_listing(
    course: PublicationState,
    marketplace: PublicationState,
    listing: PublicationState | None,
    *,
    sandbox: bool = False,
) -> ListingRefusal | None:
    """Return why a marketplace may not put a course on its shelf, or None.

    ``listing``: how an earlier offer of the same course stands. A marketplace on trial need not be published.
    """
    if course is not PublicationState.PUBLISHED:
        return ListingRefusal.COURSE_NOT_ON_SALE
    if marketplace is not PublicationState.PUBLISHED and not sandbox:
        return ListingRefusal.MARKETPLACE_NOT_PUBLISHED
    if listing is PublicationState.SUSPENDED:
        return ListingRefusal.LISTING_SUSPENDED
    return ListingRefusal.ALREADY_LISTED if listing == offered(sandbox=sandbox) else None


def refuse_change(listing: PublicationState, *, sandbox: bool = False) -> ListingRefusal | None:
    """Return why the terms of an offer may not change or why it may not be taken down, or None."""
    if listing is PublicationState.SUSPENDED:
        return ListingRefusal.LISTING_SUSPENDED
    return ListingRefusal.NOT_LISTED if listing != offered(sandbox=sandbox) else None


def offered(*, sandbox: bool) -> PublicationState:
    """Return the state of an offer that passed all checks; what is on trial is never on offer."""
    return PublicationState.APPROVED if sandbox else PublicationState.PUBLISHED


def taken_down(*, sandbox: bool) -> PublicationState:
    """Return the state of an offer that the marketplace took back."""
    return PublicationState.DRAFT if sandbox else PublicationState.RETIRED
