"""Categories: few, public, in the programme's order."""

from dataclasses import dataclass
from typing import Annotated

from sqlalchemy import Select, func, select
from typing_extensions import Doc

from models.categories import Category
from models.courses import Course
from rules.access import Viewer
from rules.ids import CategoryId
from rules.publication import PublicationState

BY_POSITION = (Category.position.asc(),)

COURSES_ON_SALE = (
    select(func.count(Course.id))
    .where(Course.category_id == Category.id, Course.state == PublicationState.PUBLISHED)
    .scalar_subquery()
)
"""How many courses of the category are on sale."""


@dataclass(frozen=True, slots=True)
class CategoryBy:
    """Names one category: by exactly one of its id and its code."""

    one_of = True

    id: Annotated[CategoryId | None, Doc("The category's id.")] = None
    code: Annotated[str | None, Doc("The category's code, as in links: `pemasaran-digital`.")] = None


def category_by(viewer: Viewer, by: Annotated[CategoryBy, Doc("Which category.")]) -> Select[Category]:
    """Return the category with this id or code."""
    del viewer
    if by.id is not None:
        return select(Category).where(Category.id == by.id)
    return select(Category).where(Category.code == by.code)


def all_categories(viewer: Viewer) -> Select[Category]:
    """Return all categories."""
    del viewer
    return select(Category)
