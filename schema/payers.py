"""Payment partners as a client sees them."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from engine.enums import describe
from engine.graph import Node
from engine.sources import column, edge
from models import tables as rows
from resolvers import payers as do
from rules.organisations import PayerKind
from rules.publication import PublicationState

if TYPE_CHECKING:
    from schema.organisations import Organisation

describe(PayerKind, "How a payment partner holds money.", BANK="A bank account.", E_WALLET="An electronic wallet.")


@strawberry.type(description="A bank or e-wallet that pays incentives to participants.")
class Payer(Node, table=rows.Payer, visible=do.payers_visible, code="Pa"):
    """A payment partner."""

    code: str = column(rows.Payer.code, description="The code that the programme gave it.")
    name: str = column(rows.Payer.name, description="The name it goes by.")
    kind: PayerKind = column(rows.Payer.kind, description="Bank or e-wallet.")
    state: PublicationState = column(rows.Payer.state, description="Whether it works in the programme now.")
    organisation: Annotated["Organisation", strawberry.lazy("schema.organisations")] = edge(
        rows.Payer.organisation, description="The legal entity behind it."
    )
