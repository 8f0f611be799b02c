"""The sequencer: gives committed events their numbers, without a gap, in an order in which no cause follows its effect.

Any number of processes may run it; a lock of the transaction lets one number at a time, and ends with it. So there is
nothing to clean up when a process is killed: the next tick of any other goes on.
"""

from models import events
from models.database import Database

EVERY_S = 0.1
"""How late an event may be for those who follow. An idle tick is three small round trips."""


async def number_events(database: Database) -> bool:
    """Number what was committed since the last time; return whether more waits."""
    async with database.write() as session:
        return await events.number(session) == events.BATCH_MAX
