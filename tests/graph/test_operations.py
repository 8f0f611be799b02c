"""Representative operations, each with its answer and its SQL beside it: what changes shows in the diff.

``operations/NAME.graphql`` is asked of the tiny catalogue and gives ``NAME.json`` by the statements ``NAME.sql``, no
more and no fewer, and the same ones for five times the rows. To write answers and SQL anew, look at the difference, and
commit it: ``BEKAL_TEST_UPDATE_OPERATIONS=1 python -m pytest tests/graph/test_operations.py``.
"""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine.pool import Pool
from engine.run import Ask, Engine
from rules.access import ANONYMOUS, Role, Viewer, allowed
from schema.graph import build
from tests.graph import catalogue

FOLDER = Path(__file__).parent / "operations"
NAMES = sorted(path.stem for path in FOLDER.glob("*.graphql"))
CURSOR_KEY = b"a key that only tests use, 32 byt"
PARTICIPANT = Viewer(
    signed_in=True,
    role=Role.PARTICIPANT,
    scopes=allowed(Role.PARTICIPANT),
    person_id=catalogue.key("people", 1),
)
MARKETPLACE = Viewer(
    signed_in=True,
    role=Role.MARKETPLACE,
    scopes=allowed(Role.MARKETPLACE),
    organisation_id=catalogue.key("organisations", 1),
)
ASKED_BY = {"own_account": PARTICIPANT, "own_applications": MARKETPLACE, "audit": MARKETPLACE}
"""Who asks what not everybody may."""


@pytest.fixture(scope="module")
def update_operations() -> bool:
    """Whether answers and SQL are written anew."""
    return os.environ.get("BEKAL_TEST_UPDATE_OPERATIONS") == "1"


def made(server: Any, template: str, times: int) -> str:
    url: str = server.create(f"catalogue_{times}", template)
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, catalogue.make(url, times)).result()
    return url


@pytest.fixture(scope="module")
async def tiny(server: Any, migrated_template: str) -> AsyncIterator[Engine]:
    pool = Pool(made(server, migrated_template, 1), size=1)
    yield Engine(build(), pool, cursor_key=CURSOR_KEY, viewer=ANONYMOUS)
    await pool.close()


@pytest.fixture(scope="module")
async def larger(server: Any, migrated_template: str) -> AsyncIterator[Engine]:
    pool = Pool(made(server, migrated_template, 5), size=1)
    yield Engine(build(), pool, cursor_key=CURSOR_KEY, viewer=ANONYMOUS)
    await pool.close()


async def explained(engine: Engine, name: str) -> tuple[dict[str, Any], list[str], int]:
    """Return an operation's answer, its SQL, and how many statements were sent."""
    document = (FOLDER / f"{name}.graphql").read_text(encoding="utf-8")
    viewer = ASKED_BY.get(name, ANONYMOUS)
    answer = orjson.loads((await engine.answer(Ask(document, explain=True), viewer, "test")).body)
    explain = answer.pop("extensions")["explain"]
    return answer, explain["sql"], explain["statements"]


def laid_out(sql: str) -> str:
    """Return SQL with a line for each clause, so that a difference can be read."""
    return re.sub(r" (?=(FROM|WHERE|ORDER BY|LIMIT|LEFT OUTER JOIN|JOIN|array\(\(?SELECT)\b)", "\n", sql)


@pytest.mark.parametrize("name", NAMES)
async def test_an_operation_has_its_answer_and_its_sql(tiny: Engine, name: str, update_operations: bool) -> None:  # noqa: FBT001
    answer, sql, statements = await explained(tiny, name)

    written = {
        ".json": json.dumps(answer, indent=2, ensure_ascii=False) + "\n",
        ".sql": "\n\n".join(laid_out(text) + ";" for text in sql) + "\n",
    }
    for suffix, text in written.items():
        path = FOLDER / f"{name}{suffix}"
        if update_operations:
            path.write_text(text, encoding="utf-8")
        assert path.read_text(encoding="utf-8") == text, f"see the docstring of {Path(__file__).name}"
    assert statements == len(sql)


@pytest.mark.parametrize("name", NAMES)
async def test_more_rows_need_no_more_statements(tiny: Engine, larger: Engine, name: str) -> None:
    answer, sql, statements = await explained(tiny, name)
    other, same, count = await explained(larger, name)

    assert (same, count) == (sql, statements)
    assert "errors" not in answer
    assert "errors" not in other


async def test_every_operation_but_those_by_ids_is_one_statement(tiny: Engine) -> None:
    counts = {name: (await explained(tiny, name))[2] for name in NAMES}

    assert {name: count for name, count in counts.items() if count != 1} == {"audit": 2, "nodes_of_four_types": 4}
