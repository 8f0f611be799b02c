"""Listings: which marketplaces offer which courses."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from demo.courses import CoursePlan
from demo.marketplaces import MarketplacePlan
from demo.recipes import Recipe, between
from demo.words import slug
from rules.organisations import Share, group_of
from rules.publication import EVER_PUBLIC, PublicationState

NUMBERS = {1: 22, 2: 30, 3: 24, 4: 15, 5: 9}
"""On how many marketplaces a course is, and how usual that is."""

STEP_BP = 50


class ListingRow(NamedTuple):
    """A row of ``listings``."""

    id: UUID
    marketplace_id: UUID
    course_id: UUID
    commission_bp: int
    url: str
    state: PublicationState
    listed_at: datetime


def listings(
    recipe: Recipe, courses: list[CoursePlan], marketplaces: list[MarketplacePlan], shares: list[Share]
) -> list[ListingRow]:
    """Return the listings of all courses that were ever public; no marketplace sells for its own group."""
    random, keys = recipe.random("listings"), recipe.keys("listings")
    own = {shop.row.id: group_of(shop.row.organisation_id, shares) for shop in marketplaces}
    agreed: dict[tuple[UUID, UUID], int] = {}
    rows: list[ListingRow] = []
    for course in courses:
        row = course.row
        if row.state not in EVER_PUBLIC or row.published_at is None:
            continue
        able = [shop for shop in marketplaces if course.provider.organisation.id not in own[shop.row.id]]
        number = random.choices(list(NUMBERS), weights=list(NUMBERS.values()))[0]
        # The largest of weighted draws: sampling without replacement in proportion to the marketplaces' reach.
        chosen = sorted(able, key=lambda shop: random.random() ** (1 / shop.reach), reverse=True)[:number]
        for shop in chosen:
            listed_at = between(random, row.published_at, min(recipe.now, row.published_at + timedelta(days=90)))
            agreement = (shop.row.id, row.provider_id)
            if agreement not in agreed:
                low, high = shop.commission_bp
                agreed[agreement] = low + STEP_BP * random.randint(0, (high - low) // STEP_BP)
            rows.append(
                ListingRow(
                    keys.new(listed_at),
                    shop.row.id,
                    row.id,
                    agreed[agreement],
                    f"{shop.row.website}/kursus/{slug(row.title)}-{row.code.lower()}",
                    row.state if row.state is not PublicationState.PUBLISHED else _state(random.random()),
                    listed_at,
                )
            )
    return rows


def _state(chance: float) -> PublicationState:
    """Return the state of a listing of a course on sale: nearly all of them are on sale too."""
    if chance < 0.015:  # noqa: PLR2004
        return PublicationState.SUSPENDED
    if chance < 0.025:  # noqa: PLR2004
        return PublicationState.RETIRED
    return PublicationState.PUBLISHED
