"""Authorization codes: made when a person allowed something, spent once by who can prove to have asked for it."""

import secrets
from collections.abc import Sequence
from typing import Any, Final, cast
from uuid import UUID

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError, InvalidScopeError, UnauthorizedClientError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc7636.challenge import (
    CODE_VERIFIER_PATTERN,
    compare_s256_code_challenge,
    create_s256_code_challenge,
)
from authlib.oidc.core import OpenIDCode
from sqlalchemy import CursorResult, func, or_, select, update
from sqlalchemy.orm import Session

from auth.lifetimes import CODE, ID_TOKEN
from auth.oauth.clients import Application
from auth.oauth.server import METHODS, Issue, ProtocolRequest, Server
from auth.oauth.standings import Standing, level_of, standing_in_post
from auth.oauth.tokens import OPENID, half_hash
from models.tables import AuthorizationCode, Grant, Person
from rules.access import Viewer
from rules.clients import GrantEnd
from rules.people import PersonState

PURPOSE: Final = "authorization-code"
CODE_BYTES: Final = 32
CHALLENGE_LENGTH: Final = 43
NONCE_LENGTH_MAX: Final = 255
THUMBPRINT_LENGTH: Final = 43
NOT_THIS_CODE: Final = "The code does not exist, was used, has expired, or was not given for this request."


class SpentCode:
    """A code that this request has just spent, behind the questions that Authlib asks."""

    code_challenge_method = "S256"

    def __init__(self, row: AuthorizationCode, grant: Grant, redirect_uri: str | None) -> None:
        self.row = row
        self.grant = grant
        self._redirect_uri = redirect_uri
        self.code_challenge = row.challenge

    def get_redirect_uri(self) -> str | None:
        """Return where the code was sent to. The one that the request names was compared when it was spent."""
        return self._redirect_uri

    def get_scope(self) -> str:
        """Return the scopes that it is worth."""
        return " ".join(self.row.scopes)


