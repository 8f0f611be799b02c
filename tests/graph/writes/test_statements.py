"""The statements of each write, in a file beside this one: what a change costs shows in the diff.

To write it anew, look at the difference, and commit it:
``BEKAL_TEST_UPDATE_OPERATIONS=1 python -m pytest tests/graph/writes/test_statements.py``.
"""

import json
import os
import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from tests.graph.writes.world import INSTITUTION, MARKETPLACE, OFFICER, World, content, plan

FILE = Path(__file__).with_name("statements.json")
TABLES = re.compile(r"\b(?:FROM|INTO|UPDATE|JOIN)\s+(?!ONLY|SET|OF\b)([a-z_]+)")
LOCKS = re.compile(r"FOR (?:NO KEY UPDATE|UPDATE|SHARE|KEY SHARE)")


def in_short(statement: str) -> str:
    """Return the verb, the tables and the lock of a statement."""
    verb = statement.split(maxsplit=1)[0]
    if verb == "WITH":
        verb = "WITH " + ", ".join(re.findall(r"(left_\w+) AS", statement)) + ":"
    tables = list(dict.fromkeys(TABLES.findall(statement)))
    return " ".join([verb, *tables[:6], *LOCKS.findall(statement)])


@contextmanager
def watched() -> Generator[list[str]]:
    """Collect the statements of all writes in a block."""
    seen: list[str] = []

    def before(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(in_short(statement))

    event.listen(Engine, "before_cursor_execute", before)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", before)


async def wishes(world: World) -> list[tuple[Any, str, dict[str, Any]]]:
    """Return each mutation with who sends it and what is wished."""
    draft, other, submitted, approved, published, suspended = [
        await world.course(state) for state in ("DRAFT", "DRAFT", "SUBMITTED", "APPROVED", "PUBLISHED", "SUSPENDED")
    ]
    waiting, sold, gone = (
        await world.course("SUBMITTED"),
        await world.course("PUBLISHED"),
        await world.course("PUBLISHED"),
    )
    run = await world.run(other)
    shelf = {"commissionBp": 1_000, "url": "https://pasar1.example/1"}
    listing = await world.done(MARKETPLACE, "listCourse", course=sold["id"], **shelf)
    new = content(category=await world.category(), ownCode="NEW")
    return [
        (INSTITUTION, "createCourse", {"course": content(category=await world.category())}),
        (INSTITUTION, "editCourse", {"id": draft["id"], "changes": {"title": "Lain"}}),
        (INSTITUTION, "submitCourse", {"id": draft["id"]}),
        (INSTITUTION, "withdrawCourse", {"id": draft["id"]}),
        (INSTITUTION, "publishCourse", {"id": approved["id"]}),
        (INSTITUTION, "retireCourse", {"id": gone["id"]}),
        (INSTITUTION, "upsertCourses", {"rows": [new]}),
        (OFFICER, "approveCourse", {"id": submitted["id"], "revision": 1}),
        (OFFICER, "requestCourseChanges", {"id": waiting["id"], "revision": 1, "reasons": ["CONTENT_POOR"]}),
        (OFFICER, "suspendCourse", {"id": published["id"], "revision": 1, "reasons": ["COMPLAINTS"]}),
        (OFFICER, "reinstateCourse", {"id": suspended["id"], "revision": 1}),
        (INSTITUTION, "createRun", {"course": other["id"], "run": plan(code="B")}),
        (INSTITUTION, "editRun", {"id": run["id"], "changes": {"seats": 40}}),
        (INSTITUTION, "cancelRun", {"id": run["id"], "reason": "FORCE_MAJEURE"}),
        (MARKETPLACE, "listCourse", {"course": published["id"], **shelf}),
        (MARKETPLACE, "editListing", {"id": listing["id"], "commissionBp": 900}),
        (MARKETPLACE, "unlistCourse", {"id": listing["id"]}),
    ]


async def test_each_write_sends_the_statements_that_are_written_down(world: World) -> None:
    written: dict[str, list[str]] = {}
    for who, name, wish in await wishes(world):
        if name == "listCourse":
            wish["course"] = (await world.course("PUBLISHED"))["id"]
        with watched() as seen:
            answer = await world.send(who, name, wish)
        payload = answer["data"][name]
        assert payload["errors"] == [], (name, payload)
        written[name] = seen

    if os.environ.get("BEKAL_TEST_UPDATE_OPERATIONS") == "1":
        FILE.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")
    assert written == json.loads(FILE.read_text(encoding="utf-8"))


async def test_a_write_that_was_done_is_answered_by_two_statements(world: World) -> None:
    wish = {"idempotencyKey": "twice", "course": content(category=await world.category())}
    first = await world.send(INSTITUTION, "createCourse", wish)

    with watched() as seen:
        again = await world.send(INSTITUTION, "createCourse", wish)

    assert again == first
    assert seen == ["INSERT idempotency set_config", "SELECT idempotency"]
