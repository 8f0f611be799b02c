"""Selects: what was selected of a table becomes one SQL statement, and the shape that its records have.

To-one edges are joins, to-many edges are ``array(select row(...))`` with their own order and page: asyncpg decodes
the nested records in C, and nothing is fetched twice.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Double, Float, Numeric, and_, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.sql.util import ClauseAdapter, _deep_deannotate
from sqlalchemy.sql.visitors import cloned_traverse

from engine.graph import BadDeclarationError, TypeInfo, statement_condition
from engine.symbols import Parameter, Read, Symbol

_DIALECT = asyncpg_dialect()


def adapt(clause: Any, alias: Any) -> Any:
    """Return a clause over a table moved to an alias of it, subqueries included."""
    expression = getattr(clause, "expression", clause)
    return ClauseAdapter(alias).traverse(_deep_deannotate(expression))


@dataclass(frozen=True, slots=True)
class Joined:
    """The end of a to-one edge within a level."""

    alias: Any
    info: TypeInfo
    present: int | None
    """Where the target's key is when it may be absent."""

    @property
    def optional(self) -> bool:
        """Whether the target may be absent, and so all that is joined to it."""
        return self.present is not None


class Level:
    """One record of a statement: the table it reads, what is joined to it, and the columns in their places."""

    def __init__(self, info: TypeInfo | None) -> None:
        self.alias: Any = None if info is None else info.table.alias()
        self._from: Any = self.alias
        self._columns: list[Any] = []
        self._places: dict[tuple[int, int], int] = {}
        self._kept: list[Any] = []
        self._joined: dict[tuple[int, Any, str, bool], Joined] = {}
        self.conditions: list[Any] = []
        self.order: list[Any] = []
        self.limit: Any = None

    def place(self, expression: Any, alias: Any) -> int:
        """Return where a column of an alias is in the record, adding it the first time."""
        known = (id(expression), id(alias))
        if known not in self._places:
            self._kept.append(expression)  # the place is known by identity: the object must not go away
            self._places[known] = self.add(readable(adapt(expression, alias)))
        return self._places[known]

    def add(self, column: Any) -> int:
        """Add a ready column and return its place."""
        self._columns.append(column)
        return len(self._columns) - 1

    def where(self, condition: Any | None) -> None:
        """Narrow the level's rows."""
        if condition is not None:
            self.conditions.append(condition)

    def join(self, parent: Joined, relationship: Any, target: TypeInfo, rule: Any | None) -> Joined:
        """Join a to-one edge's target once, however often it is selected, and return where it is."""
        # A hidden row must not come in through another edge's join: with and without a rule are two joins.
        key = (id(parent.alias), relationship, target.name, rule is None)
        if key not in self._joined:
            self._joined[key] = self._new_join(parent, relationship.property, target, rule)
        return self._joined[key]

    def _new_join(self, parent: Joined, edge: Any, target: TypeInfo, rule: Any | None) -> Joined:
        alias = target.table.alias()
        pairs = [alias.c[remote.key] == parent.alias.c[local.key] for local, remote in edge.local_remote_pairs]
        may_lack = any(local.nullable for local, _ in edge.local_remote_pairs) or edge.direction.name != "MANYTOONE"
        optional = parent.optional or may_lack or rule is not None
        condition = and_(*pairs) if rule is None else and_(*pairs, adapt(rule, alias))
        self._from = self._from.join(alias, condition, isouter=optional)
        return Joined(alias, target, self.place(target.key, alias) if optional else None)

    def flat(self) -> Any:
        """Return the select whose rows are the records."""
        return self._select(*(self._columns or [literal_column("1")]))

    def nested(self) -> Any:
        """Return the array of the records, to be a column of the parent's record."""
        row = func.row(*(self._columns or [literal_column("1")]))
        return func.array(self._select(row).scalar_subquery())

    def _select(self, *columns: Any) -> Any:
        statement = select(*columns)
        if self._from is not None:
            statement = statement.select_from(self._from)
        return statement.where(*self.conditions).order_by(*self.order).limit(self.limit)


def readable(expression: Any) -> Any:
    """Return the expression in the type that its declaration promises: a numeric without decimals as a double."""
    numeric = isinstance(expression.type, Numeric) and not isinstance(expression.type, Float)
    return cast(expression, Double) if numeric and not expression.type.asdecimal else expression


def narrowed(statement: Any, info: TypeInfo, alias: Any) -> Any | None:
    """Return a statement function's condition over the alias."""
    condition = statement_condition(statement, info.table)
    return None if condition is None else adapt(condition, alias)


@dataclass(frozen=True, slots=True)
class Statement:
    """Compiled SQL and where its parameters come from."""

    text: str
    reads: tuple[Read, ...]

    def values(self, run: Any) -> list[Any]:
        """Return the parameters' values for one request."""
        return [read(run) for read in self.reads]


KEYS = Parameter(Symbol(lambda run: run.keys))
"""The keys of a statement that reads rows by them; the running request holds them while it is sent."""


def compiled(statement: Any) -> Statement:
    """Compile a select once; its text stays the same for all requests, so PostgreSQL keeps its plan.

    Constants of the code (a state, a bound) are written into the text: a generic plan can use an index with
    ``WHERE state = 'PUBLISHED'`` only if it knows the state. Values of clients are always parameters.
    """
    statement = cloned_traverse(statement, {}, {"bindparam": _write_constant})
    result = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    return Statement(str(result), tuple(_reads(result)))


def _write_constant(bound: Any) -> None:
    if not isinstance(bound, Parameter):
        bound.literal_execute = True
    elif bound.expanding:
        raise BadDeclarationError("in_() cannot take a list that only a request knows. Write column == any_(values).")


def _reads(result: Any) -> Iterable[Read]:
    processors = result._bind_processors  # noqa: SLF001 - how the dialect wants a value of the type
    for name in result.positiontup or ():
        bound = result.binds.get(name)
        process = processors.get(name)
        assert isinstance(bound, Parameter), f"{name} is a constant that could not be written into the statement"
        yield _processed(bound.read, process)


def _processed(read: Read, process: Any) -> Read:
    return read if process is None else lambda run: process(read(run))
