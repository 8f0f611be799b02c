"""A programme to write in: the tiny catalogue, a viewer of each role, and the graph with its database."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import orjson

from engine.pool import Pool
from engine.run import Ask, Engine
from models.database import Database
from models.sealing import KeyRing
from rules.access import ANONYMOUS, Role, Viewer, allowed
from schema.graph import build
from schema.services import Services
from tests.graph import catalogue

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

ERRORS = "errors { code path message { english indonesian } remedy { english indonesian } }"
FIELDS = {
    "Courses": "results { outcome course { id state title revision } errors { code path } }",
    "Course": "course { id code state title price revision ownCode submittedAt }",
    "Run": "run { id code state seats seatsLeft cancelReason venue sessions { position topic startsAt } }",
    "Listing": "listing { id state commissionBp url course { code } }",
}


def viewer(role: Role, number: int, party: str | None = None, *, sandbox: bool = False) -> Viewer:
    """Return somebody signed in in a role, who may do all that the role may."""
    return Viewer(
        signed_in=True,
        role=role,
        scopes=allowed(role),
        person_id=None if party else UUID(int=number),
        organisation_id=UUID(int=1000 + number) if party else None,
        party_id=catalogue.key(party, number) if party else None,
        client_id=UUID(int=2000 + number + 100 * sandbox) if party else None,
        sandbox=sandbox,
    )


INSTITUTION = viewer(Role.INSTITUTION, 1, "providers")
RIVAL = viewer(Role.INSTITUTION, 2, "providers")
STOPPED = viewer(Role.INSTITUTION, 4, "providers")
"""An institution that the programme suspended."""
TRIAL = viewer(Role.INSTITUTION, 1, "providers", sandbox=True)
MARKETPLACE = viewer(Role.MARKETPLACE, 1, "marketplaces")
OTHER_MARKETPLACE = viewer(Role.MARKETPLACE, 2, "marketplaces")
TRIAL_MARKETPLACE = viewer(Role.MARKETPLACE, 2, "marketplaces", sandbox=True)
OFFICER = viewer(Role.OFFICER, 901)
COLLEAGUE = viewer(Role.OFFICER, 902)
AUDITOR = viewer(Role.AUDITOR, 903)
PARTICIPANT = viewer(Role.PARTICIPANT, 904)
EVERYBODY = {
    "anonymous": ANONYMOUS,
    "institution": INSTITUTION,
    "rival": RIVAL,
    "trial": TRIAL,
    "marketplace": MARKETPLACE,
    "officer": OFFICER,
    "auditor": AUDITOR,
    "participant": PARTICIPANT,
}


def content(**changes: Any) -> dict[str, Any]:
    """Return what a good course says."""
    return {
        "title": "Barista Dasar",
        "summary": "Kalibrasi hingga latte art.",
        "description": "Belajar menyeduh dari awal.",
        "mode": "WEBINAR",
        "level": "BEGINNER",
        "hours": 15,
        "price": "300000",
        "outsidePrice": "350000",
        "skills": ["menyeduh kopi"],
    } | changes


def plan(**changes: Any) -> dict[str, Any]:
    """Return a good plan of a run, some weeks ahead for ever."""
    return {
        "code": "A1",
        "startsAt": "2999-01-07T09:00:00+07:00",
        "endsAt": "2999-01-09T12:00:00+07:00",
        "seats": 30,
        "sessions": [
            {"topic": "Pengantar", "startsAt": "2999-01-07T09:00:00+07:00", "endsAt": "2999-01-07T12:00:00+07:00"},
            {"topic": "Praktik", "startsAt": "2999-01-09T09:00:00+07:00", "endsAt": "2999-01-09T12:00:00+07:00"},
        ],
    } | changes


@dataclass
class World:
    """Writes and reads as somebody, through the graph."""

    url: str
    database: Database
    engine: Engine
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    async def ask(self, document: str, who: Viewer = ANONYMOUS, **variables: Any) -> Any:
        """Return the whole answer to an operation."""
        answer = await self.engine.answer(Ask(document, None, variables), who, "test")
        return orjson.loads(answer.body)

    async def data(self, document: str, who: Viewer = ANONYMOUS, **variables: Any) -> Any:
        """Return an operation's data; there must be no errors."""
        answer = await self.ask(document, who, **variables)
        assert "errors" not in answer, answer
        return answer["data"]

    async def send(self, who: Viewer, name: str, wish: dict[str, Any]) -> Any:
        """Return the whole answer to one mutation; a wish without a key gets a new one."""
        fields = FIELDS[_shown(name)]
        key = {"idempotencyKey": f"key {next(self.numbers)}"}
        document = (
            f"mutation ($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{ {fields} {ERRORS} }} }}"
        )
        return await self.ask(document, who, input=key | wish)

    async def write(self, who: Viewer, name: str, /, **wish: Any) -> Any:
        """Return the payload of one mutation, which was not an error of the request."""
        answer = await self.send(who, name, wish)
        assert "errors" not in answer, answer
        return answer["data"][name]

    async def done(self, who: Viewer, name: str, /, **wish: Any) -> Any:
        """Return the object that a mutation wrote."""
        payload = await self.write(who, name, **wish)
        assert payload["errors"] == [], payload
        return payload[_shown(name).lower()]

    async def refusals(self, who: Viewer, name: str, /, **wish: Any) -> list[tuple[str, list[str]]]:
        """Return the codes and paths by which a mutation was refused."""
        payload = await self.write(who, name, **wish)
        shown = _shown(name).lower()
        assert payload.get(shown) is None, payload
        for error in payload["errors"]:
            texts = [error[part][language] for part in ("message", "remedy") for language in ("english", "indonesian")]
            assert not [text for text in texts if "{" in text], texts
        return [(error["code"], error["path"]) for error in payload["errors"]]

    async def category(self) -> str:
        """Return a category's id."""
        return (await self.data("{ categories { id } }"))["categories"][0]["id"]

    async def draft(self, who: Viewer = INSTITUTION, /, **changes: Any) -> Any:
        """Return a new draft."""
        course = content(category=await self.category()) | changes
        return await self.done(who, "createCourse", course=course)

    async def course(self, state: str, who: Viewer = INSTITUTION, /, **changes: Any) -> Any:
        """Return a new course that came to ``state`` on the usual way."""
        course = await self.draft(who, **changes)
        for step in WAYS[state]:
            course = await self.step(step, course, who)
        return course

    async def step(self, step: str, course: Any, who: Viewer = INSTITUTION) -> Any:
        """Take one step of a course's life."""
        if step not in DECISIONS:
            return await self.done(who, step, id=course["id"])
        reasons = {"reasons": ["COMPLAINTS"]} if step in ("requestCourseChanges", "suspendCourse") else {}
        return await self.done(OFFICER, step, id=course["id"], revision=course["revision"], **reasons)

    async def row(self, query: str, *values: Any) -> Any:
        """Return the first row of a query."""
        connection: Connection = await asyncpg.connect(self.url)
        try:
            return await connection.fetchrow(query, *values)
        finally:
            await connection.close()

    async def run(self, course: Any, who: Viewer = INSTITUTION, /, **changes: Any) -> Any:
        """Return a new run."""
        return await self.done(who, "createRun", course=course["id"], run=plan(**changes))


