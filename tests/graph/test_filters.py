"""Filters, each alone and in pairs, beside the same said in Python over all rows."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import pytest

from engine.ids import encoder

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

Answering = Callable[..., Awaitable[Any]]
Row = Any

UPCOMING = ("OPEN_FOR_SALE", "FULL")


@dataclass(frozen=True)
class Rows:
    """Everything that the filters look at."""

    courses: list[Row]
    runs: dict[UUID, list[Row]]
    offered: dict[UUID, set[UUID]]
    providers: list[Row]
    regions: list[Row]


@pytest.fixture(scope="module")
async def known(seeded_database_url: str) -> Rows:
    connection = await asyncpg.connect(seeded_database_url)
    courses = await connection.fetch("SELECT * FROM courses WHERE state = 'PUBLISHED'")
    runs: dict[UUID, list[Row]] = {}
    for run in await connection.fetch(
        "SELECT runs.*, regions.code AS region FROM runs LEFT JOIN regions ON regions.id = region_id"
    ):
        runs.setdefault(run["course_id"], []).append(run)
    offered: dict[UUID, set[UUID]] = {}
    for listing in await connection.fetch("SELECT * FROM listings WHERE state = 'PUBLISHED'"):
        offered.setdefault(listing["course_id"], set()).add(listing["marketplace_id"])
    providers = await connection.fetch(
        "SELECT providers.*, regions.code AS region FROM providers JOIN regions ON regions.id = region_id"
        " WHERE state = 'PUBLISHED'"
    )
    regions = await connection.fetch("SELECT * FROM regions")
    await connection.close()
    return Rows(courses, runs, offered, providers, regions)


def within(code: str | None, region: str) -> bool:
    return code is not None and (code == region or code.startswith(f"{region}."))


SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(days=20)
LATER = SOON + timedelta(days=40)


def wishes(rows: Rows) -> dict[str, tuple[dict[str, Any], str, Callable[[Row], bool]]]:
    """Return filters by name: what a client sends, whether it concerns the course or a run, and the same in Python."""
    course = rows.courses[len(rows.courses) // 2]
    marketplace = max(
        {each for offers in rows.offered.values() for each in offers},
        key=lambda each: sum(each in offers for offers in rows.offered.values()),
    )
    regions = [
        run["region"] for runs in rows.runs.values() for run in runs if run["region"] and run["state"] in UPCOMING
    ]
    provinces = [region[:2] for region in regions]
    province = max(provinces, key=provinces.count)
    price = sorted(each["price"] for each in rows.courses)[len(rows.courses) // 3]
    return {
        "category": ({"category": encoder("Ca")(course["category_id"])}, "course", lambda row: row["category_id"] == course["category_id"]),
        "provider": ({"provider": encoder("Pr")(course["provider_id"])}, "course", lambda row: row["provider_id"] == course["provider_id"]),
        "marketplace": ({"marketplace": encoder("Ma")(marketplace)}, "course", lambda row: marketplace in rows.offered.get(row["id"], ())),
        "modes": ({"modes": ["WEBINAR", "MIXED"]}, "course", lambda row: row["mode"] in ("WEBINAR", "MIXED")),
        "no modes": ({"modes": []}, "course", lambda _row: False),
        "levels": ({"levels": ["BEGINNER"]}, "course", lambda row: row["level"] == "BEGINNER"),
        "price from": ({"priceMin": str(price)}, "course", lambda row: row["price"] >= price),
        "price to": ({"priceMax": str(price)}, "course", lambda row: row["price"] <= price),
        "hours from": ({"hoursMin": 15}, "course", lambda row: row["hours"] >= 15),
        "hours to": ({"hoursMax": 20}, "course", lambda row: row["hours"] <= 20),
        "region": ({"region": province}, "run", lambda run: within(run["region"], province)),
        "starts from": ({"startsFrom": SOON.isoformat()}, "run", lambda run: run["starts_at"] >= SOON),
        "starts before": ({"startsBefore": LATER.isoformat()}, "run", lambda run: run["starts_at"] < LATER),
        "seats": ({"seatsLeftMin": 12}, "run", lambda run: run["seats"] - run["seats_taken"] >= 12),
    }  # fmt: skip


NAMES = ["category", "provider", "marketplace", "modes", "no modes", "levels", "price from", "price to", "hours from",
         "hours to", "region", "starts from", "starts before", "seats"]  # fmt: skip
SAME = {("modes", "no modes")}
"""Filters that are one field."""
COURSES = "query ($filter: CourseFilter) { courses(filter: $filter, first: 200) { totalCount nodes { code } } }"


def described(rows: Rows, names: tuple[str, ...]) -> set[str]:
    """Return the codes of the courses for which all of the filters hold, those about runs for one and the same run."""
    chosen = [wishes(rows)[name] for name in names]
    of_course = [holds for _, kind, holds in chosen if kind == "course"]
    of_run = [holds for _, kind, holds in chosen if kind == "run"]
    now = datetime.now(UTC)

    def run_found(row: Row) -> bool:
        coming = [run for run in rows.runs.get(row["id"], ()) if run["state"] in UPCOMING and run["starts_at"] > now]
        return not of_run or any(all(holds(run) for holds in of_run) for run in coming)

    return {row["code"] for row in rows.courses if all(holds(row) for holds in of_course) and run_found(row)}


@pytest.mark.parametrize(
    "names",
    [
        *[(name,) for name in NAMES],
        *sorted(set(combinations(NAMES, 2)) - SAME),
        ("region", "starts from", "seats", "modes"),
    ],
    ids=" and ".join,
)
async def test_filters_of_courses_combine(ask: Answering, known: Rows, names: tuple[str, ...]) -> None:
    wish: dict[str, Any] = {}
    for name in names:
        wish |= wishes(known)[name][0]

    found = (await ask(COURSES, filter=wish))["data"]["courses"]

    expected = described(known, names)
    assert {node["code"] for node in found["nodes"]} == expected
    assert found["totalCount"] == len(expected)


async def test_the_filters_of_courses_are_worth_trying(known: Rows) -> None:
    everything = {row["code"] for row in known.courses}

    for name in NAMES:
        assert described(known, (name,)) != everything, name
        assert described(known, (name,)) or name == "no modes", name


async def test_every_filter_of_courses_is_tried(ask: Answering, known: Rows) -> None:
    answer = await ask('{ __type(name: "CourseFilter") { inputFields { name } } }')

    fields = {field["name"] for field in answer["data"]["__type"]["inputFields"]}
    assert fields == {field for wish, _, _ in wishes(known).values() for field in wish}


@pytest.mark.parametrize("types", [None, ["LKP"], ["LPK", "POLITEKNIK", "PT"], []])
@pytest.mark.parametrize("region", [None, "31", "32", "32.73", "99"])
async def test_filters_of_providers_combine(
    ask: Answering, known: Rows, types: list[str] | None, region: str | None
) -> None:
    document = "query ($filter: ProviderFilter) { providers(filter: $filter, first: 200) { nodes { code } } }"

    found = (await ask(document, filter={"types": types, "region": region}))["data"]["providers"]["nodes"]

    assert {node["code"] for node in found} == {
        row["code"]
        for row in known.providers
        if (types is None or row["type"] in types) and (region is None or within(row["region"], region))
    }


@pytest.mark.parametrize("levels", [None, ["PROVINCE"], ["CITY", "PROVINCE"]])
@pytest.mark.parametrize("name", [None, "ban", "BANDUNG", "jawa b", "%", ""])
@pytest.mark.parametrize("valid_on", [None, "2010-06-01", "2023-01-01"])
async def test_filters_of_regions_combine(
    ask: Answering, known: Rows, levels: list[str] | None, name: str | None, valid_on: str | None
) -> None:
    document = "query ($filter: RegionFilter) { regions(filter: $filter, first: 200) { totalCount nodes { id } } }"

    found = (await ask(document, filter={"levels": levels, "name": name, "validOn": valid_on}))["data"]["regions"]

    def holds(row: Row) -> bool:
        day = None if valid_on is None else datetime.fromisoformat(valid_on).date()
        ends = row["valid_to"]
        valid = ends is None if day is None else row["valid_from"] <= day and (ends is None or day < ends)
        named = name is None or f" {name.lower()}" in f" {row['name'].lower()}"
        return valid and named and (levels is None or row["level"] in levels)

    expected = {encoder("Re")(row["id"]) for row in known.regions if holds(row)}
    assert found["totalCount"] == len(expected)
    assert {node["id"] for node in found["nodes"]} <= expected
