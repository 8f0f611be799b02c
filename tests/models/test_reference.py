"""Regions and categories as every installation has them."""

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

import pytest

from models.reference import category_id, load_reference, region_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]

ZONES = {
    "WIB": "Aceh, Sumatera Utara, Sumatera Barat, Riau, Jambi, Sumatera Selatan, Bengkulu, Lampung, "
    "Kepulauan Bangka Belitung, Kepulauan Riau, DKI Jakarta, Jawa Barat, Jawa Tengah, DI Yogyakarta, Jawa Timur, "
    "Banten, Kalimantan Barat, Kalimantan Tengah",
    "WITA": "Bali, Nusa Tenggara Barat, Nusa Tenggara Timur, Kalimantan Selatan, Kalimantan Timur, Kalimantan Utara, "
    "Sulawesi Utara, Sulawesi Tengah, Sulawesi Selatan, Sulawesi Tenggara, Gorontalo, Sulawesi Barat",
    "WIT": "Maluku, Maluku Utara, Papua, Papua Barat, Papua Selatan, Papua Tengah, Papua Pegunungan, Papua Barat Daya",
}


@pytest.fixture
async def loaded(connection: "Connection") -> "Connection":
    await load_reference(connection)
    return connection


async def test_loading_again_writes_nothing(connection: "Connection") -> None:
    assert await load_reference(connection) == 578 + 26 + 14
    places = await connection.fetch(
        "SELECT id, ctid, xmax FROM regions UNION ALL SELECT id, ctid, xmax FROM categories"
    )

    assert await load_reference(connection) == 0

    assert places == await connection.fetch(
        "SELECT id, ctid, xmax FROM regions UNION ALL SELECT id, ctid, xmax FROM categories"
    )


async def test_loading_mends_what_differs(loaded: "Connection") -> None:
    await loaded.execute("UPDATE regions SET name = 'Kota Kembang' WHERE code = '32.73'")
    await loaded.execute("DELETE FROM region_successions")

    assert await load_reference(loaded) == 1 + 26

    assert await loaded.fetchval("SELECT name FROM regions WHERE code = '32.73'") == "Kota Bandung"


async def test_today_there_are_38_provinces_416_regencies_and_98_cities(loaded: "Connection") -> None:
    levels = await loaded.fetch("SELECT level FROM regions WHERE valid_to IS NULL")

    assert Counter(row["level"] for row in levels) == {"PROVINCE": 38, "REGENCY": 416, "CITY": 98}


async def test_before_the_splits_there_were_34_provinces_and_as_many_regencies(loaded: "Connection") -> None:
    levels = await loaded.fetch(
        "SELECT level FROM regions WHERE valid_from <= $1 AND (valid_to IS NULL OR valid_to > $1)", date(2022, 7, 24)
    )

    assert Counter(row["level"] for row in levels) == {"PROVINCE": 34, "REGENCY": 416, "CITY": 98}


async def test_papua_barat_daya_came_later_than_the_other_three(loaded: "Connection") -> None:
    provinces = "SELECT count(*) FROM regions WHERE level = 'PROVINCE' AND valid_from <= $1"

    assert [await loaded.fetchval(provinces, date(2022, *day)) for day in ((7, 25), (12, 7), (12, 8))] == [37, 37, 38]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("Kabupaten Merauke", "91.01", "93.01"),
        ("Kabupaten Mimika", "91.09", "94.04"),
        ("Kabupaten Nduga", "91.24", "95.08"),
        ("Kabupaten Maybrat", "92.10", "96.05"),
        ("Kota Sorong", "92.71", "96.71"),
    ],
)
async def test_a_code_that_ended_says_where_it_went(loaded: "Connection", name: str, old: str, new: str) -> None:
    successions = await loaded.fetch(
        """
        SELECT heir.code, heir.name, heir.valid_from = ended.valid_to AS at_once
        FROM regions AS ended
        JOIN region_successions ON predecessor_id = ended.id JOIN regions AS heir ON successor_id = heir.id
        WHERE ended.code = $1
        """,
        old,
    )

    assert [tuple(row) for row in successions] == [(new, name, True)]


async def test_every_code_that_ended_has_a_successor_of_its_name(loaded: "Connection") -> None:
    assert not await loaded.fetch(
        """
        SELECT code FROM regions AS ended
        WHERE valid_to IS NOT NULL AND NOT EXISTS (
            SELECT FROM region_successions JOIN regions AS heir ON successor_id = heir.id
            WHERE predecessor_id = ended.id AND heir.name = ended.name AND heir.valid_to IS NULL
        )
        """
    )


@pytest.mark.parametrize("zone", ZONES)
async def test_provinces_are_in_their_time_zone(loaded: "Connection", zone: str) -> None:
    provinces = await loaded.fetch("SELECT name FROM regions WHERE level = 'PROVINCE' AND time_zone = $1", zone)

    assert {row["name"] for row in provinces} == set(ZONES[zone].split(", "))


async def test_regencies_share_their_provinces_zone_and_prefix(loaded: "Connection") -> None:
    assert not await loaded.fetch(
        """
        SELECT child.code FROM regions AS child JOIN regions AS parent ON child.parent_id = parent.id
        WHERE child.time_zone <> parent.time_zone OR left(child.code, 2) <> parent.code
            OR child.valid_from < parent.valid_from
        """
    )


async def test_names_are_written_out(loaded: "Connection") -> None:
    names = {
        row["code"]: row["name"] for row in await loaded.fetch("SELECT code, name FROM regions WHERE valid_to IS NULL")
    }

    assert names["32"] == "Jawa Barat"
    assert names["32.04"] == "Kabupaten Bandung"
    assert names["32.73"] == "Kota Bandung"
    assert all(name.startswith(("Kabupaten ", "Kota ")) for code, name in names.items() if "." in code)
    assert not [name for name in names.values() if "(" in name or "  " in name or name.strip() != name]


async def test_keys_are_the_same_in_every_installation(loaded: "Connection") -> None:
    assert await loaded.fetchval("SELECT id FROM regions WHERE code = '93.01'") == region_id("93.01", date(2022, 7, 25))
    assert str(region_id("32", date(2015, 1, 1))) == "8f1d3cbe-7c35-5b0c-b04c-d1eae10e0af8"
    assert str(category_id("bahasa-asing")) == "4b5dae9e-0c26-529d-8076-e6cb03ac189e"


async def test_there_are_14_categories_in_order(loaded: "Connection") -> None:
    categories = await loaded.fetch("SELECT id, code, name, name_en, position FROM categories ORDER BY position")

    assert [row["position"] for row in categories] == list(range(1, 15))
    assert tuple(categories[0])[1:4] == ("pemasaran-digital", "Pemasaran Digital", "Digital Marketing")
    assert all(row["id"] == category_id(row["code"]) for row in categories)


async def test_two_loaders_at_once_do_not_collide(
    fresh_database_url: str, in_parallel: "Callable[..., Awaitable[list[int]]]"
) -> None:
    assert sorted(await in_parallel(fresh_database_url, load_reference, times=2)) == [0, 578 + 26 + 14]
