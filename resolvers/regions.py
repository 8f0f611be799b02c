"""Regions: read by code, level, name and parent; everyone sees them."""

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Annotated

from sqlalchemy import Select, func, select
from typing_extensions import Doc

from models.base import among
from models.regions import Region, RegionSuccession
from rules.access import Viewer
from rules.ids import RegionId
from rules.regions import RegionCode, RegionLevel


class RegionOrder(Enum):
    """Orders of regions."""

    CODE = (Region.code.asc(), Region.id.asc())
    NAME = (Region.name.asc(), Region.id.asc())


@dataclass(frozen=True, slots=True)
class RegionBy:
    """Names one region: by exactly one of its id and its code."""

    one_of = True

    id: Annotated[RegionId | None, Doc("The region's id.")] = None
    code: Annotated[RegionCode | None, Doc("The code of the home ministry, the one valid today.")] = None


@dataclass(frozen=True, slots=True)
class RegionFilter:
    """Narrows a list of regions; all that is given must hold."""

    levels: Annotated[list[RegionLevel] | None, Doc("Only regions of these levels.")] = None
    name: Annotated[str | None, Doc("Only regions whose name has a word that starts with this, in any case.")] = None
    valid_on: Annotated[date | None, Doc("Only codes valid on this day; without it, those valid today.")] = None


def region_by(viewer: Viewer, by: Annotated[RegionBy, Doc("Which region.")]) -> Select[Region]:
    """Return the region with this id, or the one that has this code today."""
    del viewer
    if by.id is not None:
        return select(Region).where(Region.id == by.id)
    return select(Region).where(Region.code == by.code, Region.valid_to.is_(None))


def regions_valid(
    viewer: Viewer,
    filter: Annotated[RegionFilter | None, Doc("Narrows the list.")] = None,  # noqa: A002 - the client's word
) -> Select[Region]:
    """Return the regions whose code is valid today, or on the day that the filter names."""
    del viewer
    statement = select(Region)
    if filter is None or filter.valid_on is None:
        statement = statement.where(Region.valid_to.is_(None))
    else:
        statement = statement.where(
            Region.valid_from <= filter.valid_on, func.coalesce(Region.valid_to, date.max) > filter.valid_on
        )
    if filter is not None and filter.levels is not None:
        statement = statement.where(among(Region.level, filter.levels))
    if filter is not None and filter.name is not None:
        words = func.concat(" ", func.lower(Region.name))
        statement = statement.where(func.strpos(words, func.concat(" ", func.lower(filter.name))) > 0)
    return statement


def regions_within(viewer: Viewer) -> Select[Region]:
    """Return the regencies and cities of a province whose codes are valid today."""
    del viewer
    return select(Region).where(Region.valid_to.is_(None))


def successions(viewer: Viewer) -> Select[RegionSuccession]:
    """Return what came of a region whose code ended."""
    del viewer
    return select(RegionSuccession)
