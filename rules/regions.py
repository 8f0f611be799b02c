"""Regions: provinces, regencies and cities as the home ministry codes them."""

from enum import StrEnum
from typing import NewType

RegionCode = NewType("RegionCode", str)
"""A code of the home ministry: ``32`` for a province, ``32.73`` for a regency or city."""


class RegionLevel(StrEnum):
    """Where a region stands. A regency (kabupaten) and a city (kota) are on the same level."""

    PROVINCE = "PROVINCE"
    REGENCY = "REGENCY"
    CITY = "CITY"


class TimeZone(StrEnum):
    """Indonesia's three zones: UTC+7, UTC+8, UTC+9."""

    WIB = "WIB"
    WITA = "WITA"
    WIT = "WIT"
