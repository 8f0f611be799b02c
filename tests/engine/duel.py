"""A duel: the engine and the oracle answer the same operation, and any difference is told."""

import asyncio
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from engine.errors import Answer, Rejected
from engine.limits import Limits
from engine.pages import Cursors
from engine.pool import Pool
from engine.run import Ask, Engine
from tests.engine.oracle import Oracle, Verdict

CURSOR_KEY = b"a key that only tests use, 32 byt"
WIDE = Limits(tokens=20_000, characters=10**7, depth=60, aliases=2_000, fields=20_000, cost=10**12)
"""Limits that no generated operation meets."""

Path = tuple[str | int, ...]


class Loop:
    """An event loop in a thread of its own: engine and oracle are called as plain functions."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._runner = asyncio.Runner()

    def call(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._thread.submit(self._runner.run, work).result()

    def close(self) -> None:
        self._thread.submit(self._runner.close).result()
        self._thread.shutdown()


class Ring:
    """One graph over one database, for both."""

    def __init__(
        self,
        first: strawberry.Schema,
        second: strawberry.Schema,
        url: str,
        *,
        viewer: Any,
        array_types: Sequence[str] = ("text[]",),
        services: Any = None,
    ) -> None:
        """Take two schemas of the same declarations: the oracle changes its own."""
        self.loop = Loop()
        self.pool = Pool(url, size=2, array_types=array_types, statement_timeout_s=60)
        self.engine = Engine(first, self.pool, cursor_key=CURSOR_KEY, viewer=viewer, limits=WIDE, services=services)
        self.oracle = Oracle(second, self, Cursors(CURSOR_KEY), services)
        self._sqlalchemy: AsyncEngine = create_async_engine(
            url.replace("postgresql://", "postgresql+asyncpg://", 1), pool_size=1
        )
        self._connection: AsyncConnection | None = None
        self.statements = 0

    def close(self) -> None:
        self.loop.call(self._close())
        self.loop.close()

    async def _close(self) -> None:
        if self._connection is not None:
            await self._connection.close()
        await self._sqlalchemy.dispose()
        await self.pool.close()

    def rows(self, statement: Any) -> Sequence[Sequence[Any]]:
        return self.loop.call(self._rows(statement))

    async def _rows(self, statement: Any) -> Sequence[Sequence[Any]]:
        self.statements += 1
        if self._connection is None:
            self._connection = await self._sqlalchemy.connect()
            await self._connection.execution_options(isolation_level="AUTOCOMMIT")
        return (await self._connection.execute(statement)).all()

    def call(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.call(work)

    def engine_answer(self, ask: Ask, viewer: Any) -> Answer:
        return self.loop.call(self.engine.answer(ask, viewer, "req-duel"))

    def fight(self, ask: Ask, viewer: Any) -> dict[str, Any]:
        """Let both answer, the engine twice (a fresh plan, then the same from memory); return the engine's answer.

        Raises:
            AssertionError: their answers differ; the message shows the operation and both.
        """
        ours = self.engine_answer(ask, viewer)
        again = self.engine_answer(ask, viewer)
        assert again.body == ours.body, f"a plan gave another answer the second time\n{_told(ask, ours, again)}"
        theirs = self.oracle.answer(ask.document, viewer, ask.variables, ask.operation_name)
        answer = orjson.loads(ours.body)
        self.judge(answer, theirs, ask)
        return answer

    def judge(self, answer: dict[str, Any], verdict: Verdict, ask: Ask | None = None) -> None:
        """Compare an answer with what it must be.

        Raises:
            AssertionError: they differ.
        """
        difference = compared(answer, verdict, ask.document if ask else "")
        assert difference is None, f"{difference}\n{_told(ask, answer, verdict)}"


ARGUMENT_CODES = {"BAD_ID", "BAD_USER_INPUT", "CURSOR_INVALID"}
"""Arguments of a statement are read before it is sent: where graphql-core says a field error, or never comes to the
field because its parent has no rows, the request is refused, or the batched field whose rows the statement reads."""

NO_CURSOR = "bm90IGEgY3Vyc29y"
"""A cursor that is none; where it was put into an operation, the oracle may never come to it."""


def compared(answer: dict[str, Any], verdict: Verdict, document: str = "") -> str | None:
    """Return how an answer differs from what it must be, None when it does not."""
    ours = answer.get("errors", [])
    if "errors" in answer and not ours:
        return "an empty list of errors"
    codes = {error["extensions"]["code"] for error in ours}
    theirs = {code_of(error) for _, error in verdict.errors} | ({"CURSOR_INVALID"} if NO_CURSOR in document else set())
    argument = bool(codes & theirs & ARGUMENT_CODES)
    if "data" not in answer:
        before = bool(verdict.errors) and all(path is None for path, _ in verdict.errors)
        allowed = before or (argument and codes <= ARGUMENT_CODES)
        return None if allowed else f"refused with {codes}, but the oracle says {theirs or 'nothing is wrong'}"
    if _text(answer["data"]) != _text(verdict.data):
        return None if argument else "data differs"
    mine = {tuple(error["path"]) for error in ours}
    other = {path for path, _ in verdict.errors}
    return None if mine == other or argument else f"error paths differ: {sorted(map(str, mine ^ other))}"


def code_of(error: Exception) -> str:
    """Return the code that the engine would give to an error of the oracle."""
    return error.code.value if isinstance(error, Rejected) else "INTERNAL"


def _text(value: Any) -> str:
    """Return JSON whose equality is that of the answers: key order counts, 1.0 is 1."""
    return repr(orjson.loads(orjson.dumps(value, default=str)))


def _told(ask: Ask | None, *answers: Any) -> str:
    asked = "" if ask is None else f"{ask.document}\nvariables: {ask.variables!r}\n\n"
    return asked + "\n\n".join(repr(answer) for answer in answers)
