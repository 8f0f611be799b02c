"""Regions and their history: a code is valid for a time and may have successors."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Text,
    UniqueConstraint,
    cast,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column, relationship

from models.base import Base, UUIDKey, choice, only
from rules.regions import RegionCode, RegionLevel, TimeZone

VALIDITY = """
int8range(
    ('1' || replace(code, '.', ''))::bigint * 10000000000 + (valid_from - DATE '0001-01-01'),
    ('1' || replace(code, '.', ''))::bigint * 10000000000 + (coalesce(valid_to, DATE '9999-12-31') - DATE '0001-01-01')
)
"""
"""A code's days as one stretch of numbers: equality of text needs an extension in a GiST index, ranges do not."""


class Region(Base):
    """A province, regency or city while its code is valid."""

    __tablename__ = "regions"
    __table_args__ = (
        only("regions", "level", RegionLevel),
        only("regions", "time_zone", TimeZone),
        CheckConstraint("code ~ '^[0-9]{2}(\\.[0-9]{2})?$'", name="regions_code_form"),
        CheckConstraint("(level = 'PROVINCE') = (parent_id IS NULL)", name="regions_parent_unless_province"),
        CheckConstraint("(level = 'PROVINCE') = (length(code) = 2)", name="regions_code_fits_level"),
        CheckConstraint("valid_to > valid_from", name="regions_validity_order"),
        UniqueConstraint("code", "valid_from", name="regions_code_once_per_start"),
        ExcludeConstraint((text(VALIDITY), "&&"), name="regions_periods_apart"),
        Index("regions_code_valid_now", "code", unique=True, postgresql_where="valid_to IS NULL"),
        Index("regions_by_parent", "parent_id", "code", "id"),
        Index("regions_by_code", "code", "id"),
        Index("regions_by_name", "name", "id"),
    )

    id: Mapped[UUIDKey]
    code: Mapped[RegionCode]
    level: Mapped[RegionLevel] = choice(RegionLevel)
    name: Mapped[str]
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("regions.id", name="regions_parent_fk"))
    time_zone: Mapped[TimeZone] = choice(TimeZone)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]

    parent: Mapped["Region | None"] = relationship(lazy="raise", remote_side="Region.id")


class RegionSuccession(Base):
    """Where a region's people and papers went when its code ended."""

    __tablename__ = "region_successions"
    __table_args__ = (
        CheckConstraint("predecessor_id <> successor_id", name="region_successions_not_itself"),
        Index("region_successions_by_successor", "successor_id"),
    )

    predecessor_id: Mapped[UUID] = mapped_column(
        ForeignKey("regions.id", name="region_successions_predecessor_fk"), primary_key=True
    )
    successor_id: Mapped[UUID] = mapped_column(
        ForeignKey("regions.id", name="region_successions_successor_fk"), primary_key=True
    )

    successor: Mapped[Region] = relationship(lazy="raise", foreign_keys=[successor_id])


def lies_within(region_id: InstrumentedAttribute[Any], code: RegionCode) -> ColumnElement[bool]:
    """Return the condition that a region is the one with ``code`` or lies in it: codes begin with their province's."""
    # Without the cast PostgreSQL cannot tell the parameter's type: concat takes anything.
    inside = func.starts_with(Region.code, func.concat(cast(code, Text), "."))
    within = or_(Region.code == code, inside)
    return select(Region.id).where(Region.id == region_id, within).exists()
