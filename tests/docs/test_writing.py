"""Every mutation that the page for frontends shows is done, in the order of a course's life, and answers as it says."""

import re
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from engine.pool import Pool
from engine.run import Ask, Engine
from models.database import Database
from models.sealing import KeyRing
from rules.access import ANONYMOUS, Role, Viewer, allowed
from schema.graph import build
from schema.services import Services
from tests.docs.reading import DOCS, EXAMPLES, blocks

WRITING = EXAMPLES / "writing"
LIFE = ("create-course", "submit-course", "approve-course", "publish-course", "list-course")
REFUSED = ("create-dear-course",)
PARTIES = {"institution": "providers", "marketplace": "marketplaces"}


def test_every_example_is_tried_and_shown() -> None:
    page = (DOCS / "frontend.md").read_text(encoding="utf-8")
    shown = {block.text for block in blocks(DOCS / "frontend.md")}

    files = {path.stem: path for path in WRITING.glob("*.graphql")}
    assert set(files) == {*LIFE, *REFUSED}
    assert all(path.read_text(encoding="utf-8") in shown or f"writing/{path.name})" in page for path in files.values())


async def viewer_of(connection: "asyncpg.Connection[asyncpg.Record]", text: str) -> Viewer:
    """Return who sends an example, as its first line says."""
    role = re.match(r"# as: (\w+)\n", text)
    assert role is not None, "The first line says who sends it: # as: institution"
    table = PARTIES.get(role[1])
    one = f"SELECT id FROM {table} WHERE state = 'PUBLISHED' ORDER BY id DESC LIMIT 1"  # noqa: S608 - our own names
    party = await connection.fetchval(one) if table else None
    kind = Role(role[1].upper())
    return Viewer(signed_in=True, role=kind, scopes=allowed(kind), person_id=UUID(int=1), party_id=party)


def variables(path: Path) -> dict[str, Any]:
    values = path.with_suffix(".json")
    return orjson.loads(values.read_bytes()) if values.exists() else {}


def answers_shown() -> dict[str, Any]:
    """Return the answers that the page shows, by the operation that stands before them."""
    shown: dict[str, Any] = {}
    asked = ""
    for block in blocks(DOCS / "frontend.md"):
        if block.language == "graphql":
            asked = block.text
        elif block.language == "json" and asked.startswith("# as: "):
            shown[asked] = orjson.loads(block.text)
    return shown


@pytest.fixture
async def asked(fresh_seeded_database_url: str) -> Any:
    """Answers to the examples, in their order; what an answer names goes into the next one's variables."""
    url = fresh_seeded_database_url
    pool, database = Pool(url, size=1), Database(url, size=2, wait_s=10)
    await pool.open()
    services = Services(database, KeyRing({1: bytes(32)}))
    engine = Engine(build(), pool, cursor_key=b"a key that only tests use, 32 byt", viewer=ANONYMOUS, services=services)
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(url)
    answers: dict[str, Any] = {}
    known: dict[str, Any] = {}
    for name in (*LIFE, *REFUSED):
        path = WRITING / f"{name}.graphql"
        text = path.read_text(encoding="utf-8")
        given = variables(path) or known
        answer = await engine.answer(Ask(text, None, given), await viewer_of(connection, text), "docs")
        answers[name] = orjson.loads(answer.body)
        if name == "create-course":
            known["id"] = answers[name]["data"]["createCourse"]["course"]["id"]
    await connection.close()
    await pool.close()
    await database.close()
    return answers


async def test_a_course_goes_the_way_that_the_examples_lead(asked: Any) -> None:
    payloads = {name: next(iter(asked[name]["data"].values())) for name in LIFE}

    assert [payload["errors"] for payload in payloads.values()] == [[]] * len(LIFE)
    states = [(payload.get("course") or payload["listing"])["state"] for payload in payloads.values()]
    assert states == ["DRAFT", "SUBMITTED", "APPROVED", "PUBLISHED", "PUBLISHED"]


async def test_the_page_shows_the_answers_that_come(asked: Any) -> None:
    shown = answers_shown()

    refused = asked["create-dear-course"]
    assert shown[(WRITING / "create-dear-course.graphql").read_text(encoding="utf-8")] == refused
    created = shown[(WRITING / "create-course.graphql").read_text(encoding="utf-8")]
    created["data"]["createCourse"]["course"]["id"] = asked["create-course"]["data"]["createCourse"]["course"]["id"]
    assert created == asked["create-course"]
