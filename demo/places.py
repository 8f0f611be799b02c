"""Places: the regencies and cities of today, and how many people live there."""

import csv
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from uuid import UUID

from models.reference import DATA as REFERENCE
from models.reference import region_id
from rules.regions import RegionLevel, TimeZone

DATA = Path(__file__).parent / "data"

CITY_WEIGHT = 4.0
"""How much likelier an institution stands in a city than in a regency of the same province."""


@dataclass(frozen=True, slots=True)
class Place:
    """A regency or city. ``name`` is what people say: Bandung for the city, Kabupaten Bandung for the regency."""

    id: UUID
    code: str
    name: str
    province: str
    zone: TimeZone
    weight: float


@cache
def places() -> tuple[Place, ...]:
    """Return the regencies and cities whose codes are valid today, in the order of their codes."""
    rows = [row for row in _regions() if not row["valid_to"]]
    provinces = {row["code"]: row["name"] for row in rows if row["level"] == RegionLevel.PROVINCE}
    members = [row for row in rows if row["level"] != RegionLevel.PROVINCE]
    cities = {_short(row["name"]) for row in members if row["level"] == RegionLevel.CITY}
    population: dict[str, int] = tomllib.loads((DATA / "places.toml").read_text(encoding="utf-8"))["population"]

    shares: dict[str, float] = dict.fromkeys(provinces, 0.0)
    for row in members:
        shares[row["code"][:2]] += _pull(row)

    return tuple(
        Place(
            id=region_id(row["code"], date.fromisoformat(row["valid_from"])),
            code=row["code"],
            name=row["name"] if _same_as_city(row, cities) else _short(row["name"]),
            province=provinces[row["code"][:2]],
            zone=TimeZone(row["time_zone"]),
            weight=population[row["code"][:2]] * _pull(row) / shares[row["code"][:2]],
        )
        for row in members
    )


@cache
def place_of(code: str) -> Place:
    """Return the place with this code."""
    return next(place for place in places() if place.code == code)


def _regions() -> list[dict[str, str]]:
    with (REFERENCE / "regions.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _pull(row: dict[str, str]) -> float:
    return CITY_WEIGHT if row["level"] == RegionLevel.CITY else 1.0


def _short(name: str) -> str:
    return name.removeprefix("Kota ").removeprefix("Kabupaten ")


def _same_as_city(row: dict[str, str], cities: set[str]) -> bool:
    return row["level"] == RegionLevel.REGENCY and _short(row["name"]) in cities
