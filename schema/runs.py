"""Runs as a client sees them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from engine.enums import describe
from engine.graph import Node, Row
from engine.sources import EVERYONE, column, computed, edge, listed, mutation
from models import tables as rows
from resolvers import runs as do
from rules import runs as rules
from rules.access import Scope
from rules.runs import CancelReason, RunRefusal, RunState
from schema.regions import Region
from schema.writes import UserError, Written, describe_refusals, showing

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
describe(
    CancelReason,
    "Why a run is not taught.",
    TOO_FEW_PARTICIPANTS="Too few wanted it.",
    TEACHER_UNAVAILABLE="Nobody can teach it.",
    VENUE_UNAVAILABLE="The place cannot be used.",
    FORCE_MAJEURE="A flood, an earthquake, an epidemic.",
    PROGRAMME_DECISION="The programme office decided so.",
)
describe_refusals(RunRefusal, "Why a run may not be planned, changed or cancelled.")
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
    cancel_reason: CancelReason | None = column(
        rows.Run.cancel_reason, description="Why it was cancelled, where that is known; else null."
    )
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


@strawberry.type(description="Why a run was not planned, changed or cancelled.")
class RunError(UserError):
    """A refusal of what is to be done with a run."""

    code: RunRefusal = strawberry.field(description="The word to decide by.")


@strawberry.interface(description="The run as it is now, or `errors` that say why nothing was written.")
class RunPayload:
    """What a write of a run comes to."""

    run: Run | None = strawberry.field(description="The run; null when `errors` say something.")
    errors: list[RunError] = strawberry.field(description="Why not; empty when it was done.")


@strawberry.type(description="What planning a run came to.")
class CreateRunPayload(RunPayload):
    """A plan."""


@strawberry.type(description="What changing a run came to.")
class EditRunPayload(RunPayload):
    """A change."""


@strawberry.type(description="What cancelling a run came to.")
class CancelRunPayload(RunPayload):
    """A cancellation."""


WRITTEN = Written(RunRefusal, showing("Run"), do.BROKEN)


@strawberry.type
class RunMutations:
    """What is planned, changed and called off."""

    create_run: CreateRunPayload | None = mutation(
        WRITTEN.by(do.create_run, place="run"),
        scopes=(Scope.RUNS_WRITE,),
        description="Plan a run of one's own course. It goes on sale by itself, 75 days before its start.",
    )
    edit_run: EditRunPayload | None = mutation(
        WRITTEN.by(do.edit_run, place="changes"),
        scopes=(Scope.RUNS_WRITE,),
        description="Change a run that has not begun. Once somebody has a seat, only `seats` and `venue` may change.",
    )
    cancel_run: CancelRunPayload | None = mutation(
        WRITTEN.by(do.cancel_run),
        scopes=(Scope.RUNS_WRITE,),
        description="Call a run off before it is finished: its institution or an officer may.",
    )
