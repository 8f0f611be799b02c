"""Partners, people and the office, as they ask the graph for what is theirs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import orjson

from engine.ids import encoder, split
from engine.run import Ask, Engine
from models.database import Database
from models.people import NewPerson, add_person
from models.sealing import KeyRing
from rules.access import Role, Viewer, allowed
from rules.contacts import contact_of
from tests.graph import catalogue

RING = KeyRing({1: b"a ring of keys for tests, 32 byt"})


def partner(role: Role, organisation: int, **more: Any) -> Viewer:
    """Return an application that speaks for one of the catalogue's organisations, with all scopes of its role."""
    viewer = Viewer(
        signed_in=True,
        role=role,
        scopes=allowed(role),
        organisation_id=catalogue.key("organisations", organisation),
        client_id=UUID(int=0x7000 << 64 | organisation),
    )
    return replace(viewer, **more)


def person(number: int, **more: Any) -> Viewer:
    """Return one of the catalogue's people, as a participant."""
    scopes = allowed(Role.PARTICIPANT)
    return replace(
        Viewer(signed_in=True, role=Role.PARTICIPANT, scopes=scopes, person_id=catalogue.key("people", number)), **more
    )


PASAR = partner(Role.MARKETPLACE, 1)
OTHER_PASAR = partner(Role.MARKETPLACE, 2)
LPK = partner(Role.INSTITUTION, 3)
OFFICER = Viewer(signed_in=True, role=Role.OFFICER, scopes=allowed(Role.OFFICER), person_id=UUID(int=0x7001 << 64))
AUDITOR = Viewer(signed_in=True, role=Role.AUDITOR, scopes=allowed(Role.AUDITOR), person_id=UUID(int=0x7002 << 64))


@dataclass(frozen=True, slots=True)
class Asked:
    """A graph that different viewers ask, over a database of the test file's own."""

    engine: Engine
    database: Database
    connection: Any

    async def __call__(self, viewer: Viewer, document: str, **variables: Any) -> dict[str, Any]:
        """Return the whole answer."""
        answer = await self.engine.answer(Ask(document, None, variables), viewer, "test")
        return orjson.loads(answer.body)

    async def ok(self, viewer: Viewer, document: str, **variables: Any) -> dict[str, Any]:
        """Return the data of an answer without errors."""
        answer = await self(viewer, document, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def do(self, viewer: Viewer, mutation: str, shows: str, /, *, under: str = "", **wish: Any) -> dict[str, Any]:
        """Return the payload of a mutation, ``under`` an idempotency key: each time a new one unless it is given."""
        root = self.engine.graph.mutation
        assert root is not None
        input_type = root.fields[mutation].args["input"].type
        document = (
            f"mutation ($input: {input_type}) {{ it: {mutation}(input: $input) {{ {shows} errors {{ code path }} }} }}"
        )
        data = await self.ok(viewer, document, input={"idempotencyKey": under or str(uuid4()), **wish})
        return data["it"]

    async def refused(self, viewer: Viewer, mutation: str, /, **wish: Any) -> list[tuple[str, list[str]]]:
        """Return the codes and places of a mutation's errors."""
        payload = await self.do(viewer, mutation, "__typename", **wish)
        return [(each["code"], each["path"]) for each in payload["errors"]]

    async def client(self, viewer: Viewer = PASAR, **changes: Any) -> str:
        """Make an application, and return its id."""
        payload = await self.do(viewer, "createClient", "client { id }", **{**CLIENT, "name": name(), **changes})
        assert payload["errors"] == []
        return payload["client"]["id"]

    async def rows(self, statement: str, *values: Any) -> list[Any]:
        """Return rows of the database."""
        return await self.connection.fetch(statement, *values)


CLIENT: Mapping[str, Any] = {
    "redirectUris": ["https://pasar.example/masuk"],
    "scopes": ["profile:read"],
    "grantTypes": ["AUTHORIZATION_CODE", "REFRESH_TOKEN"],
    "authMethod": "SECRET_BASIC",
}


def name() -> str:
    """Return a name that no other application has."""
    return f"Aplikasi {uuid4().hex[:8]}"


def gid(code: str, key: UUID) -> str:
    """Return a global id."""
    return encoder(code)(key)


def key_of(id_: str) -> UUID:
    """Return the key in a global id."""
    return split(id_)[1]


async def somebody(graph: Asked, email: str = "", **more: Any) -> Viewer:
    """Add a person, and return him as he asks."""
    contact = contact_of(email or f"{uuid4().hex}@contoh.example")
    assert contact is not None
    async with graph.database.write() as session:
        key = await add_person(session, RING, NewPerson((contact,), name="Siti Contoh", **more))
    return replace(person(1), person_id=key)
