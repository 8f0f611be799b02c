"""Asking about tokens and ending them (RFC 7662, RFC 7009), and about the person behind one (OpenID Connect)."""

from dataclasses import dataclass
from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Error
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from sqlalchemy import select
from sqlalchemy.ext.asyncio import async_session
from sqlalchemy.orm import Session
from sqlalchemy.util import await_only
from starlette.responses import Response

from auth.oauth.authority import USERINFO, Authority
from auth.oauth.clients import Application
from auth.oauth.codes import end_grant
from auth.oauth.proofs import BadProofError, read_proof, spend
from auth.oauth.reading import token_of
from auth.oauth.server import METHODS, ProtocolRequest, Server, answer
from auth.oauth.tokens import OPENID, AccessToken, BadTokenError
from models.people import reach
from models.sealing import KeyRing
from models.tables import Client, Contact, Grant, Person, RefreshToken
from rules.access import Scope, Viewer
from rules.clients import ClientState, GrantEnd
from rules.people import ContactKind, PersonState
from rules.secrets import SecretKind, is_secret


class UnsupportedTokenError(OAuth2Error):
    """RFC 7009, section 2.2.1."""

    error = "unsupported_token_type"
    description = "Tokens of applications for themselves, and exchanged ones, end by themselves within five minutes."


@dataclass(frozen=True, slots=True)
class HeldToken:
    """A token that somebody asks about, behind the questions that Authlib asks."""

    client: Client
    grant: Grant | None
    access: AccessToken | None = None
    refresh: RefreshToken | None = None
    live: bool = True

    def check_client(self, client: Application) -> bool:
        """Return whether it was issued to an application."""
        return self.client.id == client.row.id

    def is_expired(self) -> bool:
        """Return whether its time is over: those are not found."""
        return False

    def is_revoked(self) -> bool:
        """Return whether it ended before its time."""
        return not self.live


class _TokenEndpoint:
    """What endpoints about a token have in common: who may ask, and how the token is found."""

    CLIENT_AUTH_METHODS = METHODS
    server: Server

    def check_params(self, request: ProtocolRequest, client: Application) -> None:
        """Require a token; what the application believes of its type does not matter."""
        del client
        if "token" not in request.form:
            raise InvalidRequestError("Missing token.")

    def query_token(self, token_string: str, token_type_hint: str | None) -> HeldToken | None:
        """Find a token."""
        del token_type_hint
        return find_token(self.server, token_string)


class Revocation(_TokenEndpoint, RevocationEndpoint):
    """Ends what a token was issued under, and so all tokens of it."""

    def revoke_token(self, token: HeldToken, request: ProtocolRequest) -> None:
        """End the grant."""
        if token.grant is None or (token.access is not None and token.access.actor is not None):
            raise UnsupportedTokenError
        if end_grant(self.server.db, token.grant.id, GrantEnd.REVOKED):
            row = token.client
            viewer = Viewer(client_id=row.id, organisation_id=row.organisation_id)
            self.server.note(request.caller, viewer, "grant.ended", "grant", token.grant.id, {"reason": "REVOKED"})


class Introspection(_TokenEndpoint, IntrospectionEndpoint):
    """Says what a token is worth now: to the application that it was issued to, and to the programme's own servers."""

    def authenticate_endpoint_client(self, request: ProtocolRequest) -> Application:
        """Return who asks; who can prove nothing is told nothing."""
        client = self.server.authenticate_client(request, METHODS)
        if client.is_public:
            raise InvalidRequestError("Public applications cannot ask about tokens.", error="unauthorized_client")
        return client

    def check_permission(self, token: HeldToken, client: Application, request: ProtocolRequest) -> bool:
        """Return whether an application may know."""
        del request
        return client.is_own or token.check_client(client)

    def introspect_token(self, token: HeldToken) -> dict[str, Any]:
        """Return what the token says."""
        issuer, refresh, access = self.server.authority.issuer, token.refresh, token.access
        if access is None:
            assert refresh is not None
            assert token.grant is not None
            return {
                "iss": issuer,
                "client_id": token.client.code,
                "scope": " ".join(token.grant.scopes),
                "exp": int(refresh.expires_at.timestamp()),
            }
        told: dict[str, Any] = {
            "iss": issuer,
            "client_id": access.client_code,
            "scope": " ".join(sorted(access.scopes)),
            "token_type": "DPoP" if access.thumbprint else "Bearer",
            "sub": access.subject,
            "aud": list(access.audience),
            "iat": access.issued_at,
            "exp": access.expires_at,
            "jti": access.token_id,
            "cnf": access.thumbprint and {"jkt": access.thumbprint},
            "act": access.actor and {"sub": access.actor},
            "auth_time": access.authenticated_at,
            "acr": access.acr,
        }
        return {name: value for name, value in told.items() if value is not None}


