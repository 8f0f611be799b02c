"""Applications register themselves with an invitation (RFC 7591), and look after themselves later (RFC 7592)."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from authlib.oauth2.rfc6749 import OAuth2Error
from authlib.oauth2.rfc7591 import ClientRegistrationEndpoint, InvalidClientMetadataError
from authlib.oauth2.rfc7592 import ClientConfigurationEndpoint
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from auth.oauth.authority import REGISTER
from auth.oauth.clients import Application
from auth.oauth.reading import token_of
from auth.oauth.server import ProtocolRequest, Server, plain
from models.database import constraint_of
from models.tables import Client, ClientKey, ClientSecret, Grant, Invitation
from rules.access import Role, Viewer
from rules.client_keys import WeakKey, public_key
from rules.clients import (
    CLIENTS_MAX,
    CODE_BYTES,
    SLOTS,
    AuthMethod,
    ClientSettings,
    ClientState,
    GrantEnd,
    GrantType,
    faults_of,
    is_code,
    kind_of,
    new_code,
    offered_scopes,
    running,
)
from rules.secrets import SECRET_BYTES, SecretKind, hint_of, is_secret, make_secret

NAME_TAKEN: Final = "The organisation has another application of this client_name."


class InvalidRedirectUriError(OAuth2Error):
    """RFC 7591, section 3.2.2."""

    error = "invalid_redirect_uri"


class InvalidTokenError(OAuth2Error):
    """The invitation or registration token does not count (RFC 6750)."""

    error = "invalid_token"
    status_code = 401
    description = "The token in the Authorization header does not exist, was used, or has expired."

    def get_headers(self) -> list[tuple[str, str]]:
        """Return the headers of a 401."""
        return [*super().get_headers(), ("WWW-Authenticate", 'Bearer realm="bekal", error="invalid_token"')]


@dataclass(frozen=True, slots=True)
class Registered:
    """What an application says of itself, found good."""

    settings: ClientSettings
    method: AuthMethod
    keys: tuple[dict[str, str], ...]
    dpop_required: bool
    fapi2: bool


class Registration(ClientRegistrationEndpoint):
    """Takes an invitation, once, and registers the application that comes with it."""

    server: Server

    def authenticate_token(self, request: ProtocolRequest) -> Invitation:
        """Return the invitation, held until this transaction ends: of parallel twins, the second finds it used."""
        text = _bearer(request)
        found = is_secret(text, SecretKind.INVITATION) and self.server.db.scalar(
            select(Invitation)
            .where(
                Invitation.hash.in_(self.server.ring.hashes(text.encode(), SecretKind.INVITATION.purpose)),
                Invitation.used_at.is_(None),
                Invitation.expires_at > func.now(),
            )
            .with_for_update()
        )
        if not found:
            raise InvalidTokenError
        return found

    def extract_client_metadata(self, request: ProtocolRequest) -> dict[str, Any]:
        """Read the metadata; what is read says nothing yet."""
        invitation: Invitation = request.credential
        self._registered = read_metadata(request.payload.data, invitation.role)
        self._room(invitation)
        return metadata_of(self._registered)

    def generate_client_info(self, request: ProtocolRequest) -> dict[str, Any]:
        """Return identifier and secret. The secret is told this once."""
        invitation: Invitation = request.credential
        told: dict[str, Any] = {
            "client_id": new_code(secrets.token_bytes(CODE_BYTES)),
            "client_id_issued_at": int(self.server.now.timestamp()),
        }
        if self._registered.method in (AuthMethod.SECRET_BASIC, AuthMethod.SECRET_POST):
            kind = SecretKind.of_client(sandbox=invitation.sandbox)
            told["client_secret"] = make_secret(kind, secrets.token_bytes(SECRET_BYTES))
            told["client_secret_expires_at"] = 0
        return told

    def save_client(
        self, client_info: dict[str, Any], client_metadata: dict[str, Any], request: ProtocolRequest
    ) -> Client:
        """Keep the application, and that the invitation was used."""
        del client_metadata
        invitation: Invitation = request.credential
        registered, db, ring = self._registered, self.server.db, self.server.ring
        self._token = make_secret(SecretKind.REGISTRATION, secrets.token_bytes(SECRET_BYTES))
        client = Client(
            code=client_info["client_id"],
            organisation_id=invitation.organisation_id,
            role=invitation.role,
            kind=kind_of(registered.method),
            state=running(sandbox=invitation.sandbox),
            sandbox=invitation.sandbox,
            auth_method=registered.method,
            dpop_required=registered.dpop_required,
            fapi2=registered.fapi2,
            registration_hash=ring.hash(self._token.encode(), SecretKind.REGISTRATION.purpose),
        )
        settle(self.server, client, registered)
        if (secret := client_info.get("client_secret")) is not None:
            hashed = ring.hash(secret.encode(), SecretKind.LIVE_CLIENT.purpose)
            db.add(ClientSecret(client_id=client.id, slot=SLOTS[0], hash=hashed, hint=hint_of(secret)))
        invitation.used_at, invitation.client_id = self.server.now, client.id
        viewer = Viewer(client_id=client.id, organisation_id=client.organisation_id, role=client.role)
        details = {"invitation_id": str(invitation.id), "sandbox": client.sandbox}
        self.server.note(request.caller, viewer, "client.registered", "client", client.id, details)
        return client

    def generate_client_registration_info(self, client: Client, request: ProtocolRequest) -> dict[str, Any]:
        """Return how the application looks after itself."""
        del request
        url = self.server.authority.url(f"{REGISTER}/{client.code}")
        return {"registration_access_token": self._token, "registration_client_uri": url}

    def _room(self, invitation: Invitation) -> None:
        owned = select(func.count()).where(
            Client.organisation_id == invitation.organisation_id, Client.state != ClientState.REVOKED
        )
        if (self.server.db.scalar(owned) or 0) >= CLIENTS_MAX:
            raise InvalidClientMetadataError(f"The organisation has {CLIENTS_MAX} applications: revoke one before.")


class Configuration(ClientConfigurationEndpoint):
    """Lets an application read, change and end its registration."""

    server: Server

    def __init__(self, server: Any, code: str) -> None:
        super().__init__(server)
        self._code = code

    def authenticate_token(self, request: ProtocolRequest) -> "HeldRegistration":
        """Return whose registration token came, working or suspended ones alike: it must be this application's."""
        text = _bearer(request)
        may_be = is_code(self._code) and is_secret(text, SecretKind.REGISTRATION)
        found = may_be and self.server.db.scalar(
            select(Client)
            .where(
                Client.registration_hash.in_(self.server.ring.hashes(text.encode(), SecretKind.REGISTRATION.purpose)),
                Client.code == self._code,
                Client.state.in_((ClientState.SANDBOX, ClientState.LIVE)),
            )
            .with_for_update()
        )
        if not found:
            raise InvalidTokenError
        return HeldRegistration(found, text)

    def authenticate_client(self, request: ProtocolRequest) -> Application:
        """Return the application."""
        held: HeldRegistration = request.credential
        return Application(self.server.db, self.server.ring, held.row)

    def check_permission(self, client: Application, request: ProtocolRequest) -> bool:
        """Return whether it may look after itself: it may."""
        del client, request
        return True

    def extract_client_metadata(self, request: ProtocolRequest) -> dict[str, Any]:
        """Read what it shall be from now on. How it proves itself stays as it was registered."""
        row: Client = request.client.row
        assert row.role is not None, "only partners register"
        data: dict[str, Any] = dict(request.payload.data)
        data.setdefault("token_endpoint_auth_method", row.auth_method.value)
        if row.auth_method is AuthMethod.PRIVATE_KEY_JWT and "jwks" not in data:
            data["jwks"] = {"keys": _keys_of(self.server, row)}
        self._registered = read_metadata(data, row.role)
        same = (self._registered.method, self._registered.dpop_required, self._registered.fapi2)
        if same != (row.auth_method, row.dpop_required, row.fapi2):
            raise InvalidClientMetadataError(
                "How an application proves itself, dpop_bound_access_tokens and fapi2 never change: register another."
            )
        return {}

    def update_client(
        self, client: Application, client_metadata: dict[str, Any], request: ProtocolRequest
    ) -> Application:
        """Keep what it shall be."""
        del client_metadata
        settle(self.server, client.row, self._registered)
        self._note(request, client.row, "client.edited")
        return client

    def delete_client(self, client: Application, request: ProtocolRequest) -> None:
        """End the application for ever, and all that people granted it."""
        row, db = client.row, self.server.db
        row.state, row.ended_at = ClientState.REVOKED, self.server.now
        db.flush()
        db.execute(
            update(Grant)
            .where(Grant.client_id == row.id, Grant.ended_at.is_(None))
            .values(ended_at=func.clock_timestamp(), end_reason=GrantEnd.CLIENT_ENDED)
            .execution_options(synchronize_session=False)
        )
        self._note(request, row, "client.revoked")

    def introspect_client(self, client: Application) -> dict[str, Any]:
        """Return what is registered; secrets were told once."""
        row = client.row
        settings = ClientSettings(
            row.name, tuple(row.redirect_uris), tuple(row.scopes), tuple(GrantType(each) for each in row.grant_types)
        )
        keys = tuple(_keys_of(self.server, row))
        registered = Registered(settings, row.auth_method, keys, row.dpop_required, row.fapi2)
        return {
            "client_id": row.code,
            "client_id_issued_at": int(row.created_at.timestamp()),
            **metadata_of(registered),
        }

    def generate_client_registration_info(self, client: Application, request: ProtocolRequest) -> dict[str, Any]:
        """Return how the application looks after itself, as before."""
        held: HeldRegistration = request.credential
        url = self.server.authority.url(f"{REGISTER}/{client.row.code}")
        return {"registration_access_token": held.text, "registration_client_uri": url}

    def revoke_access_token(self, token: Any, request: Any) -> None:
        """Do nothing: a token that is no application's is not found."""

    def _note(self, request: ProtocolRequest, row: Client, action: str) -> None:
        viewer = Viewer(client_id=row.id, organisation_id=row.organisation_id, role=row.role)
        self.server.note(request.caller, viewer, action, "client", row.id)


