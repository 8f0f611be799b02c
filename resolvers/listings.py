"""Listings: where a course can be bought."""

from enum import Enum

from sqlalchemy import ColumnElement, Select, select

from models.listings import Listing
from rules.access import Viewer
from rules.publication import PublicationState

BY_MARKETPLACE = (Listing.marketplace_id.asc(),)


class ListingOrder(Enum):
    """Orders of listings."""

    NEWEST = (Listing.id.desc(),)
    OLDEST = (Listing.id.asc(),)


def listings_visible(viewer: Viewer) -> ColumnElement[bool]:
    """Return which listings the viewer may see: those on offer."""
    del viewer
    return Listing.state == PublicationState.PUBLISHED


def listings_of(viewer: Viewer) -> Select[Listing]:
    """Return the offers of a course or of a marketplace."""
    del viewer
    return select(Listing)
