"""The programme: everything that a recipe makes, table by table, in the order in which rows refer to each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from demo.courses import CourseRow, courses
from demo.listings import ListingRow, listings
from demo.marketplaces import MarketplaceRow, marketplaces
from demo.organisations import OrganisationRow, ShareholdingRow, companies, shareholdings, shares
from demo.payers import PayerRow, payers
from demo.providers import COMPANIES, ProviderRow, providers
from demo.ratings import RatingRow, ratings
from demo.recipes import Recipe
from demo.runs import RunRow, Runs, SessionRow

TABLES: dict[str, type[NamedTuple]] = {
    "organisations": OrganisationRow,
    "shareholdings": ShareholdingRow,
    "marketplaces": MarketplaceRow,
    "payers": PayerRow,
    "providers": ProviderRow,
    "courses": CourseRow,
    "runs": RunRow,
    "sessions": SessionRow,
    "listings": ListingRow,
    "ratings": RatingRow,
}
"""What the demo fills, referenced tables first. A row's fields are the columns that it sets."""


@dataclass(frozen=True, slots=True)
class Programme:
    """All rows of a made-up programme."""

    organisations: list[OrganisationRow]
    shareholdings: list[ShareholdingRow]
    marketplaces: list[MarketplaceRow]
    payers: list[PayerRow]
    providers: list[ProviderRow]
    courses: list[CourseRow]
    runs: list[RunRow]
    sessions: list[SessionRow]
    listings: list[ListingRow]
    ratings: list[RatingRow]

    def rows(self, table: str) -> Sequence[tuple[Any, ...]]:
        """Return the rows of one of ``TABLES``."""
        return getattr(self, table)


def programme(recipe: Recipe) -> Programme:
    """Return the programme that a recipe makes; full scale takes some seconds and about 150 MB."""
    entities = companies(recipe)
    institutions = providers(recipe)
    owners = shareholdings(entities, [plan.organisation for plan in institutions[:COMPANIES]])
    shops = marketplaces(recipe, entities)
    catalogue = courses(recipe, institutions)
    maker = Runs(recipe)
    dates = [run for course in catalogue for run in maker.of(course)]
    return Programme(
        organisations=[*entities.values(), *(plan.organisation for plan in institutions)],
        shareholdings=owners,
        marketplaces=[shop.row for shop in shops],
        payers=payers(recipe, entities),
        providers=[plan.row for plan in institutions],
        courses=[plan.row for plan in catalogue],
        runs=[run for run, _ in dates],
        sessions=[meeting for _, meetings in dates for meeting in meetings],
        listings=listings(recipe, catalogue, shops, shares(owners)),
        ratings=ratings(recipe, catalogue),
    )


def marketplace_keys(recipe: Recipe) -> dict[str, UUID]:
    """Return the marketplaces' keys by code. They hang on seed and scale alone, and so tell whose demo is loaded."""
    return {shop.row.code: shop.row.id for shop in marketplaces(recipe, companies(recipe))}