@dataclass(frozen=True, slots=True)
class HeldRegistration:
    """A registration token and whose it is."""

    row: Client
    text: str

    def check_client(self, client: Application) -> bool:
        """Return whether it is this application's."""
        return self.row.id == client.row.id


def read_metadata(data: Mapping[str, Any], role: Role) -> Registered:
    """Return what an application says of itself.

    Raises:
        OAuth2Error: it may not be so; the description says what and why.
    """
    method = _word(AuthMethod, data.get("token_endpoint_auth_method", AuthMethod.SECRET_BASIC.value))
    grant_types = tuple(
        _word(GrantType, each) for each in _texts(data, "grant_types", [GrantType.AUTHORIZATION_CODE.value])
    )
    if data.get("response_types", ["code"]) not in (["code"], []):
        raise InvalidClientMetadataError("The only response_type is code.")
    if "jwks_uri" in data or "software_statement" in data:
        raise InvalidClientMetadataError("Send keys as jwks: this server fetches nothing and reads no statements.")
    name, scope = data.get("client_name"), data.get("scope", " ".join(sorted(offered_scopes(role))))
    if not isinstance(name, str) or not isinstance(scope, str):
        raise InvalidClientMetadataError("Send a client_name, and scope as words with spaces between.")
    fapi2, bound = data.get("fapi2", False), data.get("dpop_bound_access_tokens", False)
    if not isinstance(fapi2, bool) or not isinstance(bound, bool):
        raise InvalidClientMetadataError("fapi2 and dpop_bound_access_tokens are true or false.")
    scopes = tuple(each for each in scope.split() if each != "openid")
    settings = ClientSettings(name, tuple(_texts(data, "redirect_uris", [])), scopes, grant_types)
    for fault in faults_of(settings, role, kind_of(method)):
        field, said = fault.path[0] if fault.path else "metadata", f"{fault.code}: {'.'.join(map(str, fault.path))}"
        if field == "redirectUris":
            raise InvalidRedirectUriError(plain(said))
        raise InvalidClientMetadataError(plain(said))
    if fapi2 and not (method is AuthMethod.PRIVATE_KEY_JWT and bound):
        raise InvalidClientMetadataError("fapi2 takes private_key_jwt and dpop_bound_access_tokens.")
    return Registered(settings, method, _keys(data, method), bound, fapi2)