class CodeGrant(AuthorizationCodeGrant):
    """The way by a browser (RFC 6749, section 4.1)."""

    TOKEN_ENDPOINT_AUTH_METHODS = METHODS
    server: Server
    request: ProtocolRequest
    approved: Grant | None = None
    """What the person allowed; set before a code is made."""

    @staticmethod
    def validate_authorization_redirect_uri(request: ProtocolRequest, client: Application) -> str:
        """Return where to send the answer. One that was not registered is never sent to, not even with an error."""
        uri = request.payload.redirect_uri
        if not uri or not client.check_redirect_uri(uri):
            raise InvalidRequestError("The redirect_uri is missing, or is not exactly one that was registered.")
        return uri

    def validate_requested_scope(self) -> None:
        """Refuse scopes that do not exist."""
        self.server.validate_requested_scope(self.request.payload.scope)

    def generate_authorization_code(self) -> str:
        """Return a new code."""
        return secrets.token_urlsafe(CODE_BYTES)

    def save_authorization_code(self, code: str, request: ProtocolRequest) -> None:
        """Keep a code, with all that must be the same when it is spent."""
        grant, data = self.approved, request.payload.data
        assert grant is not None
        self.server.db.add(
            AuthorizationCode(
                hash=self.server.ring.hash(code.encode(), PURPOSE),
                grant_id=grant.id,
                client_id=grant.client_id,
                redirect_uri=data["redirect_uri"],
                challenge=data["code_challenge"],
                nonce=data.get("nonce"),
                scopes=grant.scopes,
                dpop_thumbprint=data.get("dpop_jkt"),
                expires_at=self.server.now + CODE,
            )
        )
        self.server.db.flush()

    def query_authorization_code(self, code: str, client: Application) -> SpentCode | None:
        """Spend a code: one statement, that only who was given it can make true.

        Client, verifier, redirect URI and key are part of its condition, so that who stole a code can neither use it
        nor use it up. Of parallel twins one finds it unspent.
        """
        self.server.require_key(client)
        form, thumbprint = self.request.form, self.server.thumbprint
        verifier, redirect_uri = form.get("code_verifier", ""), form.get("redirect_uri")
        if CODE_VERIFIER_PATTERN.match(verifier) is None:
            raise InvalidRequestError("Missing or malformed code_verifier: 43 to 128 letters (RFC 7636).")
        self.server.audience_of(self.request)
        asked_for_it = [
            AuthorizationCode.hash.in_(self.server.ring.hashes(code.encode(), PURPOSE)),
            AuthorizationCode.client_id == client.row.id,
            AuthorizationCode.challenge == create_s256_code_challenge(verifier),
            or_(AuthorizationCode.dpop_thumbprint.is_(None), AuthorizationCode.dpop_thumbprint == thumbprint),
        ]
        if redirect_uri is not None:
            asked_for_it.append(AuthorizationCode.redirect_uri == redirect_uri)
        spending = (
            update(AuthorizationCode)
            .where(*asked_for_it, AuthorizationCode.used_at.is_(None), AuthorizationCode.expires_at > func.now())
            .values(used_at=func.clock_timestamp())
            .returning(AuthorizationCode)
        )
        row = self.server.db.scalar(spending)
        if row is None:
            used = select(AuthorizationCode.grant_id).where(*asked_for_it, AuthorizationCode.used_at.is_not(None))
            if (reused := self.server.db.scalar(used)) is not None:
                end_reused(self.server, self.request, client, reused, "code")
            raise InvalidGrantError(NOT_THIS_CODE)
        grant = self.server.db.get_one(Grant, row.grant_id)
        return SpentCode(row, grant, redirect_uri)

    def delete_authorization_code(self, authorization_code: SpentCode) -> None:
        """Keep it: that it was used must be known if it comes again."""

    def authenticate_user(self, authorization_code: SpentCode) -> UUID:
        """Return whom the code speaks for, and say what will be issued."""
        grant, client = authorization_code.grant, self.request.client
        standing = live_standing(self.server, grant)
        bound = self.server.thumbprint
        if bound is not None and grant.dpop_thumbprint is None:
            grant.dpop_thumbprint = bound
        grant.last_used_at = self.server.now
        self.server.issue = Issue(
            scopes=client.scopes_in(" ".join(authorization_code.row.scopes) or OPENID, standing.role)
            & frozenset(authorization_code.row.scopes),
            audience=self.server.audience_of(self.request, tuple(grant.audience)),
            standing=standing,
            grant=grant,
            thumbprint=bound,
        )
        return grant.person_id


class S256(CodeChallenge):
    """PKCE for everybody, by hash only (RFC 7636, RFC 9700)."""

    DEFAULT_CODE_CHALLENGE_METHOD = "S256"
    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]  # noqa: RUF012 - Authlib's name for it
    CODE_CHALLENGE_METHODS = {"S256": compare_s256_code_challenge}  # noqa: RUF012 - the same

    def validate_code_challenge(self, grant: CodeGrant, redirect_uri: str) -> None:
        """Require a challenge, and the one method that hides the verifier."""
        data = grant.request.payload.data
        if "code_challenge" not in data or data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("Send code_challenge with code_challenge_method=S256: PKCE is for all.")
        if len(data["code_challenge"]) != CHALLENGE_LENGTH:
            raise InvalidRequestError("The code_challenge is no base64url of a SHA-256.")
        super().validate_code_challenge(grant, redirect_uri)