def find_token(server: Server, text: str) -> HeldToken | None:
    """Return the token that a text is, with whether it is still good; None for what is none, or has expired."""
    db = server.db
    if is_secret(text, SecretKind.REFRESH):
        hashes = server.ring.hashes(text.encode(), SecretKind.REFRESH.purpose)
        row = db.scalar(select(RefreshToken).where(RefreshToken.hash.in_(hashes)))
        if row is None or row.expires_at <= server.now:
            return None
        client, grant = db.get_one(Client, row.client_id), db.get_one(Grant, row.grant_id)
        good = row.used_at is None and _is_live(server, client, grant)
        return HeldToken(client, grant, refresh=row, live=good)
    try:
        access = server.authority.tokens.verify(text)
    except BadTokenError:
        return None
    client = db.get(Client, access.client_id)
    grant = db.get(Grant, access.grant_id) if access.grant_id else None
    if client is None or (grant is None and access.grant_id is not None):
        return None
    return HeldToken(client, grant, access=access, live=_is_live(server, client, grant))


def userinfo(server: Server, request: ProtocolRequest) -> Response:
    """Tell an application about the person who allowed it to know."""
    authority = server.authority
    held = token_of(request.headers.get("authorization"))
    if held is None:
        return challenge(authority, "Bearer", None, "Send an access token that has the scope openid.", 401)
    scheme, text = held
    named = "DPoP" if scheme == "dpop" else "Bearer"
    try:
        access = authority.tokens.verify(text)
    except BadTokenError as bad:
        return challenge(authority, named, "invalid_token", str(bad), 401)
    wrong = _wrong_proof(server, request, scheme, text, access)
    if wrong is not None:
        return challenge(authority, "DPoP", *wrong, 401)
    client, grant = server.db.get(Client, access.client_id), access.grant_id and server.db.get(Grant, access.grant_id)
    if not client or not grant or not _is_live(server, client, grant):
        return challenge(authority, named, "invalid_token", "What the token was issued under has ended.", 401)
    if OPENID not in access.scopes:
        return challenge(authority, named, "insufficient_scope", "The token has not the scope openid.", 403)
    told: dict[str, Any] = {"sub": access.subject}
    if Scope.PROFILE_READ in access.scopes:
        told |= _profile(server.db, server.ring, grant)
        viewer = Viewer(signed_in=True, client_id=client.id, organisation_id=client.organisation_id, grant_id=grant.id)
        details = {"fields": sorted(told.keys() - {"sub"})}
        server.note(request.caller, viewer, "person.revealed", "person", grant.person_id, details)
    return answer(200, told)


def challenge(authority: Authority, scheme: str, error: str | None, description: str, status: int) -> Response:
    """Return that a token is missing or does not count (RFC 6750, RFC 9449, RFC 9728)."""
    said = f'{scheme} realm="bekal"'
    if error is not None:
        said += f', error="{error}", error_description="{description}"'
    said += f', resource_metadata="{authority.url("/.well-known/oauth-protected-resource")}"'
    body = {"error": error or "invalid_request", "error_description": description}
    return answer(status, body, {"www-authenticate": said})


def _wrong_proof(
    server: Server, request: ProtocolRequest, scheme: str, text: str, access: AccessToken
) -> tuple[str, str] | None:
    """Return what is wrong with how the token was sent: bound ones come with a proof of their key."""
    if (access.thumbprint is None) is (scheme == "dpop"):
        bound = "is bound to a key: send it as DPoP, with a proof." if access.thumbprint else "is bound to no key."
        return "invalid_token", f"The access token {bound}"
    if access.thumbprint is None:
        return None
    proofs = request.headers.getlist("dpop")
    now, url = server.authority.tokens.now(), server.authority.url(USERINFO)
    try:
        proof = read_proof(
            proofs[0] if len(proofs) == 1 else "", method=request.method, url=url, now=now, access_token=text
        )
    except BadProofError as bad:
        return "invalid_dpop_proof", str(bad)
    if proof.thumbprint != access.thumbprint:
        return "invalid_dpop_proof", "The DPoP proof is of another key than the access token is bound to."
    if not spend(server.db, "dpop", proof.thumbprint, proof.proof_id, proof.spent_until):
        return "invalid_dpop_proof", "The DPoP proof was shown before: sign a new one for each request."
    return None


def _is_live(server: Server, client: Client, grant: Grant | None) -> bool:
    works = client.ended_at is None and client.state in (ClientState.SANDBOX, ClientState.LIVE)
    if grant is None:
        return works
    issued_to = client if client.id == grant.client_id else server.db.get_one(Client, grant.client_id)
    person = server.db.get_one(Person, grant.person_id)
    goes_on = grant.ended_at is None and grant.expires_at > server.now and issued_to.ended_at is None
    return works and goes_on and person.state is PersonState.ACTIVE


def _profile(db: Session, ring: KeyRing, grant: Grant) -> dict[str, Any]:
    """Return what OpenID Connect calls name, e-mail and phone number; nothing of a person whose key is gone."""
    session = async_session(db)
    assert session is not None
    reached = await_only(reach(session, ring, grant.person_id))
    if reached is None:
        return {}
    told: dict[str, Any] = {"locale": reached.locale.value}
    if reached.name is not None:
        told["name"] = reached.name
    confirmed = set(
        db.scalars(select(Contact.kind).where(Contact.person_id == grant.person_id, Contact.confirmed_at.is_not(None)))
    )
    for contact in reached.contacts:
        claim = "email" if contact.kind is ContactKind.EMAIL else "phone_number"
        told |= {claim: contact.value, f"{claim}_verified": contact.kind in confirmed}
    return told
