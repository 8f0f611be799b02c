"""The pages on a real database, with a real provider of messages that is a simulator, and browsers that click."""

import re
import threading
from base64 import b32decode
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from starlette.applications import Starlette

from auth.factors import set_authenticator
from auth.pages.desk import Desk
from auth.pages.rendering import Pages
from auth.pages.routes import people_routes
from auth.passwords import Passwords
from auth.sessions import Sessions
from auth.site import Site
from gateways.message_simulator import Simulator
from gateways.messages import Messages
from models.database import Database
from models.letters import KIND
from models.people import NewPerson, add_person
from models.sealing import KeyRing
from rules.access import Role
from rules.authenticators import code_at, step_at
from rules.contacts import Contact, contact_of
from rules.people import Locale
from workers.jobs import Worker
from workers.letters import letter_sender

ISSUER = "https://bekal.example"
PASSWORD = "kuda laut biru terbang"
SECRET = b"12345678901234567890"


GRANT = """
WITH client AS (
    INSERT INTO clients (
        code, name, kind, state, sandbox, auth_method, grant_types, scopes, redirect_uris, dpop_required, fapi2
    )
    VALUES ('toko', 'Toko Uji', 'CONFIDENTIAL', 'LIVE', false, 'private_key_jwt', '{}', '{}', '{}', false, false)
    RETURNING id
), consent AS (
    INSERT INTO consents (person_id, client_id, scopes, text_hash, locale)
    SELECT person_id, client.id, '{profile:read}', 'words', 'en' FROM browser_sessions, client
    RETURNING id, person_id, client_id
)
INSERT INTO grants (
    person_id, client_id, consent_id, browser_session_id, scopes, audience, methods, authenticated_at, expires_at
)
SELECT consent.person_id, consent.client_id, consent.id, browser_sessions.id, '{}', '{}', '{}', now(),
    now() + interval '1 day'
FROM consent, browser_sessions
"""


