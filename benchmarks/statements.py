"""How many statements Bekal sends for an answer, counted by its engine over the real database."""

from collections.abc import Sequence
from dataclasses import replace

import orjson

from api.assembly import build_engine
from api.settings import Settings
from benchmarks.processes import CURSOR_KEY
from benchmarks.workload import Operation
from engine.pool import Pool
from engine.run import Ask
from rules.access import ANONYMOUS


async def count(database_url: str, operations: Sequence[Operation]) -> dict[str, int]:
    """Return the number of statements of each operation: the most that any of its variable sets needs."""
    pool = Pool(database_url)
    await pool.open()
    try:
        engine = build_engine(replace(Settings(), cursor_key=bytes.fromhex(CURSOR_KEY)), pool)
        counts: dict[str, int] = {}
        for operation in operations:
            for variables in operation.variables:
                ask = Ask(operation.document, operation.name, variables, explain=True)
                answer = orjson.loads((await engine.answer(ask, ANONYMOUS, "")).body)
                statements = answer["extensions"]["explain"]["statements"]
                counts[operation.name] = max(counts.get(operation.name, 0), statements)
        return counts
    finally:
        await pool.close()
