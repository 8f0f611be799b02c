"""The world that real clients come into: applications of every kind, and people, on a database of their own."""

from base64 import b32encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from secrets import token_bytes, token_hex
from typing import Any
from uuid import UUID, uuid4

from argon2 import PasswordHasher
from joserfc.jwk import ECKey
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auth.factors import set_authenticator
from models.database import Database
from models.people import NewPerson, add_person
from models.sealing import KeyRing
from models.tables import (
    Client,
    ClientKey,
    ClientSecret,
    Course,
    Invitation,
    Marketplace,
    Provider,
)
from rules.access import STAFF, Role
from rules.authenticators import SECRET_BYTES
from rules.clients import AuthMethod, ClientKind, GrantType, running
from rules.contacts import contact_of
from rules.people import Locale
from rules.secrets import SecretKind, hint_of, make_secret

PASSWORD = "sebuah kalimat sandi untuk uji"  # noqa: S105 - of people who exist in tests only
LOOPBACK = "http://127.0.0.1:9/callback"
CODE = [GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN]
SERVICE = [GrantType.CLIENT_CREDENTIALS]
OWN_LIFE = "openid profile:read consents:read"
"""What a participant may let an application see."""


@dataclass(frozen=True, slots=True)
class Application:
    """What an application of the world is registered with."""

    method: AuthMethod
    grants: Sequence[GrantType]
    scope: str
    owner: str | None
    """"marketplace", "other" (another marketplace), "institution", or None for the programme itself."""
    redirect: str | None = None
    bound: bool = False
    fapi2: bool = False
    sandbox: bool = False


APPLICATIONS = {
    "public": Application(AuthMethod.NONE, CODE, OWN_LIFE, "marketplace", LOOPBACK),
    "native": Application(AuthMethod.NONE, CODE, OWN_LIFE, "marketplace", LOOPBACK, bound=True),
    "basic": Application(AuthMethod.SECRET_BASIC, CODE, OWN_LIFE, "marketplace", "https://basic.example/callback"),
    "post": Application(AuthMethod.SECRET_POST, CODE, OWN_LIFE, "other", "https://post.example/callback"),
    "jwt": Application(AuthMethod.PRIVATE_KEY_JWT, CODE, OWN_LIFE, "marketplace", "https://jwt.example/callback"),
    "fapi": Application(
        AuthMethod.PRIVATE_KEY_JWT, CODE, OWN_LIFE, "other", "https://fapi.example/callback", bound=True, fapi2=True
    ),
    "service": Application(AuthMethod.SECRET_BASIC, SERVICE, "courses:read courses:write", "institution"),
    "service-post": Application(AuthMethod.SECRET_POST, SERVICE, "courses:read courses:write", "institution"),
    "service-jwt": Application(AuthMethod.PRIVATE_KEY_JWT, SERVICE, "courses:read courses:write", "institution"),
    "service-fapi": Application(
        AuthMethod.PRIVATE_KEY_JWT, SERVICE, "courses:read courses:write", "institution", bound=True, fapi2=True
    ),
    "trial": Application(AuthMethod.SECRET_BASIC, SERVICE, "courses:read courses:write", "institution", sandbox=True),
    "own": Application(AuthMethod.NONE, CODE, OWN_LIFE, None, LOOPBACK),
    "shop": Application(AuthMethod.NONE, CODE, OWN_LIFE, "marketplace", LOOPBACK),
    "shop-server": Application(AuthMethod.SECRET_BASIC, [GrantType.TOKEN_EXCHANGE], "profile:read", "marketplace"),
    "stranger-server": Application(AuthMethod.SECRET_BASIC, [GrantType.TOKEN_EXCHANGE], "profile:read", "other"),
    "tool": Application(
        AuthMethod.NONE,
        [GrantType.DEVICE_CODE, GrantType.REFRESH_TOKEN],
        "openid profile:read courses:read audit:read",
        None,
    ),
}


@dataclass(slots=True)
class World:
    """What the driver of clients is told: in the form in which it reads it."""

    issuer: str
    messages: str
    """The file that the simulator of the message gateway appends to."""
    clients: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    people: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    invitation: str = ""