@pytest.fixture
def provider() -> Iterator[Simulator]:
    """The provider of messages."""
    with Simulator(("127.0.0.1", 0)) as simulator:
        thread = threading.Thread(target=simulator.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield simulator
        simulator.shutdown()
        thread.join()


@pytest.fixture
async def database(fresh_database_url: str) -> AsyncIterator[Database]:
    """A database of the test's own."""
    database = Database(fresh_database_url, size=10, wait_s=10)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def passwords() -> Iterator[Passwords]:
    """Two threads that hash."""
    passwords = Passwords(queue_max=500)
    yield passwords
    passwords.close()


@pytest.fixture
def desk(database: Database, passwords: Passwords) -> Desk:
    """All parts of the pages."""
    site = Site(ISSUER, KeyRing({1: b"k" * 32}))
    return Desk(site, database, passwords, Sessions(site), Pages(site))


@pytest.fixture
def app(desk: Desk) -> Starlette:
    """The pages."""
    return Starlette(routes=people_routes(desk))


class Form(HTMLParser):
    """The forms of a page: where each goes, and what it holds."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note forms and fields."""
        named = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((named["action"], {}))
        elif tag == "input" and self.forms and named.get("type") != "radio":
            self.forms[-1][1][named["name"]] = named.get("value", "")


class Visitor:
    """Somebody with a browser that keeps cookies, follows links and fills in forms."""

    def __init__(self, app: Any, address: str = "203.0.113.9") -> None:
        transport = httpx.ASGITransport(app, client=(address, 4711))
        self.client = httpx.AsyncClient(transport=transport, base_url=ISSUER, headers={"accept-language": "en"})
        self.answer: httpx.Response = httpx.Response(204)

    async def open(self, path: str) -> httpx.Response:
        """Fetch a page, following what leads on."""
        return await self._follow(await self.client.get(path))

    async def send(self, action: str | None = None, **fields: str) -> httpx.Response:
        """Fill in and send a form of the page."""
        forms = Form(self.answer.text).forms
        target, held = next(form for form in forms if action in (None, form[0]))
        return await self._follow(await self.client.post(target, data={**held, **fields}))

    async def _follow(self, answer: httpx.Response) -> httpx.Response:
        while answer.status_code == 303:
            answer = await self.client.get(urljoin(str(answer.url), answer.headers["location"]))
        self.answer = answer
        return answer

    @property
    def heading(self) -> str:
        """What the page is."""
        found = re.search(r"<h1>(.*?)</h1>", self.answer.text)
        return unescape(found[1]) if found else ""

    @property
    def form_token(self) -> str:
        """The token of the page's forms."""
        return Form(self.answer.text).forms[0][1]["form_token"]

    @property
    def shown_secret(self) -> bytes:
        """The secret that the page tells to put into an application."""
        found = re.search(r'<code class="key">(.*?)</code>', self.answer.text)
        assert found is not None, self.answer.text
        return b32decode(found[1].replace(" ", ""))

    def cookie(self, name: str) -> str:
        """Return a cookie that was set by the pages."""
        return next(cookie.value or "" for cookie in self.client.cookies.jar if cookie.name == name)

    @property
    def path(self) -> str:
        """Where the visitor is."""
        return self.answer.url.path

    @property
    def problems(self) -> list[str]:
        """What the page complains about."""
        return [unescape(each) for each in re.findall(r'<li><a href="#[^"]*">(.*?)</a></li>', self.answer.text)]


@dataclass
class Town:
    """People, and their messages."""

    desk: Desk
    app: Starlette
    provider: Simulator
    worker: Worker
    visitors: list[Visitor] = field(default_factory=list[Visitor])

    def visitor(self, address: str = "203.0.113.9") -> Visitor:
        """Return somebody with a new browser."""
        self.visitors.append(Visitor(self.app, address))
        return self.visitors[-1]

    async def add(
        self,
        *written: str,
        role: Role | None = None,
        secret: bytes | None = None,
        locale: Locale = Locale.ENGLISH,
    ) -> UUID:
        """Add a person who is reached there and has the usual password; staff may have an authenticator."""
        contacts = tuple(contact_of(each) or pytest.fail(each) for each in written)
        hashed = await self.desk.passwords.hash(PASSWORD)
        posts = ((role, None),) if role else ()
        wish = NewPerson(contacts, "Orang Uji", locale, hashed, posts)
        async with self.desk.database.write() as db:
            person_id = await add_person(db, self.desk.site.keys, wish)
            if secret is not None:
                await set_authenticator(db, self.desk.site.keys, person_id, secret)
        return person_id

    async def messages(self, written: str) -> list[str]:
        """Have all letters sent, and return the texts that came to a contact, newest first."""
        contact = contact_of(written)
        assert isinstance(contact, Contact)
        while await self.worker.step():
            pass
        await self.worker.stop()
        return [message["text"] for message in self.provider.latest(contact.value)]

    async def run(self, statement: str, **values: Any) -> list[Any]:
        """Do something in the database behind everybody's back."""
        async with self.desk.database.write() as db:
            answer: Any = await db.execute(text(statement), values)
            return list(answer) if answer.returns_rows else []

    async def grant(self) -> None:
        """Let an application do something for the person who is signed in."""
        await self.run(GRANT)

    async def code(self, written: str) -> str:
        """Return the latest code that came to a contact."""
        return (await self.messages(written))[0][:6]

    @staticmethod
    def authenticator_code(secret: bytes, steps: int = 0) -> str:
        """Return the code that an application with ``secret`` shows, now or some steps later."""
        return code_at(secret, step_at(datetime.now(UTC)) + steps)

    async def begin(self, visitor: Visitor, written: str, password: str = PASSWORD) -> httpx.Response:
        """Take the first step of a sign-in."""
        await visitor.open("/sign-in")
        return await visitor.send(contact=written, password=password)

    async def sign_in(self, visitor: Visitor, written: str) -> None:
        """Sign a participant in."""
        await self.begin(visitor, written)
        await visitor.send("/sign-in/code", code=await self.code(written))
        assert visitor.path == "/account", visitor.answer.text


@pytest.fixture
async def town(desk: Desk, app: Starlette, provider: Simulator) -> AsyncIterator[Town]:
    """People, and their messages."""
    async with Messages(provider.url, pause_s=0.01) as messages:
        worker = Worker(desk.database, {KIND: letter_sender(desk.site.keys, messages)})
        town = Town(desk, app, provider, worker)
        yield town
        for visitor in town.visitors:
            await visitor.client.aclose()
