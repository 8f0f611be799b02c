"""Runs: when and where a course is taught."""

from enum import Enum
from typing import Annotated

from sqlalchemy import ColumnElement, Select, func, select
from typing_extensions import Doc

from models.runs import Run, Session
from rules.access import Viewer
from rules.runs import UPCOMING, RunState

BY_POSITION = (Session.position.asc(),)


class RunOrder(Enum):
    """Orders of runs."""

    SOONEST = (Run.starts_at.asc(), Run.id.asc())
    LATEST = (Run.starts_at.desc(), Run.id.desc())


def runs_visible(viewer: Viewer) -> ColumnElement[bool]:
    """Return which runs the viewer may look up: all but those not yet open for sale."""
    del viewer
    return Run.state != RunState.SCHEDULED


def runs_of(
    viewer: Viewer,
    upcoming: Annotated[bool, Doc("Only runs that have not begun and are not cancelled.")] = True,  # noqa: FBT002 - an argument of the graph
) -> Select[Run]:
    """Return the runs of a course; the edge joins them to all the courses of a level at once."""
    del viewer
    if upcoming:
        return select(Run).where(Run.state.in_(UPCOMING), Run.starts_at > func.now())
    return select(Run)


def sessions_of(viewer: Viewer) -> Select[Session]:
    """Return the meetings of a run."""
    del viewer
    return select(Session)
