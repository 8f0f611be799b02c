"""Devices without a browser (RFC 8628): the person lets them in elsewhere, by a code that the device shows."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from authlib.oauth2.rfc6749 import AccessDeniedError, InvalidGrantError, InvalidScopeError
from authlib.oauth2.rfc8628 import DeviceAuthorizationEndpoint, DeviceCodeGrant
from authlib.oauth2.rfc8628.endpoint import create_string_user_code
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from auth.lifetimes import DEVICE, DEVICE_INTERVAL
from auth.oauth.approvals import Wish, approve, consent_view
from auth.oauth.authority import VERIFY, Authority
from auth.oauth.clients import Application, find_application
from auth.oauth.codes import live_standing, refuse_grant_type
from auth.oauth.server import METHODS, Issue, ProtocolRequest, Server
from auth.pages.consent import PARTICIPANT
from auth.pages.device import DeviceView
from auth.sessions import SignedIn
from models.tables import Client, DeviceRequest, Grant
from models.writes import Write
from rules.access import Viewer
from rules.callers import Caller
from rules.clients import DeviceState, GrantType

CODE_PURPOSE: Final = "device-code"
USER_CODE_PURPOSE: Final = "user-code"
CODE_BYTES: Final = 32
INTERVAL_MAX_S: Final = 60
SLOWER: Final = timedelta(seconds=5)
"""By how much the interval grows for a device that does not keep to it (RFC 8628, section 3.5)."""
LETTERS: Final = frozenset("BCDFGHJKLMNPQRSTVWXZ")


class DeviceEndpoint(DeviceAuthorizationEndpoint):
    """Where a device asks for its codes."""

    CLIENT_AUTH_METHODS = METHODS
    EXPIRES_IN = int(DEVICE.total_seconds())
    INTERVAL = int(DEVICE_INTERVAL.total_seconds())
    server: Server

    def authenticate_client(self, request: ProtocolRequest) -> Application:
        """Return the application, which must be one for devices."""
        application = self.server.authenticate_client(request, METHODS)
        refuse_grant_type(application, GrantType.DEVICE_CODE)
        self._request = request
        return application

    def get_verification_uri(self) -> str:
        """Return the address of the page where the code is typed."""
        return self.server.authority.url(VERIFY)

    def generate_device_code(self) -> str:
        """Return the code that the device keeps to itself."""
        return secrets.token_urlsafe(CODE_BYTES)

    def save_device_credential(self, client_id: str, scope: str | None, data: dict[str, Any]) -> None:
        """Keep that a device waits."""
        del client_id
        server, client = self.server, self._request.client
        asked = client.get_allowed_scope(scope)
        if asked is None:
            raise InvalidScopeError("The application may have none of these scopes.")
        server.db.add(
            DeviceRequest(
                hash=server.ring.hash(data["device_code"].encode(), CODE_PURPOSE),
                user_code_hash=server.ring.hash(plain_code(data["user_code"]).encode(), USER_CODE_PURPOSE),
                client_id=client.row.id,
                scopes=asked.split(),
                audience=list(server.audience_of(self._request)),
                dpop_thumbprint=server.thumbprint,
                state=DeviceState.PENDING,
                interval_s=self.INTERVAL,
                expires_at=server.now + DEVICE,
            )
        )
        server.db.flush()

    def generate_user_code(self) -> str:
        """Return the code that the device shows: eight letters that spell no word and are not mistaken for others."""
        return create_string_user_code()


@dataclass(frozen=True, slots=True)
class WaitingDevice:
    """A device's request, behind the questions that Authlib asks."""

    row: DeviceRequest
    client_code: str
    expired: bool

    def get_client_id(self) -> str:
        """Return whose it is: it was looked up by that."""
        return self.client_code

    def get_scope(self) -> str:
        """Return the scopes that were asked for."""
        return " ".join(self.row.scopes)

    def get_user_code(self) -> None:
        """Return nothing: the request itself knows what was decided."""

    def is_expired(self) -> bool:
        """Return whether the time to decide is over."""
        return self.expired


