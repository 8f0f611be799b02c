"""Marketplaces: the public sees those that are or were published."""

from dataclasses import dataclass
from enum import Enum
from typing import Annotated

from sqlalchemy import ColumnElement, Select, select
from typing_extensions import Doc

from models.marketplaces import Marketplace
from rules.access import Viewer
from rules.ids import MarketplaceId
from rules.publication import EVER_PUBLIC, PublicationState


class MarketplaceOrder(Enum):
    """Orders of marketplaces."""

    NAME = (Marketplace.name.asc(), Marketplace.id.asc())
    NEWEST = (Marketplace.id.desc(),)


@dataclass(frozen=True, slots=True)
class MarketplaceBy:
    """Names one marketplace: by exactly one of its id and its code."""

    one_of = True

    id: Annotated[MarketplaceId | None, Doc("The marketplace's id.")] = None
    code: Annotated[str | None, Doc("The code that the programme gave it.")] = None


def marketplaces_visible(viewer: Viewer) -> ColumnElement[bool]:
    """Return which marketplaces the viewer may look up."""
    del viewer
    return Marketplace.state.in_(EVER_PUBLIC)


def marketplace_by(viewer: Viewer, by: Annotated[MarketplaceBy, Doc("Which marketplace.")]) -> Select[Marketplace]:
    """Return the marketplace with this id or code."""
    del viewer
    if by.id is not None:
        return select(Marketplace).where(Marketplace.id == by.id)
    return select(Marketplace).where(Marketplace.code == by.code)


def marketplaces_published(viewer: Viewer) -> Select[Marketplace]:
    """Return the marketplaces that sell in the programme now."""
    del viewer
    return select(Marketplace).where(Marketplace.state == PublicationState.PUBLISHED)
