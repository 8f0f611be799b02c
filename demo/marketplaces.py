"""Marketplaces: eight made-up shops for courses."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from demo.organisations import ENTERED, OrganisationRow, partners
from demo.recipes import PROGRAMME_START, Recipe
from rules.publication import PublicationState


class MarketplaceRow(NamedTuple):
    """A row of ``marketplaces``."""

    id: UUID
    organisation_id: UUID
    code: str
    name: str
    website: str
    state: PublicationState
    published_at: datetime


@dataclass(frozen=True, slots=True)
class MarketplacePlan:
    """A marketplace, the commissions that it asks (basis points, from and to) and how much of the catalogue it has."""

    row: MarketplaceRow
    commission_bp: tuple[int, int]
    reach: float


def marketplaces(recipe: Recipe, companies: dict[str, OrganisationRow]) -> list[MarketplacePlan]:
    """Return all marketplaces; every scale has all of them. Their addresses are in a domain that nobody can own."""
    keys = recipe.keys("marketplaces")
    return [
        MarketplacePlan(
            MarketplaceRow(
                keys.new(ENTERED),
                companies[shop["code"]].id,
                shop["code"],
                shop["name"],
                f"https://{shop['code']}.example",
                PublicationState.PUBLISHED,
                PROGRAMME_START,
            ),
            (shop["commission_bp"][0], shop["commission_bp"][1]),
            shop["reach"],
        )
        for shop in partners()["marketplaces"]
    ]
