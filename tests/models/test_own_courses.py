"""No marketplace lists a course of its own group, whichever side moves."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from rules.organisations import Share, controlled_by, group_of

if TYPE_CHECKING:
    from conftest import Rows

    Connection = asyncpg.Connection[asyncpg.Record]

HALF, MAJORITY, WHOLE = 5_000, 5_001, 10_000


class Market:
    """A marketplace, an institution and its listed course, of organisations that have nothing to do with each other."""

    def __init__(self, rows: "Rows") -> None:
        self.rows = rows

    async def open(self) -> "Market":
        """Add the rows."""
        add = self.rows.add
        self.shop_organisation = await add("organisations")
        self.school_organisation = await add("organisations")
        self.shop = await add("marketplaces", organisation_id=self.shop_organisation)
        self.school = await add("providers", organisation_id=self.school_organisation)
        self.course = await add("courses", provider_id=self.school)
        self.listing = await add("listings", marketplace_id=self.shop, course_id=self.course)
        self.own_school = await add("providers", organisation_id=self.shop_organisation)
        self.own_course = await add("courses", provider_id=self.own_school)
        return self

    async def own(self, owner: UUID, owned: UUID, share_bp: int) -> None:
        """Add a shareholding."""
        await self.rows.add("shareholdings", owner_id=owner, owned_id=owned, share_bp=share_bp)

    async def set(self, table: str, column: str, value: UUID, key: UUID) -> None:
        """Change one column of one row."""
        await self.rows.connection.execute(f"UPDATE {table} SET {column} = $1 WHERE id = $2", value, key)  # noqa: S608


@pytest.fixture
async def market(rows: "Rows") -> Market:
    return await Market(rows).open()


async def list_an_own_course(market: Market) -> None:
    await market.rows.add("listings", marketplace_id=market.shop, course_id=market.own_course)


async def point_a_listing_at_an_own_course(market: Market) -> None:
    await market.set("listings", "course_id", market.own_course, market.listing)


async def point_a_listing_at_the_schools_marketplace(market: Market) -> None:
    shop = await market.rows.add("marketplaces", organisation_id=market.school_organisation)
    await market.set("listings", "marketplace_id", shop, market.listing)


async def give_the_course_to_an_own_institution(market: Market) -> None:
    await market.set("courses", "provider_id", market.own_school, market.course)


async def give_the_institution_to_the_marketplaces_owner(market: Market) -> None:
    await market.set("providers", "organisation_id", await market.rows.add("organisations"), market.own_school)
    await market.set("providers", "organisation_id", market.shop_organisation, market.school)


async def give_the_marketplace_to_the_institutions_owner(market: Market) -> None:
    await market.set("marketplaces", "organisation_id", market.school_organisation, market.shop)


async def buy_the_institution(market: Market) -> None:
    await market.own(market.shop_organisation, market.school_organisation, MAJORITY)


async def be_bought_by_the_institution(market: Market) -> None:
    await market.own(market.school_organisation, market.shop_organisation, MAJORITY)


async def raise_a_share_over_half(market: Market) -> None:
    await market.own(market.shop_organisation, market.school_organisation, HALF)
    await market.rows.connection.execute("UPDATE shareholdings SET share_bp = $1", MAJORITY)


async def come_under_one_owner(market: Market) -> None:
    owner = await market.rows.add("organisations")
    await market.own(owner, market.shop_organisation, MAJORITY)
    await market.own(owner, market.school_organisation, MAJORITY)


async def hide_behind_a_chain(market: Market) -> None:
    between = await market.rows.add("organisations")
    await market.own(market.shop_organisation, between, MAJORITY)
    await market.own(between, market.school_organisation, MAJORITY)


async def hold_two_minorities(market: Market) -> None:
    subsidiary = await market.rows.add("organisations")
    await market.own(market.shop_organisation, subsidiary, WHOLE)
    await market.own(market.shop_organisation, market.school_organisation, 3_000)
    await market.own(subsidiary, market.school_organisation, 3_000)


WAYS_IN = (
    list_an_own_course,
    point_a_listing_at_an_own_course,
    point_a_listing_at_the_schools_marketplace,
    give_the_course_to_an_own_institution,
    give_the_institution_to_the_marketplaces_owner,
    give_the_marketplace_to_the_institutions_owner,
    buy_the_institution,
    be_bought_by_the_institution,
    raise_a_share_over_half,
    come_under_one_owner,
    hide_behind_a_chain,
    hold_two_minorities,
)


@pytest.mark.parametrize("way", WAYS_IN, ids=lambda way: way.__name__)
async def test_no_way_leads_to_an_own_course(way: Callable[[Market], Awaitable[None]], market: Market) -> None:
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await way(market)

    assert refused.value.constraint_name == "listings_not_own_courses"
    assert refused.value.hint


async def test_a_retired_listing_of_an_own_course_is_refused_as_well(market: Market) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await market.rows.add("listings", marketplace_id=market.shop, course_id=market.own_course, state="RETIRED")


async def test_half_of_an_institution_may_be_held(market: Market) -> None:
    await market.own(market.shop_organisation, market.school_organisation, HALF)


async def test_an_own_institution_may_teach_what_others_sell(market: Market) -> None:
    await market.rows.add("listings", course_id=market.own_course)


async def test_a_group_that_lists_nothing_may_grow(market: Market) -> None:
    await market.rows.connection.execute("DELETE FROM listings")

    await buy_the_institution(market)


async def test_nobody_sells_more_than_the_whole(market: Market) -> None:
    owned = await market.rows.add("organisations")
    await market.own(market.shop_organisation, owned, HALF)

    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await market.own(market.school_organisation, owned, MAJORITY)

    assert refused.value.constraint_name == "shareholdings_at_most_whole"


async def test_an_old_snapshot_is_no_ground_for_a_decision(fresh_database_url: str) -> None:
    connection = await asyncpg.connect(fresh_database_url)
    try:
        with pytest.raises(asyncpg.FeatureNotSupportedError, match="REPEATABLE READ"):
            async with connection.transaction(isolation="repeatable_read"):
                await connection.execute("UPDATE shareholdings SET share_bp = 1")
    finally:
        await connection.close()


ORGANISATIONS = [UUID(int=number) for number in range(1, 6)]
EDGES = st.dictionaries(
    st.tuples(st.sampled_from(ORGANISATIONS), st.sampled_from(ORGANISATIONS)).filter(lambda edge: edge[0] != edge[1]),
    st.sampled_from([1_500, 2_500, 3_000, 4_000, 5_000, 5_001, 10_000]),
    max_size=9,
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
@given(edges=EDGES)
async def test_the_database_and_the_rule_see_the_same_groups(
    edges: dict[tuple[UUID, UUID], int], connection: "Connection", rows: "Rows"
) -> None:
    shares = [Share(owner, owned, share_bp) for (owner, owned), share_bp in edges.items()]
    for one in ORGANISATIONS:
        assume(sum(share.share_bp for share in shares if share.owned == one) <= WHOLE)
    inner = connection.transaction()
    await inner.start()
    try:
        region = await rows.add("regions")
        for one in ORGANISATIONS:
            await rows.add("organisations", id=one, region_id=region)
        await connection.executemany(
            "INSERT INTO shareholdings VALUES ($1, $2, $3)",
            [(share.owner, share.owned, share.share_bp) for share in shares],
        )
        seen = await connection.fetch("SELECT id, controlled_by(id) AS down, group_of(id) AS around FROM organisations")
    finally:
        await inner.rollback()

    assert {row["id"]: (set(row["down"]), set(row["around"])) for row in seen} == {
        one: (controlled_by(one, shares), group_of(one, shares)) for one in ORGANISATIONS
    }
