"""Times as people read them."""

from datetime import datetime, timedelta, timezone
from typing import Final

from rules.people import Locale

JAKARTA: Final = timezone(timedelta(hours=7), "WIB")
"""The programme's own time. Indonesia has had no summer time since 1964."""

_MONTHS: Final = {
    Locale.INDONESIAN: "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember",
    Locale.ENGLISH: "January February March April May June July August September October November December",
}


def local_text(at: datetime, locale: Locale) -> str:
    """Return an instant as a person in Jakarta reads it: ``24 November 2026, 17.05 WIB``."""
    local = at.astimezone(JAKARTA)
    month = _MONTHS[locale].split()[local.month - 1]
    clock = f"{local:%H.%M}" if locale is Locale.INDONESIAN else f"{local:%H:%M}"
    return f"{local.day} {month} {local.year}, {clock} WIB"
