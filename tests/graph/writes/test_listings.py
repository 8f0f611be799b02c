"""Marketplaces put courses on their shelves, within the law, once each."""

from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from tests.graph import catalogue
from tests.graph.writes.world import (
    INSTITUTION,
    MARKETPLACE,
    OFFICER,
    OTHER_MARKETPLACE,
    RIVAL,
    TRIAL_MARKETPLACE,
    World,
    as_another,
    together,
)

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

URL = "https://pasar1.example/kursus/1"
READ = "query ($id: ID!) { node(id: $id) { ... on Listing { state } } }"


def terms(course: Any, **changes: Any) -> dict[str, Any]:
    return {"course": course["id"], "commissionBp": 1_000, "url": URL} | changes


async def execute(world: World, statement: str, *values: Any) -> None:
    connection: Connection = await asyncpg.connect(world.url)
    await connection.execute(statement, *values)
    await connection.close()


async def test_a_course_goes_on_the_shelf_and_off_and_back(world: World) -> None:
    course = await world.course("PUBLISHED")

    listing = await world.done(MARKETPLACE, "listCourse", **terms(course))
    edited = await world.done(MARKETPLACE, "editListing", id=listing["id"], commissionBp=500)
    off = await world.done(MARKETPLACE, "unlistCourse", id=listing["id"])
    back = await world.done(MARKETPLACE, "listCourse", **terms(course, commissionBp=1_500))

    assert listing["course"]["code"] == course["code"]
    assert (edited["commissionBp"], edited["url"], off["state"]) == (500, URL, "RETIRED")
    assert back == listing | {"commissionBp": 1_500, "state": "PUBLISHED"}


async def test_a_course_stands_on_a_shelf_once(world: World) -> None:
    course = await world.course("PUBLISHED")
    await world.done(MARKETPLACE, "listCourse", **terms(course))

    assert await world.refusals(MARKETPLACE, "listCourse", **terms(course)) == [("ALREADY_LISTED", ["course"])]
    await world.done(OTHER_MARKETPLACE, "listCourse", **terms(course))


async def test_of_eight_applications_at_once_one_lists(world: World) -> None:
    course = await world.course("PUBLISHED")

    payloads = await together(
        *(world.write(as_another(MARKETPLACE, n), "listCourse", **terms(course)) for n in range(8))
    )

    assert sum(payload["listing"] is not None for payload in payloads) == 1
    codes = {error["code"] for payload in payloads for error in payload["errors"]}
    assert codes == {"ALREADY_LISTED"}


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"commissionBp": 1_501}, ("COMMISSION_TOO_HIGH", ["commissionBp"])),
        ({"commissionBp": -1}, ("COMMISSION_TOO_HIGH", ["commissionBp"])),
        ({"url": "https://pasar"}, ("BAD_LINK", ["url"])),
    ],
)
async def test_terms_keep_within_the_law(world: World, changes: dict[str, Any], refusal: tuple[str, list[str]]) -> None:
    course = await world.course("PUBLISHED")

    assert await world.refusals(MARKETPLACE, "listCourse", **terms(course, **changes)) == [refusal]
    listing = await world.done(MARKETPLACE, "listCourse", **terms(course))
    assert await world.refusals(MARKETPLACE, "editListing", id=listing["id"], **changes) == [refusal]


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("DRAFT", "COURSE_NOT_FOUND"),
        ("APPROVED", "COURSE_NOT_FOUND"),
        ("SUSPENDED", "COURSE_NOT_ON_SALE"),
        ("RETIRED", "COURSE_NOT_ON_SALE"),
    ],
)
async def test_only_what_is_on_sale_is_listed(world: World, state: str, code: str) -> None:
    course = await world.course(state)

    assert await world.refusals(MARKETPLACE, "listCourse", **terms(course)) == [(code, ["course"])]


async def test_nobody_lists_the_courses_of_his_own_group(world: World) -> None:
    course = await world.course("PUBLISHED", RIVAL)
    shop, school = catalogue.key("organisations", 1), catalogue.key("organisations", 4)
    await execute(world, "DELETE FROM listings WHERE marketplace_id = $1", MARKETPLACE.party_id)
    await execute(world, "INSERT INTO shareholdings VALUES ($1, $2, 6000)", shop, school)

    assert await world.refusals(MARKETPLACE, "listCourse", **terms(course)) == [("OWN_COURSE", ["course"])]
    await world.done(OTHER_MARKETPLACE, "listCourse", **terms(course))


