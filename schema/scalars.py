"""Scalars: what GraphQL has no word for. Each is read strictly and says what it wants when it refuses."""

import re
from datetime import UTC, date, datetime
from typing import Any, Final

import strawberry
from strawberry.schema.config import StrawberryConfig

from engine.federation import ANY_KEY, AnyKey
from engine.leaves import as_is
from rules.links import Url
from rules.money import Rupiah
from rules.regions import RegionCode

_AMOUNT: Final = re.compile(r"\d{1,18}", re.ASCII)
_REGION_CODE: Final = re.compile(r"\d{2}(\.\d{2})?", re.ASCII)


def _parse_rupiah(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, str)) or not _AMOUNT.fullmatch(str(value)):
        raise ValueError('Rupiah is a whole, non-negative amount of at most 18 digits, such as "1500000".')
    return int(value)


def _parse_datetime(value: Any) -> datetime:
    try:
        instant = datetime.fromisoformat(value)
        instant.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):  # in UTC, it may lie beyond the calendar's ends
        instant = None
    if instant is None or instant.tzinfo is None:
        raise ValueError('DateTime is an instant in ISO 8601 with its offset, such as "2026-03-20T09:00:00+07:00".')
    return instant


def _parse_date(value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError('Date is a day in ISO 8601, such as "2026-03-20".') from None


def _parse_region_code(value: Any) -> str:
    if not isinstance(value, str) or not _REGION_CODE.fullmatch(value):
        raise ValueError('RegionCode is a code of the home ministry, such as "32" or "32.73".')
    return value


def _parse_url(value: Any) -> str:
    if not isinstance(value, str) or not value.startswith("https://"):
        raise ValueError('URL is an absolute https address, such as "https://example.org/kelas".')
    return value


CONFIG: Final = StrawberryConfig(
    scalar_map={
        AnyKey: ANY_KEY,
        Rupiah: strawberry.scalar(
            name="Rupiah",
            description=(
                "An amount in whole Indonesian rupiah, as a string of digits: totals overflow Int. "
                "As input, a number is taken too."
            ),
            serialize=str,
            parse_value=_parse_rupiah,
        ),
        RegionCode: strawberry.scalar(
            name="RegionCode",
            description="A region's code by the home ministry: `32` for a province, `32.73` for a regency or city.",
            serialize=as_is,
            parse_value=_parse_region_code,
        ),
        Url: strawberry.scalar(
            name="URL",
            description="An absolute https address.",
            serialize=as_is,
            parse_value=_parse_url,
            specified_by_url="https://url.spec.whatwg.org/",
        ),
        datetime: strawberry.scalar(
            name="DateTime",
            description="An instant in ISO 8601 with its offset from UTC; answers are in UTC.",
            serialize=as_is,
            parse_value=_parse_datetime,
            specified_by_url="https://datatracker.ietf.org/doc/html/rfc3339",
        ),
        date: strawberry.scalar(
            name="Date",
            description="A day in ISO 8601, in Jakarta where the programme counts days.",
            serialize=as_is,
            parse_value=_parse_date,
        ),
    }
)
"""How Python's types appear in the graph."""
