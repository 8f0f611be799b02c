"""Payers: made-up banks and e-wallets."""

from typing import NamedTuple
from uuid import UUID

from demo.organisations import ENTERED, OrganisationRow, partners
from demo.recipes import Recipe
from rules.organisations import PayerKind
from rules.publication import PublicationState


class PayerRow(NamedTuple):
    """A row of ``payers``."""

    id: UUID
    organisation_id: UUID
    code: str
    name: str
    kind: PayerKind
    state: PublicationState


def payers(recipe: Recipe, companies: dict[str, OrganisationRow]) -> list[PayerRow]:
    """Return all payers; every scale has all of them."""
    keys = recipe.keys("payers")
    return [
        PayerRow(
            keys.new(ENTERED),
            companies[payer["code"]].id,
            payer["code"],
            payer["name"],
            PayerKind(payer["kind"]),
            PublicationState.PUBLISHED,
        )
        for payer in partners()["payers"]
    ]