def metadata_of(registered: Registered) -> dict[str, Any]:
    """Return what is registered, in the words of RFC 7591."""
    settings = registered.settings
    told: dict[str, Any] = {
        "client_name": settings.name,
        "redirect_uris": list(settings.redirect_uris),
        "grant_types": [way.value for way in settings.grant_types],
        "response_types": ["code"] if GrantType.AUTHORIZATION_CODE in settings.grant_types else [],
        "scope": " ".join(settings.scopes),
        "token_endpoint_auth_method": registered.method.value,
        "dpop_bound_access_tokens": registered.dpop_required,
        "require_pushed_authorization_requests": registered.fapi2,
        "fapi2": registered.fapi2,
    }
    return told | ({"jwks": {"keys": list(registered.keys)}} if registered.keys else {})


def settle(server: Server, client: Client, registered: Registered) -> None:
    """Write down what an application says of itself; its keys take the place of those that it had.

    Raises:
        InvalidClientMetadataError: the organisation has another one of that name.
    """
    settings, db = registered.settings, server.db
    try:
        with db.begin_nested():
            client.name = settings.name
            client.redirect_uris = list(settings.redirect_uris)
            client.scopes = list(settings.scopes)
            client.grant_types = [way.value for way in settings.grant_types]
            db.add(client)
            db.flush()
    except IntegrityError as broken:
        if constraint_of(broken) == "clients_name_once":
            raise InvalidClientMetadataError(NAME_TAKEN) from broken
        raise
    kept = {key.kid: key for key in db.scalars(select(ClientKey).where(ClientKey.client_id == client.id))}
    wanted = {key["kid"]: key for key in registered.keys}
    for kid, key in kept.items():
        if key.jwk != wanted.get(kid):
            db.delete(key)
    db.flush()
    held = {kid: key for kid, key in kept.items() if key.jwk == wanted.get(kid)}
    free = [slot for slot in SLOTS if slot not in {key.slot for key in held.values()}]
    for kid in wanted.keys() - held.keys():
        db.add(ClientKey(client_id=client.id, slot=free.pop(0), kid=kid, jwk=wanted[kid]))
    db.flush()


