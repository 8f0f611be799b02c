"""Training institutions: the public sees those that are or were published."""

from dataclasses import dataclass
from enum import Enum
from typing import Annotated

from sqlalchemy import ColumnElement, Select, func, select
from typing_extensions import Doc

from models.base import among
from models.courses import Course
from models.providers import Provider
from models.regions import lies_within
from rules.access import Viewer
from rules.ids import ProviderId
from rules.organisations import ProviderType
from rules.publication import EVER_PUBLIC, PublicationState
from rules.regions import RegionCode

COURSES_ON_SALE = (
    select(func.count(Course.id))
    .where(Course.provider_id == Provider.id, Course.state == PublicationState.PUBLISHED)
    .scalar_subquery()
)
"""How many courses the institution has on sale."""


class ProviderOrder(Enum):
    """Orders of institutions."""

    NAME = (Provider.name.asc(), Provider.id.asc())
    NEWEST = (Provider.id.desc(),)


@dataclass(frozen=True, slots=True)
class ProviderBy:
    """Names one institution: by exactly one of its id and its code."""

    one_of = True

    id: Annotated[ProviderId | None, Doc("The institution's id.")] = None
    code: Annotated[str | None, Doc("The code that the programme gave it.")] = None


@dataclass(frozen=True, slots=True)
class ProviderFilter:
    """Narrows a list of institutions; all that is given must hold."""

    types: Annotated[list[ProviderType] | None, Doc("Only institutions of these types.")] = None
    region: Annotated[
        RegionCode | None, Doc("Only institutions in this region: a province's code takes in its regencies and cities.")
    ] = None


def providers_visible(viewer: Viewer) -> ColumnElement[bool]:
    """Return which institutions the viewer may look up."""
    del viewer
    return Provider.state.in_(EVER_PUBLIC)


def provider_by(viewer: Viewer, by: Annotated[ProviderBy, Doc("Which institution.")]) -> Select[Provider]:
    """Return the institution with this id or code."""
    del viewer
    if by.id is not None:
        return select(Provider).where(Provider.id == by.id)
    return select(Provider).where(Provider.code == by.code)


def providers_published(
    viewer: Viewer,
    filter: Annotated[ProviderFilter | None, Doc("Narrows the list.")] = None,  # noqa: A002 - the client's word
) -> Select[Provider]:
    """Return the institutions that teach in the programme now."""
    del viewer
    statement = select(Provider).where(Provider.state == PublicationState.PUBLISHED)
    if filter is None:
        return statement
    if filter.types is not None:
        statement = statement.where(among(Provider.type, filter.types))
    if filter.region is not None:
        statement = statement.where(lies_within(Provider.region_id, filter.region))
    return statement
