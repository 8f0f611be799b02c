"""Categories as a client sees them."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from engine.graph import Node
from engine.pages import Connection
from engine.sources import EVERYONE, column, listed, one, pages
from models import tables as rows
from resolvers import categories as do
from resolvers.courses import reads as courses_do

if TYPE_CHECKING:
    from schema.courses import Course


@strawberry.type(description="A shelf of the catalogue.")
class Category(Node, table=rows.Category, visible=EVERYONE, code="Ca"):
    """A category."""

    code: str = column(rows.Category.code, description="Names the category in links; never changes.")
    name: str = column(rows.Category.name, description="The name in Indonesian.")
    name_en: str = column(rows.Category.name_en, description="The name in English.")
    course_count: int = column(do.COURSES_ON_SALE, description="How many courses are on sale in it.")
    courses: Connection[Annotated["Course", strawberry.lazy("schema.courses")]] = pages(
        courses_do.courses_on_sale,
        on=rows.Course.category_id,
        orders=courses_do.CourseOrder,
        description="Its courses on sale.",
    )


@strawberry.type
class CategoryQueries:
    """Reads of categories."""

    category: Category | None = one(do.category_by, description="One category; null when there is none.")
    categories: list[Category] = listed(
        do.all_categories, order=do.BY_POSITION, description="All categories, in the programme's order."
    )