class DeviceGrant(DeviceCodeGrant):
    """A device asks whether it was let in."""

    TOKEN_ENDPOINT_AUTH_METHODS = METHODS
    server: Server
    request: ProtocolRequest

    def query_device_credential(self, device_code: str) -> WaitingDevice:
        """Find the request of the device that asks; of those who ask at once, one comes first."""
        client = self.request.client
        self.server.require_key(client)
        row = self.server.db.scalar(
            select(DeviceRequest)
            .where(
                DeviceRequest.hash.in_(self.server.ring.hashes(device_code.encode(), CODE_PURPOSE)),
                DeviceRequest.client_id == client.row.id,
            )
            .with_for_update()
        )
        if row is None or row.state is DeviceState.SPENT:
            raise InvalidGrantError("The device_code does not exist, or was used.")
        if row.dpop_thumbprint is not None and row.dpop_thumbprint != self.server.thumbprint:
            raise InvalidGrantError("The device_code belongs to a device that holds another key.")
        return WaitingDevice(row, client.row.code, row.expires_at <= self.server.now)

    def validate_device_credential(self, credential: WaitingDevice) -> UUID:
        """Return the person who let the device in, and say what will be issued."""
        row, server = credential.row, self.server
        if row.state is DeviceState.DENIED:
            raise AccessDeniedError("The person did not allow it.")
        if row.state is not DeviceState.APPROVED or credential.is_expired():
            user: UUID = super().validate_device_credential(credential)
            return user
        row.state = DeviceState.SPENT
        grant = server.db.get_one(Grant, row.grant_id)
        standing = live_standing(server, grant)
        server.issue = Issue(
            scopes=self.request.client.scopes_in(" ".join(grant.scopes) or None, standing.role)
            & frozenset(grant.scopes),
            audience=tuple(grant.audience),
            standing=standing,
            grant=grant,
            thumbprint=server.thumbprint,
        )
        return grant.person_id

    def query_user_grant(self, user_code: None) -> None:
        """Return nothing: what was decided was looked at before."""

    def should_slow_down(self, credential: WaitingDevice) -> bool:
        """Return whether the device asks too often; then it must wait longer from now on."""
        row, now = credential.row, self.server.now
        early = row.polled_at is not None and now - row.polled_at < timedelta(seconds=row.interval_s - 1)
        row.polled_at = now
        if early:
            row.interval_s = min(row.interval_s + int(SLOWER.total_seconds()), INTERVAL_MAX_S)
        return early


class Devices:
    """The waiting devices, for the page on which people let them in."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority

    async def find(self, db: AsyncSession, signed_in: SignedIn, user_code: str) -> DeviceView | None:
        """Return the waiting device with this code, however it is typed; None when none waits."""
        return await db.run_sync(self._find, signed_in, user_code)

    async def decide(
        self, write: Write, signed_in: SignedIn, user_code: str, *, allow: bool, post_id: UUID | None
    ) -> bool:
        """Let the device in, as a participant when ``post_id`` is None, or turn it away; False when none waits."""
        return await write.session.run_sync(self._decide, write.caller, signed_in, user_code, (allow, post_id))

    def _find(self, db: Session, signed_in: SignedIn, user_code: str) -> DeviceView | None:
        found = self._waiting(db, signed_in, user_code)
        if found is None:
            return None
        _, wish = found
        view = consent_view(db, wish, "", "")
        return DeviceView(
            user_code=user_code.upper(),
            client_name=view.client_name,
            organisation_name=view.organisation_name,
            scopes=view.scopes,
            posts=wish.posts,
            as_participant=view.as_participant,
        )

    def _decide(
        self, db: Session, caller: Caller, signed_in: SignedIn, user_code: str, decision: tuple[bool, UUID | None]
    ) -> bool:
        allow, post_id = decision
        found = self._waiting(db, signed_in, user_code)
        if found is None:
            return False
        row, wish = found
        deciding = (
            update(DeviceRequest)
            .where(DeviceRequest.hash == row.hash, DeviceRequest.state == DeviceState.PENDING)
            .values(state=DeviceState.APPROVED if allow else DeviceState.DENIED)
            .returning(DeviceRequest.hash)
        )
        if db.scalar(deciding) is None:
            return False
        server = Server(db, self._authority)
        if not allow:
            client = wish.application.row
            viewer = Viewer(signed_in=True, person_id=signed_in.person_id, client_id=client.id)
            server.note(caller, viewer, "grant.denied", "client", client.id)
            return True
        post, known = wish.chosen(PARTICIPANT if post_id is None else str(post_id))
        assert known, "the page lets choose among the posts that fit"
        grant = approve(server, caller, wish, post, view=consent_view(db, wish, "", ""), locale=signed_in.locale)
        row.grant_id = grant.id
        return True

    def _waiting(self, db: Session, signed_in: SignedIn, user_code: str) -> tuple[DeviceRequest, Wish] | None:
        ring = self._authority.site.keys
        code = plain_code(user_code)
        row = db.scalar(
            select(DeviceRequest).where(
                DeviceRequest.user_code_hash.in_(ring.hashes(code.encode(), USER_CODE_PURPOSE)),
                DeviceRequest.state == DeviceState.PENDING,
                DeviceRequest.expires_at > func.now(),
            )
        )
        client = row and db.get(Client, row.client_id)
        application = client and find_application(db, ring, client.code)
        if not row or not application:
            return None
        wish = Wish(
            application=application,
            signed_in=signed_in,
            scope=" ".join(row.scopes) or None,
            audience=tuple(row.audience),
            thumbprint=row.dpop_thumbprint,
            bound_to_session=False,
        )
        return row, wish


def plain_code(text: str) -> str:
    """Return a code as it is kept: capital letters alone, however somebody typed it."""
    return "".join(each for each in text.upper() if each in LETTERS)
