"""Listings as a client sees them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from engine.enums import describe
from engine.graph import Node
from engine.pages import Connection
from engine.sources import column, edge, mutation, pages
from models import tables as rows
from resolvers import listings as do
from rules.access import Scope
from rules.links import Url
from rules.listings import ListingRefusal
from rules.publication import PublicationState
from schema.marketplaces import Marketplace
from schema.writes import UserError, Written, describe_refusals, showing

if TYPE_CHECKING:
    from schema.courses import Course

describe_refusals(ListingRefusal, "Why a marketplace may not do this with a listing.")
describe(do.ListingOrder, "How listings are ordered.", NEWEST="The latest first.", OLDEST="The earliest first.")


@strawberry.type(description="A course on a marketplace's shelf. The price is the course's, everywhere.")
class Listing(Node, table=rows.Listing, visible=do.listings_visible, code="Li"):
    """A listing."""

    state: PublicationState = column(rows.Listing.state, description="Whether it is on offer.")
    commission_bp: int = column(
        rows.Listing.commission_bp,
        description="What the marketplace keeps of the price, in basis points; 1,500 at most.",
    )
    url: Url = column(rows.Listing.url, description="Where the course is bought.")
    listed_at: datetime = column(rows.Listing.listed_at, description="When it was first offered.")
    marketplace: Marketplace = edge(rows.Listing.marketplace, with_parent=True, description="Who sells.")
    course: Annotated["Course", strawberry.lazy("schema.courses")] = edge(
        rows.Listing.course, with_parent=True, description="What is sold."
    )


@strawberry.type(description="Why a listing was not written so.")
class ListingError(UserError):
    """A refusal of what is to be done with a listing."""

    code: ListingRefusal = strawberry.field(description="The word to decide by.")


@strawberry.interface(description="The listing as it is now, or `errors` that say why nothing was written.")
class ListingPayload:
    """What a write of a listing comes to."""

    listing: Listing | None = strawberry.field(description="The listing; null when `errors` say something.")
    errors: list[ListingError] = strawberry.field(description="Why not; empty when it was done.")


@strawberry.type(description="What listing a course came to.")
class ListCoursePayload(ListingPayload):
    """An offer."""


@strawberry.type(description="What changing the terms came to.")
class EditListingPayload(ListingPayload):
    """New terms."""


@strawberry.type(description="What unlisting a course came to.")
class UnlistCoursePayload(ListingPayload):
    """An offer that was taken back."""


WRITTEN = Written(ListingRefusal, showing("Listing"), do.BROKEN)


@strawberry.type
class ListingQueries:
    """Reads of a marketplace's own shelf."""

    my_listings: Connection[Listing] = pages(
        do.own_listings,
        orders=do.ListingOrder,
        scopes=(Scope.LISTINGS_READ,),
        description="What stands or stood on the marketplace's own shelf.",
    )


@strawberry.type
class ListingMutations:
    """What marketplaces offer."""

    list_course: ListCoursePayload | None = mutation(
        WRITTEN.by(do.list_course),
        scopes=(Scope.LISTINGS_WRITE,),
        description="Put a course on the marketplace's shelf, or back on it.",
    )
    edit_listing: EditListingPayload | None = mutation(
        WRITTEN.by(do.edit_listing),
        scopes=(Scope.LISTINGS_WRITE,),
        description="Change an offer's commission or link.",
    )
    unlist_course: UnlistCoursePayload | None = mutation(
        WRITTEN.by(do.unlist_course),
        scopes=(Scope.LISTINGS_WRITE,),
        description="Take a course off the marketplace's shelf.",
    )