class Bounds:
    """What we ask of an authorization request besides the protocol's core."""

    def __call__(self, grant: Any) -> None:
        """Join the checks of an authorization request."""
        grant.register_hook("after_validate_authorization_request_payload", self.check)

    def check(self, grant: CodeGrant, redirect_uri: str) -> None:
        """Refuse what is not spoken here. Its errors go to the application, as its redirect URI is proven."""
        del redirect_uri
        request = grant.request
        data = request.payload.data
        if request.client.row.fapi2 and not request.pushed:
            raise InvalidRequestError("This application must push its requests (RFC 9126).")
        if "request" in data:
            raise InvalidRequestError("Requests are not read from JWTs: push them.", error="request_not_supported")
        if "registration" in data:
            raise InvalidRequestError("Register before.", error="registration_not_supported")
        if data.get("response_mode", "query") != "query":
            raise InvalidRequestError("The only response_mode is query.")
        if len(data.get("nonce", "")) > NONCE_LENGTH_MAX or len(data.get("dpop_jkt", "")) not in (0, THUMBPRINT_LENGTH):
            raise InvalidRequestError("The nonce or the dpop_jkt has not the right length.")
        if not data.get("max_age", "0").isdecimal():
            raise InvalidRequestError("The max_age is no number of seconds.")
        grant.server.audience_of(grant.request)


class IdTokens(OpenIDCode):
    """Adds an ID token to answers about people, for applications that asked for ``openid``."""

    def __call__(self, grant: Any) -> None:
        """Join the making of a token answer."""
        grant.register_hook("after_create_token_response", self.add)

    def add(self, grant: Any, response: tuple[int, dict[str, Any], Any]) -> None:
        """Add the ID token."""
        _, token, _ = response
        server, request = cast("Server", grant.server), grant.request
        issued, issue = server.issued, server.issue
        if issued is None or issue is None or issue.grant is None or OPENID not in issued.scopes:
            return
        spent: SpentCode | None = request.authorization_code
        claims: dict[str, Any] = {
            "sub": issued.subject,
            "aud": request.client.row.code,
            "exp": issued.issued_at + int(ID_TOKEN.total_seconds()),
            "auth_time": issued.authenticated_at,
            "acr": level_of(issue.grant.methods),
            "amr": list(issue.grant.methods),
            "at_hash": half_hash(token["access_token"]),
        }
        if spent is not None and spent.row.nonce is not None:
            claims["nonce"] = spent.row.nonce
        token["id_token"] = server.authority.tokens.mint_id(claims)


def live_standing(server: Server, grant: Grant) -> Standing:
    """Return in which part a grant speaks now.

    Raises:
        InvalidGrantError: it has ended, or the person may not sign in any more, or holds the post no more.
    """
    person = server.db.get(Person, grant.person_id)
    standing = standing_in_post(server.db, grant.post_id)
    ended = grant.ended_at is not None or grant.expires_at <= server.now
    if ended or standing is None or person is None or person.state is not PersonState.ACTIVE:
        raise InvalidGrantError("What was granted has ended. Send the person to sign in again.")
    return standing


def end_grant(db: Session, grant_id: UUID, reason: GrantEnd) -> bool:
    """End a grant and with it all tokens of it: one row. Return whether it was still going on."""
    ending = (
        update(Grant)
        .where(Grant.id == grant_id, Grant.ended_at.is_(None))
        .values(ended_at=func.clock_timestamp(), end_reason=reason)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", db.execute(ending)).rowcount > 0


def end_reused(server: Server, request: ProtocolRequest, client: Application, grant_id: UUID, what: str) -> None:
    """End a grant of which something came twice that counts once: one of two was not who should have had it."""
    if end_grant(server.db, grant_id, GrantEnd.REUSED):
        viewer = Viewer(client_id=client.row.id, organisation_id=client.row.organisation_id)
        server.note(request.caller, viewer, "grant.ended", "grant", grant_id, {"reason": "REUSED", "what": what})


def refuse_grant_type(client: Application, grant_type: str) -> None:
    """Refuse an application a way to tokens that it did not register.

    Raises:
        UnauthorizedClientError: it did not.
    """
    if not client.check_grant_type(grant_type):
        raise UnauthorizedClientError("The application did not register this grant_type.")


def narrowed(scope: str | None, granted: Sequence[str]) -> frozenset[str]:
    """Return what of ``granted`` is asked for, by default all.

    Raises:
        InvalidScopeError: more is asked for than was granted.
    """
    wanted = frozenset(scope.split()) if scope else frozenset(granted)
    if not wanted <= frozenset(granted):
        raise InvalidScopeError("The scope is wider than what was granted.")
    return wanted
