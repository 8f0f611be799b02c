"""Functions: an answer's shape written as Python source, compiled once and run for every request of the plan.

The source has no error handling. It is compiled into two environments: the plain one, and one whose functions put a
``Failure`` where they cannot write a value, for the rare request in which the plain one raises.
"""

import linecache
from collections.abc import Callable
from itertools import count
from typing import Any
from weakref import finalize

from engine.failures import guard
from engine.pages import Cursors, Window
from engine.shapes import Constant, First, Leaf, Many, Page, PagePart, Record, Shape

_numbers = count(1)


class Function:
    """The compiled source of one statement's answer."""

    def __init__(self, source: str, plain: dict[str, Any], guarded: dict[str, Any]) -> None:
        self.source = source
        filename = f"<plan {next(_numbers)}>"
        code = compile(source, filename, "exec")
        # Tracebacks show the generated line.
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        finalize(self, linecache.cache.pop, filename, None)
        exec(code, plain)  # noqa: S102 - our own source: the only client text in it are response keys, by repr()
        exec(code, guarded)  # noqa: S102
        self.build: Callable[..., Any] = plain["answer"]
        self.build_guarded: Callable[..., Any] = guarded["answer"]


class Writing:
    """Writes the source of one statement's answer."""

    def __init__(self, windows: list[Window], cursors: Cursors) -> None:
        self._windows = windows
        self._cursors = cursors
        self._plain: dict[str, Any] = {"hold": hold, "first": first}
        self._guarded: dict[str, Any] = dict(self._plain)
        self._pages: list[str] = []
        self._names = count()

    def object(self, record: Record) -> Function:
        """Return the function for an answer that is one object: ``answer(rows, run, slots)``."""
        return self._function(self._record(record, "rows[0]"))

    def pairs(self, record: Record, key_place: int) -> Function:
        """Return the function for rows asked for by their keys: a dict of objects by key."""
        return self._function(f"{{r[{key_place}]: {self._record(record, 'r')} for r in rows}}")

    def _function(self, body: str) -> Function:
        source = "".join(self._pages) + f"def answer(rows, run, slots):\n    return {body}\n"
        return Function(source, self._plain, self._guarded)

    def _bind(self, stem: str, plain: Any, guarded: Any) -> str:
        name = f"{stem}_{next(self._names)}"
        self._plain[name], self._guarded[name] = plain, guarded
        return name

    def _shape(self, shape: Shape, row: str) -> str:
        match shape:
            case Leaf():
                return self._leaf(shape, row)
            case Constant():
                return repr(shape.value)
            case Record():
                return self._record(shape, row)
            case Many():
                return f"[{self._each(shape, row)}]"
            case First():
                return f"first({self._each(shape, row)})"
            case Page():
                return self._page(shape, row)

    def _leaf(self, leaf: Leaf, row: str) -> str:
        values = ", ".join(f"{row}[{place}]" for place in leaf.places)
        if leaf.write is None:
            return values
        name = self._bind("write", leaf.write, leaf.guarded or guard(leaf.write))
        return f"(None if {values} is None else {name}({values}))" if leaf.nullable else f"{name}({values})"

    def _record(self, record: Record, row: str) -> str:
        text = "{" + ", ".join(f"{key!r}: {self._shape(shape, row)}" for key, shape in record.fields.items()) + "}"
        for held in record.holds:
            places = "".join(f"{row}[{place}], " for place in held.places)
            text = f"hold(slots[{held.slot}], {text}, ({places}))"
        return text if record.present is None else f"(None if {row}[{record.present}] is None else {text})"

    def _each(self, many: Many | First, row: str) -> str:
        inner = self._row_name(row)
        rows = "rows" if many.place is None else f"{row}[{many.place}]"
        return f"{self._record(many.each, inner)} for {inner} in {rows}"

    def _row_name(self, row: str) -> str:
        """Return the name of a row one level deeper: r, r1, r2 ..."""
        if not row.startswith("r") or row.startswith("rows"):
            return "r"
        return f"r{int(row[1:] or 0) + 1}"

    def _page(self, page: Page, row: str) -> str:
        """Write the page as a function of its own, so that the cut rows have a name, and return the call."""
        window = self._windows[page.number]
        name = f"page_{page.number}"
        cursor = self._bind("cursor", *[self._cursor_writer(window)] * 2)
        fields = ", ".join(f"{key!r}: {self._part(part, page, window, cursor)}" for key, part in page.fields.items())
        turn = "    rows = rows[::-1]\n" if window.backward else ""
        self._pages.append(
            f"def {name}(rows, total, run, slots):\n"
            f"    size = run.sizes[{page.number}]\n"
            f"    more = len(rows) > size\n"
            f"    if more: rows = rows[:size]\n"
            f"{turn}    return {{{fields}}}\n\n"
        )
        rows = "rows" if page.place is None else "()" if page.place < 0 else f"{row}[{page.place}]"
        total = "None" if page.total is None else f"{row}[{page.total}]"
        return f"{name}({rows}, {total}, run, slots)"

    def _part(self, part: PagePart, page: Page, window: Window, cursor: str) -> str:
        cursor_of = f"{cursor}(run, ({''.join(f'{{row}}[{place}], ' for place in page.cursor_places)}))"
        match part.kind:
            case "edges":
                inner = ", ".join(f"{key!r}: {self._edge(item, cursor_of)}" for key, item in part.parts.items())
                return f"[{{{inner}}} for r in rows]"
            case "nodes":
                assert part.record is not None
                return f"[{self._record(part.record, 'r')} for r in rows]"
            case "pageInfo":
                inner = ", ".join(f"{key!r}: {self._info(item, window, cursor_of)}" for key, item in part.parts.items())
                return f"{{{inner}}}"
            case "totalCount":
                return "total"
            case _:
                return repr(part.value)

    def _edge(self, part: PagePart, cursor_of: str) -> str:
        if part.kind == "cursor":
            return cursor_of.replace("{row}", "r")
        if part.kind == "node":
            assert part.record is not None
            return self._record(part.record, "r")
        return repr(part.value)

    def _info(self, part: PagePart, window: Window, cursor_of: str) -> str:
        match part.kind:
            case "hasNextPage":
                return repr(window.from_cursor) if window.backward else "more"
            case "hasPreviousPage":
                return "more" if window.backward else repr(window.from_cursor)
            case "startCursor":
                return f"({cursor_of.replace('{row}', 'rows[0]')} if rows else None)"
            case "endCursor":
                return f"({cursor_of.replace('{row}', 'rows[-1]')} if rows else None)"
            case _:
                return repr(part.value)

    def _cursor_writer(self, window: Window) -> Callable[[Any, tuple[Any, ...]], str]:
        cursors = self._cursors

        def write(run: Any, keys: tuple[Any, ...]) -> str:
            return cursors.write(window.scope_once(run), keys)

        return write


def hold(slot: list[Any], object_: dict[str, Any], key: tuple[Any, ...]) -> dict[str, Any]:
    """Note that ``object_`` waits for the slot's value of ``key``, and return it."""
    slot.append((object_, key))
    return object_


def first(objects: Any) -> Any:
    """Return the first of the objects, or None."""
    return next(objects, None)
