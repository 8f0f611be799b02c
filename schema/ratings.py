"""Ratings as a client sees them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from engine.enums import describe
from engine.graph import Node
from engine.sources import EVERYONE, column, edge
from models import tables as rows
from resolvers import ratings as do

if TYPE_CHECKING:
    from schema.courses import Course

describe(
    do.RatingOrder,
    "How ratings are ordered.",
    NEWEST="The latest first.",
    BEST="The most stars first.",
    WORST="The fewest stars first.",
)


@strawberry.type(description="What a participant thought of a course. It names nobody.")
class Rating(Node, table=rows.Rating, visible=EVERYONE, code="Ra"):
    """A rating."""

    stars: int = column(rows.Rating.stars, description="1 to 5.")
    comment: str | None = column(rows.Rating.comment, description="The participant's words, if any.")
    rated_at: datetime = column(rows.Rating.rated_at, description="When it was given.")
    course: Annotated["Course", strawberry.lazy("schema.courses")] = edge(
        rows.Rating.course, with_parent=True, description="What was rated."
    )
