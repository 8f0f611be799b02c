"""An authorization server on a real database, and applications and people that come to it."""

import asyncio
import base64
import hashlib
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID, uuid4

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey
from sqlalchemy import func, select

from auth.forms import TOKEN_FIELD, token_for
from auth.oauth.authority import Authority
from models.people import NewPerson, add_person
from models.sealing import KeyRing
from models.tables import (
    AuditEvent,
    BrowserSession,
    Client,
    ClientKey,
    ClientSecret,
    Grant,
    Invitation,
    Marketplace,
    Organisation,
    Provider,
    Region,
)
from rules.access import Role
from rules.clients import AuthMethod, ClientKind, ClientState, GrantType
from rules.contacts import contact_of
from rules.organisations import Ownership, ProviderType
from rules.people import Locale, Method
from rules.publication import PublicationState
from rules.secrets import SecretKind, hint_of, make_secret

ISSUER = "https://graf.example"
GRAPH = f"{ISSUER}/graphql"
OTHER = "https://lain.example"
RING = KeyRing({1: b"r" * 32})
REDIRECT = "https://aplikasi.example/kembali"
PEOPLE = (GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN)


@dataclass
class App:
    """An application, and what it knows to prove who it is."""

    id: UUID
    code: str
    method: AuthMethod
    organisation_id: UUID | None
    redirect: str = REDIRECT
    secret: str | None = None
    key: ECKey | None = None

    def proven(self, form: Mapping[str, Any]) -> dict[str, Any]:
        """Return what httpx sends so that the application proves who it is."""
        data = dict(form)
        if self.method is AuthMethod.SECRET_BASIC:
            return {"data": data, "auth": (self.code, self.secret)}
        data["client_id"] = self.code
        if self.method is AuthMethod.SECRET_POST:
            data["client_secret"] = self.secret
        if self.method is AuthMethod.PRIVATE_KEY_JWT:
            data |= {"client_assertion_type": ASSERTION_TYPE, "client_assertion": self.assertion()}
        return {"data": data}

    def assertion(self, **changed: Any) -> str:
        """Return a client assertion; ``None`` leaves a claim out."""
        assert self.key is not None
        now = int(time.time())
        claims: dict[str, Any] = {"iss": self.code, "sub": self.code, "aud": ISSUER, "iat": now, "exp": now + 60}
        claims |= {"jti": secrets.token_hex(8)} | changed
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({"alg": "ES256", "kid": self.key.thumbprint()}, claims, self.key, ["ES256"])


ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass
class Holder:
    """Somebody who holds a key and proves it (DPoP)."""

    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256"))

    @property
    def thumbprint(self) -> str:
        return self.key.thumbprint()

    def proof(self, method: str, path: str, token: str | None = None, **changed: Any) -> str:
        claims = {"jti": secrets.token_hex(8), "htm": method, "htu": ISSUER + path, "iat": int(time.time())}
        if token is not None:
            digest = hashlib.sha256(token.encode()).digest()
            claims["ath"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        claims |= changed
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self.key.as_dict(private=False)}
        return jwt.encode(header, claims, self.key, ["ES256"])

    def headers(self, path: str = "/oauth/token", method: str = "POST", token: str | None = None) -> dict[str, str]:
        return {"DPoP": self.proof(method, path, token)}


@dataclass
class Someone:
    """A person at a browser."""

    id: UUID
    session_id: UUID
    cookie: str

    @property
    def cookies(self) -> dict[str, str]:
        return {"__Host-bekal-session": self.cookie}


@dataclass
class Flow:
    """One authorization request, and what the application keeps of it."""

    app: App
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    state: str = field(default_factory=lambda: secrets.token_urlsafe(8))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(8))

    def query(self, **changed: Any) -> dict[str, str]:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self.app.code,
            "redirect_uri": self.app.redirect,
            "scope": "openid profile:read",
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        } | changed
        return {name: value for name, value in asked.items() if value is not None}

    def exchange(self, code: str, **changed: Any) -> dict[str, str]:
        asked = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.app.redirect,
            "code_verifier": self.verifier,
        } | changed
        return {name: value for name, value in asked.items() if value is not None}