async def test_what_the_programme_took_off_is_left_alone(world: World) -> None:
    course = await world.course("PUBLISHED")
    listing = await world.done(MARKETPLACE, "listCourse", **terms(course))
    await execute(
        world,
        "UPDATE listings SET state = 'SUSPENDED' WHERE course_id = (SELECT id FROM courses WHERE code = $1)",
        course["code"],
    )

    assert await world.refusals(MARKETPLACE, "listCourse", **terms(course)) == [("LISTING_SUSPENDED", ["course"])]
    assert await world.refusals(MARKETPLACE, "unlistCourse", id=listing["id"]) == [("LISTING_SUSPENDED", ["id"])]
    assert await world.refusals(MARKETPLACE, "editListing", id=listing["id"]) == [("LISTING_SUSPENDED", ["id"])]


async def test_what_is_not_on_the_shelf_does_not_change(world: World) -> None:
    course = await world.course("PUBLISHED")
    listing = await world.done(MARKETPLACE, "listCourse", **terms(course))
    await world.done(MARKETPLACE, "unlistCourse", id=listing["id"])

    assert await world.refusals(MARKETPLACE, "unlistCourse", id=listing["id"]) == [("NOT_LISTED", ["id"])]
    assert await world.refusals(MARKETPLACE, "editListing", id=listing["id"], commissionBp=1) == [
        ("NOT_LISTED", ["id"])
    ]


async def test_a_suspended_marketplace_lists_nothing(world: World) -> None:
    course = await world.course("PUBLISHED")
    suspend = "UPDATE marketplaces SET state = $1 WHERE id = $2"
    await execute(world, suspend, "SUSPENDED", OTHER_MARKETPLACE.party_id)

    refused = await world.refusals(OTHER_MARKETPLACE, "listCourse", **terms(course))

    assert refused == [("MARKETPLACE_NOT_PUBLISHED", ["course"])]
    await execute(world, suspend, "PUBLISHED", OTHER_MARKETPLACE.party_id)


async def test_anothers_listing_is_as_one_that_is_not_there(world: World) -> None:
    listing = await world.done(MARKETPLACE, "listCourse", **terms(await world.course("PUBLISHED")))
    absent = listing["id"][:-6] + "AAAAAA"

    for name in ("editListing", "unlistCourse"):
        other = await world.write(OTHER_MARKETPLACE, name, id=listing["id"])
        assert other == await world.write(OTHER_MARKETPLACE, name, id=absent)
        assert [error["code"] for error in other["errors"]] == ["LISTING_NOT_FOUND"]


async def test_a_retired_course_leaves_every_shelf(world: World) -> None:
    course = await world.course("PUBLISHED")
    listing = await world.done(MARKETPLACE, "listCourse", **terms(course))

    await world.done(INSTITUTION, "retireCourse", id=course["id"])

    assert (await world.data(READ, MARKETPLACE, id=listing["id"]))["node"] == {"state": "RETIRED"}


async def test_what_was_taken_down_is_seen_by_those_whom_it_concerns(world: World) -> None:
    course = await world.course("PUBLISHED")
    listing = await world.done(MARKETPLACE, "listCourse", **terms(course))
    await world.done(MARKETPLACE, "unlistCourse", id=listing["id"])

    for who in (MARKETPLACE, INSTITUTION, OFFICER):
        assert (await world.data(READ, who, id=listing["id"]))["node"] == {"state": "RETIRED"}
    for who in (OTHER_MARKETPLACE, RIVAL, TRIAL_MARKETPLACE):
        assert (await world.data(READ, who, id=listing["id"]))["node"] is None


async def test_on_trial_an_offer_passes_every_check_and_is_seen_by_nobody_else(world: World) -> None:
    course = await world.course("PUBLISHED")

    trial = await world.done(TRIAL_MARKETPLACE, "listCourse", **terms(course))
    real = await world.done(OTHER_MARKETPLACE, "listCourse", **terms(course))
    shelf = await world.data("{ myListings(first: 200) { nodes { id } } }", OTHER_MARKETPLACE)
    trial_shelf = await world.data("{ myListings(first: 200) { nodes { id } } }", TRIAL_MARKETPLACE)

    assert (trial["state"], real["state"]) == ("APPROVED", "PUBLISHED")
    assert await world.refusals(TRIAL_MARKETPLACE, "listCourse", **terms(course)) == [("ALREADY_LISTED", ["course"])]
    assert {"id": trial["id"]} not in shelf["myListings"]["nodes"]
    assert {"id": trial["id"]} in trial_shelf["myListings"]["nodes"]
    for who in (OTHER_MARKETPLACE, INSTITUTION, OFFICER):
        assert (await world.data(READ, who, id=trial["id"]))["node"] is None
    assert (await world.done(TRIAL_MARKETPLACE, "unlistCourse", id=trial["id"]))["state"] == "DRAFT"
