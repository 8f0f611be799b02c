"""Housekeeping: what must be done again and again so that the tables stay as they should be, and time moves on."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute

from models.database import Database
from models.expiry import sweep
from models.grants import AuthorizationCode, DeviceRequest, PushedRequest, RefreshToken, SpentProof
from models.idempotency import KEPT_DAYS, Idempotency
from models.sign_ins import Attempt, Device, OneTimeCode, PasswordLink, SignIn
from resolvers.runs import ADVANCE_EVERY_S, advance_runs
from rules.sign_ins import DEVICE_LIFE

MONTHS_AHEAD = 3
"""Parts that are there before their month begins: time enough to notice that this did not run."""

HOUR_S = 3_600


@dataclass(frozen=True, slots=True)
class Chore:
    """Something to do every so often; once is as good as twice."""

    kind: str
    every_s: int
    do: Callable[[Database], Awaitable[object]]


async def make_partitions(database: Database) -> None:
    """Make the parts of the months to come."""
    async with database.write() as session:
        await session.execute(select(func.make_partitions(MONTHS_AHEAD)))


async def forget(database: Database, column: InstrumentedAttribute[datetime], age: timedelta) -> None:
    """Delete rows whose ``column`` is longer ago than ``age``, in transactions of their own."""
    more = True
    while more:
        async with database.write() as session:
            more = await sweep(session, column, age)


def _forgetting(column: InstrumentedAttribute[datetime], age: timedelta) -> Chore:
    return Chore(f"forget.{column.class_.__tablename__}", HOUR_S, partial(forget, column=column, age=age))


_DAY = timedelta(days=1)
"""What has expired is kept a little longer, so that its second use is told from the use of what never was."""

CHORES: Sequence[Chore] = (
    Chore("make_partitions", 6 * HOUR_S, make_partitions),
    Chore("advance_runs", ADVANCE_EVERY_S, advance_runs),
    _forgetting(Idempotency.at, timedelta(days=KEPT_DAYS)),
    _forgetting(SignIn.expires_at, _DAY),
    _forgetting(OneTimeCode.expires_at, _DAY),
    _forgetting(PasswordLink.expires_at, _DAY),
    _forgetting(Device.last_seen_at, DEVICE_LIFE),
    _forgetting(Attempt.expires_at, _DAY),
    _forgetting(AuthorizationCode.expires_at, _DAY),
    _forgetting(RefreshToken.expires_at, _DAY),
    _forgetting(PushedRequest.expires_at, _DAY),
    _forgetting(DeviceRequest.expires_at, _DAY),
    _forgetting(SpentProof.expires_at, timedelta(0)),
)
"""All chores. A table whose rows expire gets a line here, and what only time moves."""
