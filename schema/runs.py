"""Runs as a client sees them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from engine.enums import describe
from engine.graph import Node, Row
from engine.sources import EVERYONE, column, computed, edge, listed
from models import tables as rows
from resolvers import runs as do
from rules import runs as rules
from rules.runs import RunState
from schema.regions import Region

if TYPE_CHECKING:
    from schema.courses import Course

describe(
    RunState,
    "The life of a run.",
    SCHEDULED="Planned; not for sale yet.",
    OPEN_FOR_SALE="For sale, with seats left.",
    FULL="All seats are taken.",
    RUNNING="Being taught.",
    FINISHED="Over.",
    CANCELLED="Will not be taught.",
)
describe(do.RunOrder, "How runs are ordered.", SOONEST="The earliest start first.", LATEST="The latest start first.")


@strawberry.type(description="One meeting of a run.")
class Session(Row, table=rows.Session, visible=EVERYONE):
    """A session."""

    position: int = column(rows.Session.position, description="Counts from 1.")
    topic: str = column(rows.Session.topic, description="What it is about, in Indonesian.")
    starts_at: datetime = column(rows.Session.starts_at, description="When it begins.")
    ends_at: datetime = column(rows.Session.ends_at, description="When it ends.")


@strawberry.type(description="One time that a course is taught.")
class Run(Node, table=rows.Run, visible=do.runs_visible, code="Ru"):
    """A run."""

    code: str = column(rows.Run.code, description="Names the run within its course.")
    state: RunState = column(rows.Run.state, description="Where the run is in its life.")
    starts_at: datetime = column(rows.Run.starts_at, description="When the first session begins.")
    ends_at: datetime = column(rows.Run.ends_at, description="When the last session ends.")
    venue: str | None = column(rows.Run.venue, description="Where it is taught; null when it is online.")
    region: Region | None = edge(rows.Run.region, description="The venue's region; null when it is online.")
    seats: int = column(rows.Run.seats, description="How many can take part.")
    seats_left: int = computed(
        rules.seats_left, rows.Run.seats, rows.Run.seats_taken, description="How many seats are still free."
    )
    sessions: list[Session] = listed(
        do.sessions_of, on=rows.Session.run_id, order=do.BY_POSITION, description="The schedule, in order."
    )
    course: Annotated["Course", strawberry.lazy("schema.courses")] = edge(
        rows.Run.course, with_parent=True, description="What is taught."
    )