class Casting:
    """Writes applications and people into the database of a running server."""

    def __init__(self, database: Database, ring: KeyRing) -> None:
        self._database = database
        self._ring = ring
        self._invited = count(1)
        self._password_hash = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1).hash(PASSWORD)

    async def applications(self, world: World) -> None:
        """Register every application."""
        async with self._database.write() as session:
            owners = await self._owners(session)
            for name, application in APPLICATIONS.items():
                world.clients[name] = self._register(session, name, application, owners)

    async def person(self, role: Role | None = None, owner: str | None = None) -> dict[str, str]:
        """Make somebody, with the post that ``role`` names if it does, and return what the person types."""
        contact = contact_of(f"{(role or Role.PARTICIPANT).value.lower()}-{token_hex(6)}@orang.example")
        assert contact is not None
        typed = {"contact": contact.value, "password": PASSWORD}
        async with self._database.write() as session:
            posts = ((role, (await self._owners(session)).get(owner)),) if role else ()
            wish = NewPerson((contact,), "Orang Uji", Locale.ENGLISH, self._password_hash, posts)
            person_id = await add_person(session, self._ring, wish)
            if role in STAFF:
                secret = token_bytes(SECRET_BYTES)
                await set_authenticator(session, self._ring, person_id, secret)
                typed["totp"] = b32encode(secret).decode()
        return typed

    async def invitation(self) -> str:
        """Return an invitation for an institution to register one application; each is another institution's."""
        secret = make_secret(SecretKind.INVITATION, token_bytes(32))
        with_courses = select(Course.id).where(Course.provider_id == Provider.id).exists()
        institutions = select(Provider.organisation_id).where(with_courses).order_by(Provider.id)
        async with self._database.write() as session:
            institution = await session.scalar(institutions.offset(next(self._invited)).limit(1))
            assert institution is not None, "more invitations than institutions: let one have several"
            session.add(
                Invitation(
                    organisation_id=institution,
                    role=Role.INSTITUTION,
                    sandbox=False,
                    hash=self._ring.hash(secret.encode(), SecretKind.INVITATION.purpose),
                    expires_at=datetime.now(UTC) + timedelta(days=1),
                )
            )
        return secret

    async def _owners(self, session: AsyncSession) -> dict[str | None, UUID]:
        marketplaces = (
            await session.scalars(select(Marketplace.organisation_id).order_by(Marketplace.id).limit(2))
        ).all()
        institution = await session.scalar(select(Provider.organisation_id).order_by(Provider.id).limit(1))
        assert institution is not None
        return {"marketplace": marketplaces[0], "other": marketplaces[1], "institution": institution}

    def _register(
        self, session: AsyncSession, name: str, application: Application, owners: dict[str | None, UUID]
    ) -> dict[str, Any]:
        role = Role.INSTITUTION if application.owner == "institution" else Role.MARKETPLACE
        client = Client(
            id=uuid4(),
            code=f"{name}-{token_hex(4)}",
            name=f"Uji {name}",
            organisation_id=owners.get(application.owner),
            role=role if application.owner else None,
            kind=ClientKind.PUBLIC if application.method is AuthMethod.NONE else ClientKind.CONFIDENTIAL,
            state=running(sandbox=application.sandbox),
            sandbox=application.sandbox,
            auth_method=application.method,
            grant_types=[grant.value for grant in application.grants],
            scopes=application.scope.split(),
            redirect_uris=[application.redirect] if application.redirect else [],
            dpop_required=application.bound,
            fapi2=application.fapi2,
        )
        session.add(client)
        told = {
            "id": client.code,
            "method": application.method.value,
            "scope": application.scope,
            "redirect": application.redirect,
        }
        if application.method in (AuthMethod.SECRET_BASIC, AuthMethod.SECRET_POST):
            secret = make_secret(SecretKind.of_client(sandbox=application.sandbox), token_bytes(32))
            hashed = self._ring.hash(secret.encode(), SecretKind.LIVE_CLIENT.purpose)
            session.add(ClientSecret(client=client, slot=1, hash=hashed, hint=hint_of(secret)))
            return told | {"secret": secret}
        if application.method is AuthMethod.PRIVATE_KEY_JWT:
            key = ECKey.generate_key("P-256", {"alg": "ES256", "use": "sig"})
            public = {**key.as_dict(private=False), "kid": key.thumbprint()}
            session.add(ClientKey(client=client, slot=1, kid=public["kid"], jwk=public))
            return told | {"jwk": {**key.as_dict(private=True), "kid": public["kid"]}}
        return told
