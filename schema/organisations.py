"""Organisations as a client sees them: legal entities, their owners, and the roles they play."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from engine.enums import describe
from engine.graph import Node, Row
from engine.sources import EVERYONE, column, edge, listed
from models import tables as rows
from resolvers import organisations as do
from rules.organisations import Ownership
from schema.regions import Region

if TYPE_CHECKING:
    from schema.marketplaces import Marketplace
    from schema.payers import Payer
    from schema.providers import Provider

describe(
    Ownership,
    "Who stands behind a legal entity.",
    PRIVATE="Private owners.",
    STATE_ENTERPRISE="A state-owned enterprise (BUMN).",
    REGIONAL_ENTERPRISE="An enterprise of a province or regency (BUMD).",
    CENTRAL_GOVERNMENT="A ministry or agency.",
    LOCAL_GOVERNMENT="A province, regency or city.",
)


@strawberry.type(description="A share that one organisation holds in another.")
class Shareholding(Row, table=rows.Shareholding, visible=EVERYONE):
    """An edge of the ownership graph."""

    share_bp: int = column(rows.Shareholding.share_bp, description="The share in basis points: 10,000 is the whole.")
    owner: Annotated["Organisation", strawberry.lazy("schema.organisations")] = edge(
        rows.Shareholding.owner, description="Who holds the share."
    )
    owned: Annotated["Organisation", strawberry.lazy("schema.organisations")] = edge(
        rows.Shareholding.owned, description="What the share is in."
    )


@strawberry.type(
    description="A legal entity of the programme. It may teach, sell or pay; it may never sell its own courses."
)
class Organisation(Node, table=rows.Organisation, visible=EVERYONE, code="Or"):
    """An organisation."""

    legal_name: str = column(rows.Organisation.legal_name, description="The name it is registered by.")
    ownership: Ownership = column(rows.Organisation.ownership, description="Who stands behind it.")
    region: Region = edge(rows.Organisation.region, description="Where it has its seat.")
    provider: Annotated["Provider", strawberry.lazy("schema.providers")] | None = edge(
        rows.Organisation.provider, description="Its role as a training institution, if it has one."
    )
    marketplace: Annotated["Marketplace", strawberry.lazy("schema.marketplaces")] | None = edge(
        rows.Organisation.marketplace, description="Its role as a marketplace, if it has one."
    )
    payer: Annotated["Payer", strawberry.lazy("schema.payers")] | None = edge(
        rows.Organisation.payer, description="Its role as a payment partner, if it has one."
    )
    owners: list[Shareholding] = listed(
        do.shareholdings, on=rows.Shareholding.owned_id, order=do.BY_SHARE, description="Who owns it, largest first."
    )
    holdings: list[Shareholding] = listed(
        do.shareholdings, on=rows.Shareholding.owner_id, order=do.BY_SHARE, description="What it owns, largest first."
    )
