"""Ratings: what participants say; public, and naming nobody."""

from enum import Enum

from sqlalchemy import Select, select

from models.ratings import Rating
from rules.access import Viewer


class RatingOrder(Enum):
    """Orders of ratings."""

    NEWEST = (Rating.rated_at.desc(), Rating.id.desc())
    BEST = (Rating.stars.desc(), Rating.id.desc())
    WORST = (Rating.stars.asc(), Rating.id.asc())


def ratings_of(viewer: Viewer) -> Select[Rating]:
    """Return the ratings of a course."""
    del viewer
    return select(Rating)