DECISIONS = ("approveCourse", "requestCourseChanges", "suspendCourse", "reinstateCourse")
WAYS: dict[str, list[str]] = {
    "DRAFT": [],
    "SUBMITTED": ["submitCourse"],
    "CHANGES_REQUESTED": ["submitCourse", "requestCourseChanges"],
    "APPROVED": ["submitCourse", "approveCourse"],
    "PUBLISHED": ["submitCourse", "approveCourse", "publishCourse"],
    "SUSPENDED": ["submitCourse", "approveCourse", "publishCourse", "suspendCourse"],
    "RETIRED": ["submitCourse", "approveCourse", "publishCourse", "retireCourse"],
}
"""The shortest way to each state."""


def _shown(name: str) -> str:
    """Return the type that a mutation shows."""
    if name in ("listCourse", "unlistCourse"):
        return "Listing"
    return next(type_ for type_ in FIELDS if type_ in name)


@asynccontextmanager
async def opened(url: str) -> AsyncGenerator[World]:
    """Open a world over a database that holds the tiny catalogue."""
    database = Database(url, size=8, wait_s=20.0)
    pool = Pool(url, size=4, acquire_timeout_s=20.0)
    await pool.open()
    services = Services(database, KeyRing({1: bytes(32)}))
    engine = Engine(build(), pool, cursor_key=b"a key that only tests use, 32 byt", viewer=ANONYMOUS, services=services)
    try:
        yield World(url, database, engine)
    finally:
        await pool.close()
        await database.close()


async def together(*writes: Any) -> list[Any]:
    """Return what writes came to that were sent at once."""
    return list(await asyncio.gather(*writes))


def as_another(who: Viewer, client: int) -> Viewer:
    """Return the same organisation through another application, whose keys are its own."""
    return replace(who, client_id=UUID(int=3000 + client))
