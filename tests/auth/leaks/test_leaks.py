"""Whoever finds a secret of ours in the open has it revoked by a report, and learns nothing else by it."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from datetime import date
from itertools import count
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import orjson
import pytest
from starlette.applications import Starlette

from auth.leaks import leak_routes
from auth.oauth.authority import Authority
from auth.site import Site
from models.database import Database
from models.letters import opened
from models.people import NewPerson, add_person
from models.sealing import KeyRing
from rules.access import Role
from rules.contacts import contact_of
from rules.leaks import REPORTS
from rules.secrets import SecretKind, hint_of, make_secret
from tests.graph import catalogue

RING = KeyRing({1: b"r" * 32})
ORGANISATION = catalogue.key("organisations", 1)
NETWORKS = count(1)


class Scanner:
    """Reports what it finds, each time from another network unless it is told otherwise."""

    def __init__(self, authority: Authority, connection: Any) -> None:
        self.authority = authority
        self.connection = connection

    async def send(self, network: int | None = None, **request: Any) -> httpx.Response:
        app = Starlette(routes=leak_routes(self.authority))
        number = next(NETWORKS) if network is None else network
        transport = httpx.ASGITransport(app=app, client=(f"10.{number // 256}.{number % 256}.7", 4000))
        async with httpx.AsyncClient(transport=transport, base_url="https://graf.example") as http:
            return await http.post("/leaks", **request)

    async def report(self, secret: str, network: int | None = None) -> httpx.Response:
        return await self.send(network, json={"secret": secret})

    async def one(self, statement: str, *values: Any) -> Any:
        return await self.connection.fetchrow(statement, *values)

    async def client(self, *, secret: str | None = None) -> UUID:
        key: UUID = await self.connection.fetchval(
            """
            INSERT INTO clients (code, name, organisation_id, role, kind, state, sandbox, auth_method, grant_types,
                                 scopes, redirect_uris, dpop_required, fapi2)
            VALUES ($1, $1, $2, 'MARKETPLACE', 'CONFIDENTIAL', 'SANDBOX', true, 'client_secret_basic', '{}', '{}', '{}',
                    false, false)
            RETURNING id
            """,
            f"app-{secrets.token_hex(4)}",
            ORGANISATION,
        )
        if secret is not None:
            await self.connection.execute(
                "INSERT INTO client_secrets (client_id, slot, hash, hint) VALUES ($1, 1, $2, $3)",
                key,
                RING.hash(secret.encode(), SecretKind.TEST_CLIENT.purpose),
                hint_of(secret),
            )
        return key


@pytest.fixture(scope="module")
async def scanner(server: Any, migrated_template: str) -> AsyncIterator[Scanner]:
    url = server.create(f"leaks_{secrets.token_hex(4)}", migrated_template)
    database = Database(url, size=6, wait_s=10)
    connection: Any = await asyncpg.connect(url)
    await connection.execute(
        """
        WITH region AS (
            INSERT INTO regions (code, level, name, time_zone, valid_from) VALUES ('31', 'PROVINCE', 'DKI', 'WIB', $2)
            RETURNING id
        )
        INSERT INTO organisations (id, legal_name, ownership, region_id)
        SELECT $1, 'PT Pasar Contoh', 'PRIVATE', id FROM region
        """,
        ORGANISATION,
        date(2015, 1, 1),
    )
    yield Scanner(Authority.over(database, Site("https://graf.example", RING)), connection)
    await connection.close()
    await database.close()


def secret_of(kind: SecretKind) -> str:
    return make_secret(kind, secrets.token_bytes(32))


async def test_a_reported_secret_opens_nothing_any_more(scanner: Scanner) -> None:
    secret = secret_of(SecretKind.TEST_CLIENT)
    client = await scanner.client(secret=secret)

    answer = await scanner.report(secret)

    assert answer.status_code == 202
    assert await scanner.one("SELECT 1 FROM client_secrets WHERE client_id = $1", client) is None
    audit = await scanner.one("SELECT * FROM audit_events WHERE subject_id = $1", client)
    assert (audit["action"], audit["organisation_id"], audit["role"]) == ("client.secret_leaked", ORGANISATION, None)
    assert audit["address"].endswith(".0/24")
    assert secret[12:] not in str(dict(audit))
    assert await scanner.one("SELECT 1 FROM events WHERE subject_id = $1 AND kind = $2", client, audit["action"])


async def test_the_organisation_s_people_are_written_to_in_their_language(scanner: Scanner) -> None:
    secret, contact = secret_of(SecretKind.TEST_CLIENT), contact_of(f"{secrets.token_hex(4)}@pasar.example")
    assert contact is not None
    client = await scanner.client(secret=secret)
    async with scanner.authority.database.write() as session:
        await add_person(session, RING, NewPerson((contact,), posts=((Role.MARKETPLACE, ORGANISATION),)))

    await scanner.report(secret)

    jobs = await scanner.connection.fetch("SELECT payload FROM jobs WHERE kind = 'letter.send'")
    letters = [opened(RING, orjson.loads(job["payload"])) for job in jobs]
    name = (await scanner.one("SELECT name FROM clients WHERE id = $1", client))["name"]
    (letter,) = [each for each in letters if each.to == contact and name in each.subject]
    assert letter.subject == f"Bekal: kunci rahasia uji coba milik {name} ditemukan di tempat terbuka"
    assert secret not in letter.text


async def test_a_reported_refresh_token_ends_its_grant(scanner: Scanner) -> None:
    token, client = secret_of(SecretKind.REFRESH), await scanner.client()
    grant = await scanner.connection.fetchval(
        """
        WITH person AS (INSERT INTO people (locale, state) VALUES ('id', 'ACTIVE') RETURNING id),
        granted AS (
            INSERT INTO grants (person_id, client_id, scopes, audience, methods, authenticated_at, expires_at)
            SELECT id, $1, '{}', '{}', '{pwd}', now(), now() + interval '1 day' FROM person RETURNING id
        )
        INSERT INTO refresh_tokens (hash, grant_id, client_id, expires_at)
        SELECT $2, id, $1, now() + interval '1 day' FROM granted RETURNING grant_id
        """,
        client,
        RING.hash(token.encode(), SecretKind.REFRESH.purpose),
    )

    answer = await scanner.report(token)
    again = await scanner.report(token)

    assert (answer.status_code, again.content) == (202, answer.content)
    ended = await scanner.one("SELECT end_reason, ended_at FROM grants WHERE id = $1", grant)
    assert ended["end_reason"] == "LEAKED"
    assert ended["ended_at"] is not None
    notes = await scanner.one("SELECT count(*) FROM audit_events WHERE subject_id = $1", grant)
    assert notes[0] == 1


async def test_a_reported_invitation_or_registration_token_opens_nothing(scanner: Scanner) -> None:
    invited, registered = secret_of(SecretKind.INVITATION), secret_of(SecretKind.REGISTRATION)
    client = await scanner.client()
    await scanner.connection.execute(
        """
        INSERT INTO invitations (organisation_id, role, sandbox, hash, expires_at)
        VALUES ($1, 'MARKETPLACE', true, $2, now() + interval '1 day')
        """,
        ORGANISATION,
        RING.hash(invited.encode(), SecretKind.INVITATION.purpose),
    )
    await scanner.connection.execute(
        "UPDATE clients SET registration_hash = $2 WHERE id = $1",
        client,
        RING.hash(registered.encode(), SecretKind.REGISTRATION.purpose),
    )

    for secret in (invited, registered):
        assert (await scanner.report(secret)).status_code == 202

    assert await scanner.one("SELECT 1 FROM invitations WHERE expires_at > now()") is None
    assert (await scanner.one("SELECT registration_hash FROM clients WHERE id = $1", client))[0] is None


@pytest.mark.parametrize(
    "found",
    [
        make_secret(SecretKind.LIVE_CLIENT, bytes(32)),
        make_secret(SecretKind.REFRESH, bytes(32)),
        make_secret(SecretKind.LIVE_CLIENT, bytes(32))[:-1] + "-",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "eyJhbGciOiJub25lIn0.e30.",
        "kata sandi",
        "\u0000\ud800".encode("utf-8", "replace").decode(),
    ],
)
async def test_the_answer_is_the_same_whatever_was_found(scanner: Scanner, found: str) -> None:
    known = secret_of(SecretKind.TEST_CLIENT)
    await scanner.client(secret=known)

    nothing, something = await scanner.report(found), await scanner.report(known)

    assert (nothing.status_code, nothing.content) == (something.status_code, something.content)
    assert dict(nothing.headers) == dict(something.headers)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"data": {"secret": "bkl_rt_x"}}, 202),
        ({"json": {}}, 400),
        ({"json": {"secret": 5}}, 400),
        ({"json": {"secret": "x" * 201}}, 400),
        ({"json": ["x"]}, 400),
        ({"content": b"\xff", "headers": {"content-type": "application/json"}}, 400),
        ({"content": b"secret=%ff", "headers": {"content-type": "application/x-www-form-urlencoded"}}, 400),
        ({"content": b"secret=a&secret=b", "headers": {"content-type": "application/x-www-form-urlencoded"}}, 400),
        ({"content": b"x", "headers": {"content-type": "text/plain"}}, 415),
        ({"content": b"x" * 40_000, "headers": {"content-type": "application/json"}}, 413),
    ],
)
async def test_what_is_no_report_is_told_so(scanner: Scanner, request_: Any, status: int) -> None:
    answer = await scanner.send(**request_)

    assert answer.status_code == status
    assert answer.headers["cache-control"] == "no-store"


async def test_one_network_reports_so_often_and_others_go_on(scanner: Scanner) -> None:
    network = next(NETWORKS)
    for _ in range(REPORTS.free):
        assert (await scanner.report("nothing", network)).status_code == 202

    late = await scanner.report("nothing", network)

    assert late.status_code == 429
    assert 0 < int(late.headers["retry-after"]) <= 3600
    assert (await scanner.report("nothing")).status_code == 202


async def test_eight_reports_at_once_revoke_once(scanner: Scanner) -> None:
    secret = secret_of(SecretKind.TEST_CLIENT)
    client = await scanner.client(secret=secret)

    answers = await asyncio.gather(*(scanner.report(secret) for _ in range(8)))

    assert {answer.status_code for answer in answers} == {202}
    notes = await scanner.one("SELECT count(*) FROM audit_events WHERE subject_id = $1", client)
    assert notes[0] == 1
