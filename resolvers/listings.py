"""Listings: where a course can be bought; put on a marketplace's shelf, changed and taken down.

Locks are taken in one order: a course before its listings.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Annotated
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import aliased
from typing_extensions import Doc

from engine.errors import Code, Rejected
from models.base import belongs
from models.courses import Course
from models.listings import Listing
from models.marketplaces import Marketplace
from models.writes import KEY, Write
from rules.access import Role, Viewer
from rules.ids import CourseId, ListingId
from rules.links import Url
from rules.listings import (
    URL_MAX,
    ListingRefusal,
    offered,
    refuse_change,
    refuse_listing,
    refuse_terms,
    taken_down,
)
from rules.money import COMMISSION_CAP_BP
from rules.publication import EVER_PUBLIC, PublicationState
from rules.refusals import Refusal, Refused

BY_MARKETPLACE = (Listing.marketplace_id.asc(),)


class ListingOrder(Enum):
    """Orders of listings."""

    NEWEST = (Listing.id.desc(),)
    OLDEST = (Listing.id.asc(),)


def listings_visible(viewer: Viewer) -> ColumnElement[bool]:
    """Return which listings the viewer may see: those on offer, and his own, of his shelf or of his courses."""
    public = Listing.state == PublicationState.PUBLISHED
    if viewer.is_staff:
        return or_(public, ~Listing.sandbox)
    if viewer.role is Role.MARKETPLACE:
        return or_(public, _own(viewer))
    if viewer.role is Role.INSTITUTION:
        course = aliased(Course)
        taught = select(course.id).where(
            course.id == Listing.course_id, belongs(course.provider_id, viewer.provider_id)
        )
        return or_(public, and_(~Listing.sandbox, taught.exists()))
    return public


def _own(viewer: Viewer) -> ColumnElement[bool]:
    """Return which listings stand on the viewer's shelf; on trial it sees those that it put there on trial."""
    trial = Listing.sandbox if viewer.sandbox else ~Listing.sandbox
    return and_(belongs(Listing.marketplace_id, viewer.marketplace_id), trial)


def listings_of(viewer: Viewer) -> Select[Listing]:
    """Return the offers of a course or of a marketplace."""
    del viewer
    return select(Listing)


def own_listings(viewer: Viewer) -> Select[Listing]:
    """Return what stands or stood on the viewer's own shelf."""
    return select(Listing).where(_own(viewer))


COMMISSION = Doc(f"What the marketplace keeps of the price, in basis points: 0 to {COMMISSION_CAP_BP:,}.")
BROKEN = {
    "listings_once_per_marketplace": Refusal(ListingRefusal.ALREADY_LISTED, ("course",)),
    "listings_not_own_courses": Refusal(ListingRefusal.OWN_COURSE, ("course",)),
}
"""What it means when the database refuses: a twin was faster, or the institution is of the marketplace's group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCourseInput:
    """A course to put on the shelf, and the terms."""

    course: Annotated[CourseId, Doc("Which course.")]
    commission_bp: Annotated[int, COMMISSION]
    url: Annotated[Url, Doc("Where the course is bought.")]
    idempotency_key: Annotated[str, KEY]


async def list_course(write: Write, wish: ListCourseInput) -> ListingId:
    """Put a course on the marketplace's shelf, or back on it. Nobody decides on that: what is to be checked is here.

    Raises:
        Refused: with a ListingRefusal; nothing was written.
    """
    _check_terms(wish.commission_bp, wish.url)
    shop = await _shop(write)
    course = await write.session.scalar(
        select(Course).where(Course.id == wish.course, ~Course.sandbox).with_for_update(read=True)
    )
    # What the public has not seen is not there for a marketplace.
    if course is None or course.state not in EVER_PUBLIC:
        raise Refused(ListingRefusal.COURSE_NOT_FOUND, "course")
    listing = await _listing(write, Listing.course_id == course.id)
    trial = write.viewer.sandbox
    if refusal := refuse_listing(course.state, shop.state, listing and listing.state, sandbox=trial):
        raise Refused(refusal, "course", state=course.state)

    if listing is None:
        listing = Listing(marketplace_id=shop.id, course_id=course.id, listed_at=write.now, sandbox=trial)
        write.session.add(listing)
    listing.commission_bp, listing.url, listing.state = wish.commission_bp, wish.url, offered(sandbox=trial)
    await write.session.flush()
    write.record("listing.published", "listing", listing.id, _facts(listing))
    return ListingId(listing.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class EditListingInput:
    """New terms of an offer. What is left out or null stays as it is."""

    id: Annotated[ListingId, Doc("Which listing.")]
    commission_bp: Annotated[int | None, COMMISSION] = None
    url: Annotated[Url | None, Doc("Where the course is bought.")] = None
    idempotency_key: Annotated[str, KEY]


async def edit_listing(write: Write, wish: EditListingInput) -> ListingId:
    """Change the terms of an offer.

    Raises:
        Refused: with a ListingRefusal; nothing was written.
    """
    listing = await _own_offer(write, wish.id)
    commission_bp = listing.commission_bp if wish.commission_bp is None else wish.commission_bp
    url = listing.url if wish.url is None else wish.url
    _check_terms(commission_bp, url)

    listing.commission_bp, listing.url = commission_bp, url
    write.record("listing.edited", "listing", listing.id, _facts(listing))
    return ListingId(listing.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlistCourseInput:
    """Which offer is taken down."""

    id: Annotated[ListingId, Doc("Which listing.")]
    idempotency_key: Annotated[str, KEY]


async def unlist_course(write: Write, wish: UnlistCourseInput) -> ListingId:
    """Take a course off the marketplace's shelf. It may come back; who bought it keeps it.

    Raises:
        Refused: with a ListingRefusal; nothing was written.
    """
    listing = await _own_offer(write, wish.id)
    listing.state = taken_down(sandbox=listing.sandbox)
    write.record("listing.retired", "listing", listing.id, _facts(listing))
    return ListingId(listing.id)


def _check_terms(commission_bp: int, url: str) -> None:
    if refusal := refuse_terms(commission_bp, url):
        field = "url" if refusal is ListingRefusal.BAD_LINK else "commissionBp"
        raise Refused(refusal, field, commission_max_bp=COMMISSION_CAP_BP, length_max=URL_MAX)


async def _shop(write: Write) -> Marketplace:
    """Return the marketplace for which the viewer writes."""
    key = write.viewer.marketplace_id
    shop = None if key is None else await write.session.get(Marketplace, key)
    if shop is None:
        raise Rejected(Code.FORBIDDEN, "Only a marketplace lists courses. Sign in for one.")
    return shop


async def _listing(write: Write, which: ColumnElement[bool]) -> Listing | None:
    """Return an offer of the viewer's own, and hold it."""
    return await write.session.scalar(own_listings(write.viewer).where(which).with_for_update(key_share=True))


async def _own_offer(write: Write, key: ListingId) -> Listing:
    """Return an offer of the viewer's own that may change; another's is as one that does not exist."""
    listing = await _listing(write, Listing.id == key)
    if listing is None:
        raise Refused(ListingRefusal.LISTING_NOT_FOUND, "id")
    if refusal := refuse_change(listing.state, sandbox=listing.sandbox):
        raise Refused(refusal, "id")
    return listing


def _facts(listing: Listing) -> dict[str, UUID | int]:
    return {
        "course_id": listing.course_id,
        "marketplace_id": listing.marketplace_id,
        "commission_bp": listing.commission_bp,
    }
