"""The programme: everything that a recipe makes, table by table, in the order in which rows refer to each other."""

from collections.abc import Iterator, Sequence
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
class Rows:
    """All rows of one table."""

    table: str
    rows: Sequence[tuple[Any, ...]]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the rows set, in their order."""
        return TABLES[self.table]._fields


def programme(recipe: Recipe) -> Iterator[Rows]:
    """Make the tables of a programme one after the other, in the order of ``TABLES``.

    Each is made when it is asked for; full scale takes some seconds and about 100 MB in all.
    """
    entities = companies(recipe)
    institutions = providers(recipe)
    owners = shareholdings(entities, [plan.organisation for plan in institutions[:COMPANIES]])
    shops = marketplaces(recipe, entities)
    yield Rows("organisations", [*entities.values(), *(plan.organisation for plan in institutions)])
    yield Rows("shareholdings", owners)
    yield Rows("marketplaces", [shop.row for shop in shops])
    yield Rows("payers", payers(recipe, entities))
    yield Rows("providers", [plan.row for plan in institutions])

    catalogue = courses(recipe, institutions)
    yield Rows("courses", [plan.row for plan in catalogue])

    maker = Runs(recipe)
    dates = [run for course in catalogue for run in maker.of(course)]
    yield Rows("runs", [run for run, _ in dates])
    yield Rows("sessions", [meeting for _, meetings in dates for meeting in meetings])
    yield Rows("listings", listings(recipe, catalogue, shops, shares(owners)))
    yield Rows("ratings", ratings(recipe, catalogue))


def marketplace_keys(recipe: Recipe) -> dict[str, UUID]:
    """Return the marketplaces' keys by code. They hang on seed and scale alone, and so tell whose demo is loaded."""
    return {shop.row.code: shop.row.id for shop in marketplaces(recipe, companies(recipe))}