class World:
    """The server and all who come to it."""

    def __init__(self, authority: Authority, http: httpx.AsyncClient) -> None:
        self.authority = authority
        self.database = authority.database
        self.http = http

    async def marketplace(self) -> UUID:
        return await self._organisation(Role.MARKETPLACE)

    async def institution(self) -> UUID:
        return await self._organisation(Role.INSTITUTION)

    async def app(
        self,
        method: AuthMethod = AuthMethod.NONE,
        *,
        role: Role | None = Role.MARKETPLACE,
        organisation_id: UUID | None = None,
        grants: Sequence[GrantType] = PEOPLE,
        scopes: Sequence[str] = ("profile:read", "consents:read", "listings:read", "listings:write"),
        **more: Any,
    ) -> App:
        """Register an application; without a role, one of the programme's own."""
        if role is not None and organisation_id is None:
            organisation_id = await self._organisation(role)
        sandbox = more.pop("sandbox", False)
        row = Client(
            id=uuid4(),
            code=f"app-{secrets.token_hex(6)}",
            name=f"Aplikasi {secrets.token_hex(3)}",
            organisation_id=organisation_id if role else None,
            role=role,
            kind=ClientKind.PUBLIC if method is AuthMethod.NONE else ClientKind.CONFIDENTIAL,
            state=ClientState.SANDBOX if sandbox else ClientState.LIVE,
            sandbox=sandbox,
            auth_method=method,
            grant_types=[grant.value for grant in grants],
            scopes=list(scopes),
            **{"redirect_uris": [REDIRECT], "dpop_required": False, "fapi2": False} | more,
        )
        app = App(row.id, row.code, method, row.organisation_id, row.redirect_uris[0] if row.redirect_uris else "")
        async with self.database.write() as session:
            session.add(row)
            await session.flush()
            if method in (AuthMethod.SECRET_BASIC, AuthMethod.SECRET_POST):
                app.secret = make_secret(SecretKind.of_client(sandbox=sandbox), secrets.token_bytes(32))
                hashed = RING.hash(app.secret.encode(), SecretKind.LIVE_CLIENT.purpose)
                session.add(ClientSecret(client_id=row.id, slot=1, hash=hashed, hint=hint_of(app.secret)))
            if method is AuthMethod.PRIVATE_KEY_JWT:
                app.key = ECKey.generate_key("P-256")
                jwk = {**app.key.as_dict(private=False), "alg": "ES256", "use": "sig", "kid": app.key.thumbprint()}
                session.add(ClientKey(client_id=row.id, slot=1, kid=app.key.thumbprint(), jwk=jwk))
        return app

    async def someone(
        self, *posts: tuple[Role, UUID | None], methods: Sequence[Method] = (Method.PASSWORD, Method.CODE)
    ) -> Someone:
        """Make a person who has just signed in."""
        contact = contact_of(f"orang-{secrets.token_hex(6)}@orang.example")
        assert contact is not None
        cookie = secrets.token_urlsafe(32)
        async with self.database.write() as session:
            person_id = await add_person(session, RING, NewPerson((contact,), "Orang Uji", Locale.ENGLISH, None, posts))
            browser = BrowserSession(
                hash=RING.hash(cookie.encode(), "session"),
                person_id=person_id,
                methods=[method.value for method in methods],
                device="Firefox",
                expires_at=await session.scalar(select(func.now() + timedelta(days=1))),
            )
            session.add(browser)
            await session.flush()
            return Someone(person_id, browser.id, cookie)

    async def invitation(self, role: Role = Role.INSTITUTION, *, sandbox: bool = False, days: int = 1) -> str:
        text = make_secret(SecretKind.INVITATION, secrets.token_bytes(32))
        organisation_id = await self._organisation(role)
        async with self.database.write() as session:
            session.add(
                Invitation(
                    organisation_id=organisation_id,
                    role=role,
                    sandbox=sandbox,
                    hash=RING.hash(text.encode(), SecretKind.INVITATION.purpose),
                    expires_at=await session.scalar(select(func.now() + timedelta(days=days))),
                )
            )
        return text

    async def authorize(self, query: Mapping[str, str], person: Someone | None = None) -> httpx.Response:
        """Come to the authorization endpoint with a browser."""
        return await self.http.get(f"/oauth/authorize?{urlencode(query)}", headers=cookies(person) if person else None)

    async def decide(
        self, query: Mapping[str, str], person: Someone, decision: str = "allow", **form: str
    ) -> httpx.Response:
        """Send the consent page back."""
        sent = {TOKEN_FIELD: token_for(self.authority.site, person.cookie), "decision": decision}
        sent |= {"post": "participant"} | form
        return await self.http.post(
            f"/oauth/authorize?{urlencode(query)}",
            data=sent,
            headers=cookies(person) | {"Sec-Fetch-Site": "same-origin"},
        )

    async def code(self, flow: Flow, person: Someone, *, post: str = "participant", **changed: Any) -> str:
        """Have a person allow what an application asks, and return the code that it gets."""
        answer = await self.decide(flow.query(**changed), person, post=post)
        back = returned(answer)
        assert back["state"] == flow.state, answer.text
        assert back["iss"] == ISSUER
        return back["code"]

    async def token(self, app: App, form: Mapping[str, Any], holder: Holder | None = None) -> httpx.Response:
        """Come to the token endpoint."""
        return await self.http.post("/oauth/token", headers=holder.headers() if holder else None, **app.proven(form))

    async def tokens(
        self, app: App, person: Someone | None = None, *, holder: Holder | None = None, **changed: Any
    ) -> dict[str, Any]:
        """Go the whole way to tokens."""
        flow = Flow(app)
        code = await self.code(flow, person or await self.someone(), **changed)
        answer = await self.token(app, flow.exchange(code), holder)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refresh(self, app: App, text: str, holder: Holder | None = None, **more: Any) -> httpx.Response:
        return await self.token(app, {"grant_type": "refresh_token", "refresh_token": text} | more, holder)

    async def grant(self, token: str) -> Grant:
        """Return the grant behind an access token."""
        access = self.authority.tokens.verify(token)
        async with self.database.read() as session:
            return await session.get_one(Grant, access.grant_id)

    async def audit(self, action: str, **wanted: Any) -> Sequence[AuditEvent]:
        async with self.database.read() as session:
            return (await session.scalars(select(AuditEvent).filter_by(action=action, **wanted))).all()

    async def run(self, statement: Any) -> Any:
        """Change rows, as time or another use case would."""
        async with self.database.write() as session:
            return await session.execute(statement)

    async def _organisation(self, role: Role) -> UUID:
        async with self.database.write() as session:
            region_id = await session.scalar(select(Region.id).limit(1))
            row = Organisation(legal_name="PT Uji", ownership=Ownership.PRIVATE, region_id=region_id)
            session.add(row)
            await session.flush()
            words = {"code": secrets.token_hex(6), "name": "Uji", "state": PublicationState.DRAFT}
            if role is Role.MARKETPLACE:
                session.add(Marketplace(organisation_id=row.id, website="https://pasar.example", **words))
            if role is Role.INSTITUTION:
                more = {"type": ProviderType.LKP, "region_id": region_id, "about": "Lembaga."}
                session.add(Provider(organisation_id=row.id, **words, **more))
            return row.id


def cookies(person: Someone) -> dict[str, str]:
    """Return the header that a browser sends for its person."""
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in person.cookies.items())}


def returned(answer: httpx.Response) -> dict[str, str]:
    """Return what a browser brings back to an application."""
    assert answer.status_code == 303, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


async def race(times: int, start: Callable[[], Awaitable[httpx.Response]]) -> list[httpx.Response]:
    """Do the same several times at once."""
    return await asyncio.gather(*(start() for _ in range(times)))
