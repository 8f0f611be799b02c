"""Organisations: the companies behind marketplaces and payers, and who owns whom."""

import tomllib
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from demo.places import place_of
from demo.recipes import Recipe
from rules.organisations import Ownership, Share

DATA = Path(__file__).parent / "data" / "organisations.toml"

ENTERED = datetime(2020, 3, 20, 2, tzinfo=UTC)
"""When the founding partners were entered. Their keys hang on seed and scale alone, and so tell a loaded demo."""


class OrganisationRow(NamedTuple):
    """A row of ``organisations``."""

    id: UUID
    legal_name: str
    ownership: Ownership
    region_id: UUID


class ShareholdingRow(NamedTuple):
    """A row of ``shareholdings``."""

    owner_id: UUID
    owned_id: UUID
    share_bp: int


@cache
def partners() -> dict[str, Any]:
    """Return the made-up marketplaces, payers, holdings and shares of data/organisations.toml."""
    return tomllib.loads(DATA.read_text(encoding="utf-8"))


def companies(recipe: Recipe) -> dict[str, OrganisationRow]:
    """Return the legal entities of marketplaces, payers and holdings by their codes."""
    keys = recipe.keys("companies")
    content = partners()
    return {
        company["code"]: OrganisationRow(
            keys.new(ENTERED), company["legal"], Ownership(company["ownership"]), place_of(company["region"]).id
        )
        for company in (*content["marketplaces"], *content["payers"], *content["holdings"])
    }


def shareholdings(companies: dict[str, OrganisationRow], limited: list[OrganisationRow]) -> list[ShareholdingRow]:
    """Return who owns whom. ``limited`` are the institutions that are companies: "provider 1" is the first of them."""

    def named(code: str) -> UUID:
        return limited[int(code.split(" ")[1]) - 1].id if code.startswith("provider ") else companies[code].id

    return [
        ShareholdingRow(named(share["owner"]), named(share["owned"]), share["share_bp"])
        for share in partners()["shareholdings"]
    ]


def shares(rows: list[ShareholdingRow]) -> list[Share]:
    """Return shareholdings as the rules take them."""
    return [Share(row.owner_id, row.owned_id, row.share_bp) for row in rows]
