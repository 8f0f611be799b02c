"""Marketplaces as a client sees them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from engine.enums import describe
from engine.graph import Node
from engine.pages import Connection
from engine.sources import column, edge, one, pages
from models import tables as rows
from resolvers import listings as listings_do
from resolvers import marketplaces as do
from rules.links import Url
from rules.publication import PublicationState
from schema.organisations import Organisation

if TYPE_CHECKING:
    from schema.listings import Listing

describe(
    do.MarketplaceOrder, "How marketplaces are ordered.", NAME="By name, A to Z.", NEWEST="The latest to join first."
)


@strawberry.type(description="A marketplace: it sells courses against the training balance, for a commission. Public.")
class Marketplace(Node, table=rows.Marketplace, visible=do.marketplaces_visible, code="Ma"):
    """A marketplace."""

    code: str = column(rows.Marketplace.code, description="The code that the programme gave it.")
    name: str = column(rows.Marketplace.name, description="The name it sells under.")
    website: Url = column(rows.Marketplace.website, description="Its home page.")
    state: PublicationState = column(rows.Marketplace.state, description="Whether it works in the programme now.")
    published_at: datetime | None = column(rows.Marketplace.published_at, description="When it was first published.")
    organisation: Organisation = edge(rows.Marketplace.organisation, description="The legal entity behind it.")
    listings: Connection[Annotated["Listing", strawberry.lazy("schema.listings")]] = pages(
        listings_do.listings_of,
        on=rows.Listing.marketplace_id,
        orders=listings_do.ListingOrder,
        description="What it offers.",
    )


@strawberry.type
class MarketplaceQueries:
    """Reads of marketplaces."""

    marketplace: Marketplace | None = one(do.marketplace_by, description="One marketplace; null when there is none.")
    marketplaces: Connection[Marketplace] = pages(
        do.marketplaces_published, orders=do.MarketplaceOrder, description="Marketplaces that sell now."
    )