def _keys(data: Mapping[str, Any], method: AuthMethod) -> tuple[dict[str, str], ...]:
    jwks = data.get("jwks")
    if method is not AuthMethod.PRIVATE_KEY_JWT:
        if jwks is not None:
            raise InvalidClientMetadataError("Only private_key_jwt has a use for jwks.")
        return ()
    listed = cast("dict[str, Any]", jwks).get("keys") if isinstance(jwks, dict) else None
    if not isinstance(listed, list) or not 1 <= len(cast("list[Any]", listed)) <= len(SLOTS):
        raise InvalidClientMetadataError("private_key_jwt takes jwks with one or two public keys.")
    keys: list[dict[str, str]] = []
    for jwk in cast("list[object]", listed):
        key = public_key(json.dumps(jwk))
        if isinstance(key, WeakKey):
            raise InvalidClientMetadataError(f"{key.value}: a key takes a kid, and is P-256, Ed25519 or RSA from 2048.")
        keys.append(key)
    if len({key["kid"] for key in keys}) != len(keys):
        raise InvalidClientMetadataError("Each key takes a kid of its own.")
    return tuple(keys)


def _keys_of(server: Server, row: Client) -> list[dict[str, str]]:
    keys = select(ClientKey.jwk).where(ClientKey.client_id == row.id).order_by(ClientKey.slot)
    return list(server.db.scalars(keys))


def _word(words: Any, value: object) -> Any:
    try:
        return words(value)
    except ValueError:
        known = ", ".join(word.value for word in words)
        raise InvalidClientMetadataError(plain(f"Unknown word; known are {known}.")) from None


def _texts(data: Mapping[str, Any], name: str, default: list[str]) -> list[str]:
    value = data.get(name, default)
    if not isinstance(value, list) or not all(isinstance(each, str) for each in cast("list[object]", value)):
        raise InvalidClientMetadataError(f"{name} is a list of texts.")
    return cast("list[str]", value)


def _bearer(request: ProtocolRequest) -> str:
    held = token_of(request.headers.get("authorization"))
    if held is None or held[0] != "bearer":
        raise InvalidTokenError
    return held[1]
