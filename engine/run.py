"""Running: one request from its text to the bytes of its answer."""

import asyncio
import logging
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson
import strawberry
from graphql import GraphQLError
from graphql.execution.values import VariableValues, VariableValueSource

from engine.checks import check
from engine.documents import Document, Documents, Invalid, Operation, problems_of
from engine.errors import STATUS, Answer, Code, Rejected, request_error
from engine.failures import Failure, Settlement
from engine.functions import Function
from engine.graph import Graph
from engine.introspection import introspected
from engine.limits import Limits
from engine.pages import Cursors
from engine.plans import Plan, Planner
from engine.pool import Connection, Pool
from engine.scopes import enforce_scopes
from engine.selected import Selection
from engine.selects import Statement
from engine.symbols import Symbol, shape, symbolic, symbolic_viewer, viewer_shape
from engine.telling import Telling, explain_error, present

logger = logging.getLogger("bekal.engine")

PLANS_MAX = 2_000
"""Plans that a process keeps."""

PLANNED_FIELDS_MAX = 50_000
"""Fields of all kept plans: a kilobyte and a half each, and a rich page has a hundred."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One GraphQL request, as HTTP or a test brings it."""

    document: str
    operation_name: str | None = None
    variables: dict[str, Any] | None = None
    explain: bool = False
    """Add the plan and its SQL to ``extensions.explain``; for developers."""
    on_write: Callable[[], None] | None = None
    """Called when mutations begin: from then on the operation is finished, whoever still waits for it."""


class Sizes(dict[int, int]):
    """The page sizes of a request, read and checked when they are first needed."""

    def __init__(self, run: "Run") -> None:
        super().__init__()
        self._run = run

    def __missing__(self, number: int) -> int:
        size = self[number] = self._run.plan.windows[number].size(self._run)
        return size


@dataclass(slots=True, eq=False)
class Run:
    """One request while it is answered. Its factories are plain: ``dict[int, bytes]()`` costs ten times ``dict()``."""

    plan: Plan
    graph: Graph
    variables: dict[str, Any]
    viewer: Any
    pool: Pool
    request_id: str
    services: Any = None
    """What the application lends to its functions, as it gave it to the engine."""
    connection: Connection | None = None
    """The connection of all reads of a query; those of a mutation borrow one each."""
    keys: list[Any] = field(default_factory=list)
    """The keys of the statement that is being sent."""
    sizes: Sizes = field(init=False)
    scopes: dict[int, bytes] = field(default_factory=dict)
    """What the cursors of each window are bound to, once it was needed."""
    positions: dict[int, list[Any]] = field(default_factory=dict)
    """Where each window begins, once its cursor was read."""
    waiting: dict[int, list[Any]] = field(default_factory=dict)
    failed: bool = False
    statements: int = 0

    def __post_init__(self) -> None:
        self.sizes = Sizes(self)

    def may_meet(self, name: str) -> bool:
        """Return whether the caller holds the scopes of a type; whoever does not gets null for its rows."""
        info = self.graph.types.get(name)
        return info is None or not info.scopes or info.scopes <= self.viewer.scopes

    async def fetch(self, statement: Statement) -> list[Sequence[Any]]:
        """Send a planned statement with this request's values."""
        self.statements += 1
        if self.connection is None:
            async with self.pool.connection() as connection:
                return await connection.fetch(statement.text, *statement.values(self))
        return await self.connection.fetch(statement.text, *statement.values(self))

    def build(self, function: Function, rows: Any) -> Any:
        """Build a part of the answer; what must wait for slots is noted in ``waiting``."""
        waiting: defaultdict[int, list[Any]] = defaultdict(list)
        try:
            built = function.build(rows, self, waiting)
        except Exception:  # noqa: BLE001 - the guarded build finds out which field it was, and why
            self.failed = True
            waiting.clear()
            built = function.build_guarded(rows, self, waiting)
        for slot, places in waiting.items():
            self.waiting.setdefault(slot, []).extend(places)
        return built

    async def write(self) -> dict[str, Any]:
        """Perform the mutations one after the other, each read back before the next begins."""
        data = self.build(self.plan.function, _NO_ROWS)
        roots, self.waiting = self.waiting, dict[int, list[Any]]()
        for number in self.plan.writes:
            self.waiting[number] = roots[number]
            await self.serve()
        return data

    async def serve(self) -> None:
        """Serve the slots until none waits."""
        while self.waiting:
            number, places = self.waiting.popitem()
            slot = self.plan.slots[number]
            try:
                await slot.serve(self, places)
            except Exception as error:  # noqa: BLE001 - a slot's failure is its field's, the rest is answered
                self.failed = True
                for object_, _ in places:
                    object_[slot.key] = Failure(error)


