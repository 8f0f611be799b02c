"""Regions as a client sees them."""

from datetime import date
from typing import Annotated, Self

import strawberry

from engine.enums import describe
from engine.graph import Node, Row
from engine.pages import Connection
from engine.sources import EVERYONE, column, edge, listed, one, pages
from models import tables as rows
from resolvers import regions as do
from rules.regions import RegionCode, RegionLevel, TimeZone

describe(
    RegionLevel,
    "Where a region stands. Regencies and cities are on one level.",
    PROVINCE="A province.",
    REGENCY="A regency (kabupaten).",
    CITY="A city (kota).",
)
describe(
    TimeZone,
    "Indonesia's time zones.",
    WIB="Western Indonesia, UTC+7.",
    WITA="Central Indonesia, UTC+8.",
    WIT="Eastern Indonesia, UTC+9.",
)
describe(do.RegionOrder, "How regions are ordered.", CODE="By code.", NAME="By name, A to Z.")


@strawberry.type(description="What came of a region whose code ended.")
class RegionSuccession(Row, table=rows.RegionSuccession, visible=EVERYONE):
    """An edge from a region to one of its successors."""

    region: Annotated["Region", strawberry.lazy("schema.regions")] = edge(
        rows.RegionSuccession.successor, description="The region that took over."
    )


@strawberry.type(description="A province, regency or city while its code is valid. A new code is a new region.")
class Region(Node, table=rows.Region, visible=EVERYONE, code="Re"):
    """A region."""

    code: RegionCode = column(rows.Region.code, description="The code of the home ministry.")
    level: RegionLevel = column(rows.Region.level, description="Province, regency or city.")
    name: str = column(rows.Region.name, description="The full name: `Kota Bandung`, `Jawa Barat`.")
    time_zone: TimeZone = column(rows.Region.time_zone, description="The zone that local times are given in.")
    valid_from: date = column(rows.Region.valid_from, description="The first day on which the code was valid.")
    valid_to: date | None = column(
        rows.Region.valid_to, description="The first day on which the code was not valid any more; null while it is."
    )
    parent: Self | None = edge(rows.Region.parent, description="The province; null for a province.")
    children: Connection[Annotated["Region", strawberry.lazy("schema.regions")]] = pages(
        do.regions_within,
        on=rows.Region.parent_id,
        orders=do.RegionOrder,
        description="A province's regencies and cities.",
    )
    successors: list[RegionSuccession] = listed(
        do.successions,
        on=rows.RegionSuccession.predecessor_id,
        order=(),
        description="The regions that took over when the code ended.",
    )


@strawberry.type
class RegionQueries:
    """Reads of regions."""

    region: Region | None = one(do.region_by, description="One region; null when there is none.")
    regions: Connection[Region] = pages(
        do.regions_valid, orders=do.RegionOrder, description="Regions whose code is valid."
    )
