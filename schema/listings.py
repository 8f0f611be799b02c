"""Listings as a client sees them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from engine.enums import describe
from engine.graph import Node
from engine.sources import column, edge
from models import tables as rows
from resolvers import listings as do
from rules.links import Url
from schema.marketplaces import Marketplace

if TYPE_CHECKING:
    from schema.courses import Course

describe(do.ListingOrder, "How listings are ordered.", NEWEST="The latest first.", OLDEST="The earliest first.")


@strawberry.type(description="A course on a marketplace's shelf. The price is the course's, everywhere.")
class Listing(Node, table=rows.Listing, visible=do.listings_visible, code="Li"):
    """A listing."""

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