class Engine:
    """Answers the operations of one graph from one database."""

    def __init__(
        self,
        schema: strawberry.Schema,
        pool: Pool,
        *,
        cursor_key: bytes,
        viewer: Any,
        limits: Limits | None = None,
        primary: Pool | None = None,
        services: Any = None,
    ) -> None:
        """Check the declarations and prepare.

        Args:
            schema: The graph; its fields say where they come from.
            pool: The read connections.
            cursor_key: Secret bytes that sign cursors, the same in all processes of an installation.
            viewer: Any viewer; row rules are tried with it when the program starts.
            limits: What one operation may ask for.
            primary: The connections from which payloads of mutations are read; ``pool`` when none are given.
            services: What mutations and batched functions find as ``run.services``; the engine does not look at it.

        Raises:
            BadDeclarationError: when a declaration cannot work.
        """
        self.graph = Graph(schema)
        check(self.graph, viewer)
        self._pool = pool
        self._primary = primary or pool
        self._services = services
        self._writing: set[asyncio.Task[Any]] = set()
        self._cursors = Cursors(cursor_key)
        self._limits = limits or Limits()
        self._documents = Documents(self.graph, self._limits)
        self._plans: OrderedDict[Any, Plan] = OrderedDict()
        self._planned_fields = 0

    async def answer(self, ask: Ask, viewer: Any, request_id: str) -> Answer:
        """Answer a request. Never raises: what cannot be answered is said in the answer, unknown failures masked."""
        try:
            document = self._documents.get(ask.document)
            operation = document.operation(ask.operation_name)
            if operation.needs:
                enforce_scopes(operation.needs, viewer)
            values = self._documents.variables(operation, ask.variables or {})
            plan = self._plan(document, operation, values, viewer)
            pool = self._primary if plan.writes else self._pool
            run = Run(plan, self.graph, values.coerced, viewer, pool, request_id, self._services)
            data = await (self._written(run, ask) if plan.writes else self._data(run))
            if plan.introspection:
                nodes = [node for nodes in plan.introspection.values() for node in nodes]
                data.update(introspected(self.graph.schema, operation, nodes, ask.variables or {}))
            return self._answer(run, data, document, operation, ask, request_id)
        except Invalid as invalid:
            errors = [present(problem, invalid.code, request_id) for problem in invalid.problems]
            return Answer(orjson.dumps({"errors": errors}), STATUS.get(invalid.code, 400), invalid.code)
        except Exception as error:  # noqa: BLE001 - the answer to everything else is masked and logged once
            code, message, extensions = explain_error(error, request_id)
            return request_error(code, message, request_id, **extensions)

    def explain(self, ask: Ask, viewer: Any) -> dict[str, Any]:
        """Return the plan of an operation for people: its SQL and the functions that build the answer.

        Raises:
            Rejected, Invalid: as for an answer.
        """
        document = self._documents.get(ask.document)
        operation = document.operation(ask.operation_name)
        values = self._documents.variables(operation, ask.variables or {})
        plan = self._plan(document, operation, values, viewer)
        for plan_type in plan.awaited:
            plan_type()
        return _explained(plan, operation)

    def _plan(self, document: Document, operation: Operation, values: VariableValues, viewer: Any) -> Plan:
        variables = values.coerced
        key = (operation, _shape(operation, variables) if variables else None, viewer_shape(viewer))
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = self._new_plan(document, operation, values, viewer)
            self._planned_fields += operation.measure.fields
            while len(self._plans) > 1 and (len(self._plans) > PLANS_MAX or self._planned_fields > PLANNED_FIELDS_MAX):
                (forgotten, _, _), _ = self._plans.popitem(last=False)
                self._planned_fields -= forgotten.measure.fields
        else:
            self._plans.move_to_end(key)
        return plan

    def _new_plan(self, document: Document, operation: Operation, values: VariableValues, viewer: Any) -> Plan:
        twins = {
            name: Symbol(_variable(name))
            if name in operation.inputs and value is not None
            else symbolic(value, _variable(name))
            for name, value in values.coerced.items()
        }
        sources = {
            name: VariableValueSource(source.signature, twins.get(name, source.value))
            for name, source in values.sources.items()
        }
        variables = VariableValues(sources, twins)
        selection = Selection(self.graph.schema, document.fragments, operation.node, variables)
        try:
            return Planner(self.graph, self._cursors, selection, symbolic_viewer(viewer)).plan()
        except GraphQLError as error:
            # Null for an argument with a default is valid until its value is known.
            raise Invalid(Code.BAD_USER_INPUT, problems_of([error])) from error

    async def _data(self, run: Run) -> dict[str, Any]:
        """Send the statement, build the answer and serve its slots, all on one connection."""
        statement = run.plan.statement
        if statement is None and not run.plan.slots:
            return run.build(run.plan.function, _NO_ROWS)
        connection = run.connection = await run.pool.acquire()
        try:
            rows = _NO_ROWS if statement is None else await run.fetch(statement)
            data = run.build(run.plan.function, rows)
            if run.waiting:
                await run.serve()
            return data
        finally:
            run.pool.release(connection)

    async def _written(self, run: Run, ask: Ask) -> dict[str, Any]:
        """Perform mutations in a task of their own: who stops waiting does not stop them."""
        if ask.on_write is not None:
            ask.on_write()
        writing = asyncio.create_task(run.write())
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)
        try:
            return await asyncio.shield(writing)
        except asyncio.CancelledError:
            writing.add_done_callback(partial(_tell, request_id=run.request_id))
            raise

    async def finish(self) -> None:
        """Return when the mutations that have begun are done: before what they write to is closed."""
        while self._writing:
            await asyncio.wait(self._writing)

    def _answer(
        self, run: Run, data: Any, document: Document, operation: Operation, ask: Ask, request_id: str
    ) -> Answer:
        answer: dict[str, Any] = {"data": data}
        if run.failed:
            answer = self._settled(data, document, operation, request_id)
        if ask.explain:
            answer["extensions"] = {"explain": _explained(run.plan, operation) | {"statements": run.statements}}
        body = orjson.dumps(answer)
        if len(body) > self._limits.answer_bytes:
            raise Rejected(
                Code.COST_EXCEEDED,
                f"The answer is {len(body)} bytes long; {self._limits.answer_bytes} is the limit. "
                "Ask for smaller pages (`first`) or fewer fields.",
                limit=self._limits.answer_bytes,
            )
        return Answer(body)

    def _settled(
        self, data: dict[str, Any], document: Document, operation: Operation, request_id: str
    ) -> dict[str, Any]:
        settlement = Settlement(self.graph.schema, document.fragments)
        settled = settlement.settle(data, operation.node.selection_set, self.graph.root(operation.node))
        telling = Telling(request_id)
        return {"errors": [telling.present(error) for error in settlement.errors], "data": settled}


def _tell(writing: asyncio.Task[Any], request_id: str) -> None:
    """Log a failure of mutations that nobody waits for any more."""
    if not writing.cancelled() and (error := writing.exception()) is not None:
        logger.error("unexpected failure", extra={"request_id": request_id}, exc_info=error)


_NO_ROWS = ((),)
"""One record without columns: what an answer without a statement is built from."""


def _shape(operation: Operation, variables: dict[str, Any]) -> Hashable:
    """Return what of the variables may shape a plan: of those that mutations take, whether they are there."""
    if not operation.inputs:
        return shape(variables)
    told = {name: "" if name in operation.inputs and value is not None else value for name, value in variables.items()}
    return shape(told)


def _variable(name: str) -> Any:
    return lambda run: run.variables[name]


def _explained(plan: Plan, operation: Operation) -> dict[str, Any]:
    statements = [plan.statement] if plan.statement else []
    return {
        "cost": operation.measure.cost,
        "sql": [statement.text for statement in [*statements, *(reader.statement for reader in plan.readers)]],
        "functions": [plan.function.source, *(reader.function.source for reader in plan.readers)],
    }
