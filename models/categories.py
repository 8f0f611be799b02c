"""Categories: the shelves of the catalogue."""

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped

from models.base import Base, UUIDKey


class Category(Base):
    """One shelf, named in Indonesian and English."""

    __tablename__ = "categories"
    __table_args__ = (
        CheckConstraint("code ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name="categories_code_form"),
        UniqueConstraint("code", name="categories_code_unique"),
        UniqueConstraint("position", name="categories_position_unique"),
    )

    id: Mapped[UUIDKey]
    code: Mapped[str]
    name: Mapped[str]
    name_en: Mapped[str]
    position: Mapped[int]
