"""Authlib's server for the length of one request: one transaction, everything that it asks of us, and the answer.

Authlib is synchronous. It runs inside ``AsyncSession.run_sync``: each statement that it makes waits on the event loop,
so that no thread and no second driver is needed.
"""

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from authlib.oauth2.rfc6749 import (
    AuthorizationServer,
    InvalidClientError,
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Error,
    OAuth2Payload,
    OAuth2Request,
)
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, RedirectResponse, Response

from auth.lifetimes import ACCESS_TOKEN, GRANT_IDLE, OWN_GRANT_IDLE
from auth.oauth.authority import TOKEN, Authority
from auth.oauth.clients import (
    NOT_PROVEN,
    Application,
    Assertions,
    carries_assertion,
    find_application,
    is_scope,
)
from auth.oauth.proofs import BadProofError, read_proof, spend
from auth.oauth.reading import MalformedError, Parameters, basic
from auth.oauth.standings import Standing, level_of
from auth.oauth.tokens import AccessToken
from models.audit_events import note
from models.tables import Grant, RefreshToken
from rules.access import Viewer
from rules.callers import Caller
from rules.clients import AuthMethod
from rules.secrets import SECRET_BYTES, SecretKind, make_secret

logger = logging.getLogger("bekal.auth")

METHODS = [method.value for method in AuthMethod]


class InvalidProofError(OAuth2Error):
    """RFC 9449, section 5."""

    error = "invalid_dpop_proof"


class InvalidTargetError(OAuth2Error):
    """RFC 8707, section 2."""

    error = "invalid_target"
    description = "The resource is none that tokens of this server are meant for, or not one that was granted."


class Payload(OAuth2Payload):
    """The parameters of a request, in the words of Authlib."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters

    @property
    def data(self) -> Mapping[str, str]:
        """Each parameter."""
        return self._parameters.one

    @property
    def datalist(self) -> Mapping[str, list[str]]:
        """Each parameter with all its values."""
        return self._parameters.every


class ProtocolRequest(OAuth2Request):
    """A request in the words of Authlib. Its address is how the world knows this server, never what it was sent to."""

    headers: Headers
    client: Any
    """The application, once it has proven who it is."""
    user: Any
    credential: Any
    authorization_code: Any

    def __init__(
        self, method: str, url: str, headers: Headers, parameters: Parameters, caller: Caller, *, in_body: bool = True
    ) -> None:
        super().__init__(method, url, headers=headers)
        self.payload = Payload(parameters)
        self.caller = caller
        self.pushed = False
        """Whether it is an authorization request that was sent ahead (RFC 9126)."""
        self._form = parameters.one if in_body else {}

    @property
    def args(self) -> Mapping[str, str]:
        """The parameters in the query."""
        return {} if self._form else self.payload.data

    @property
    def form(self) -> Mapping[str, str]:
        """The parameters in the body."""
        return self._form


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """What the token that is being made shall say."""

    scopes: frozenset[str]
    audience: tuple[str, ...]
    standing: Standing = field(default_factory=Standing)
    grant: Grant | None = None
    thumbprint: str | None = None
    actor: str | None = None
    ends_at: int | None = None
    """Epoch seconds after which it must not count, if before its own time."""
    refresh_token: str | None = None
    """The one to give, when there is one already."""


class Server(AuthorizationServer):
    """The protocol for one request. What it wrote is kept also when the answer is an error."""

    def __init__(self, db: Session, authority: Authority) -> None:
        super().__init__()
        self.db = db
        self.authority = authority
        self.ring = authority.site.keys
        self.thumbprint: str | None = None
        """Of the key that the sender of this request proved to hold."""
        self.issue: Issue | None = None
        self.issued: AccessToken | None = None
        self._known: dict[str, Application | None] = {}
        self._now: datetime | None = None
        self.register_token_generator("default", cast("Any", self._generate))

    @property
    def now(self) -> datetime:
        """The database's time at the beginning of this transaction."""
        if self._now is None:
            self._now = self.db.scalar(select(func.now()))
            assert self._now is not None
        return self._now

    # --- what Authlib asks of a framework -------------------------------------------------------------------------

    def query_client(self, client_id: str) -> Application | None:
        """Return an application that may come in."""
        if client_id not in self._known:
            self._known[client_id] = find_application(self.db, self.ring, client_id)
        return self._known[client_id]

    def create_oauth2_request(self, request: ProtocolRequest) -> ProtocolRequest:
        """Return the request, which was read before."""
        return request

    def create_json_request(self, request: ProtocolRequest) -> ProtocolRequest:
        """Return the request, which was read before."""
        return request

    def save_token(self, token: Any, request: OAuth2Request) -> None:
        """Keep nothing: access tokens speak for themselves, refresh tokens were kept when they were made."""

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Tell nobody: the audit is written where things happen."""

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> Response:
        """Return an answer: 303 for every redirect, so that no form is ever sent on (RFC 9700, section 4.12)."""
        if status in (301, 302, 307):
            location = dict(headers)["Location"]
            return RedirectResponse(location, 303, {"cache-control": "no-store", "referrer-policy": "no-referrer"})
        return answer(status, body, dict(headers))

    def handle_error_response(self, request: OAuth2Request, error: OAuth2Error) -> Response:
        """Return the answer that says what was wrong."""
        if isinstance(error, InvalidClientError):
            error.status_code = 401
        if error.description:
            error.description = plain(error.description)
        return cast("Response", super().handle_error_response(request, error))

    def validate_requested_scope(self, scope: str | None) -> None:
        """Refuse words that are no scopes; those that somebody may not have are left out later."""
        if scope and not all(is_scope(word) for word in scope.split()):
            raise InvalidScopeError("One of the scopes does not exist. scopes_supported in the metadata lists them.")

    # --- who asks -------------------------------------------------------------------------------------------------

    def authenticate_client(self, request: ProtocolRequest, methods: Any, endpoint: str = "token") -> Application:
        """Return the application that sent a request, by the one way in which it registered to prove who it is."""
        del methods, endpoint
        code = ""
        try:
            credentials = basic(request.headers.get("authorization"))
            code = self._named(request, credentials)
            application = self._proven(request, credentials, code)
        except MalformedError as wrong:
            raise InvalidRequestError(wrong.description) from None
        except InvalidClientError:
            self._note_failure(request, code)
            raise
        request.client = application
        self.thumbprint = self._held_key(request, application)
        application.note_use()
        return application

    def _named(self, request: ProtocolRequest, credentials: tuple[str, str] | None) -> str:
        form = request.form
        ways = [credentials is not None, "client_secret" in form, carries_assertion(request)]
        if sum(ways) > 1:
            raise InvalidRequestError("Prove who you are in one way, not in several at once.")
        code = form.get("client_id", "")
        if credentials is not None:
            if code and code != credentials[0]:
                raise InvalidRequestError("client_id and the Basic credentials name different applications.")
            return credentials[0]
        return code

    def _proven(self, request: ProtocolRequest, credentials: tuple[str, str] | None, code: str) -> Application:
        application: Application | None
        if carries_assertion(request):
            method = AuthMethod.PRIVATE_KEY_JWT
            url = self.authority.url(TOKEN)
            check = Assertions(self.db, self.authority.issuer, url, self.authority.tokens.now())
            application = cast("Application | None", check(self.query_client, request))
            if application is not None and code and application.row.code != code:
                application = None
        else:
            application = self.query_client(code) if code else None
            secret = credentials[1] if credentials is not None else request.form.get("client_secret")
            method = AuthMethod.NONE if secret is None else AuthMethod.SECRET_POST
            method = AuthMethod.SECRET_BASIC if credentials is not None else method
            if application is not None and secret is not None and not application.check_client_secret(secret):
                application = None
        if application is None or application.row.auth_method is not method:
            raise InvalidClientError(NOT_PROVEN, status_code=401)
        request.auth_method = method.value
        return application

    def _note_failure(self, request: ProtocolRequest, code: str) -> None:
        application = self.query_client(code) if code else None
        if application is not None and self.authority.failures.is_burst(code):
            row = application.row
            viewer = Viewer(client_id=row.id, organisation_id=row.organisation_id)
            self.note(request.caller, viewer, "client.authentication_failed", "client", row.id)

    def _held_key(self, request: ProtocolRequest, application: Application) -> str | None:
        """Return the thumbprint of the key that a DPoP proof proves to be held; None without a proof."""
        proofs = request.headers.getlist("dpop")
        if not proofs:
            return None
        try:
            if len(proofs) > 1:
                raise BadProofError("The header DPoP comes more than once.")  # noqa: TRY301 - one answer for all
            proof = read_proof(proofs[0], method=request.method, url=request.uri, now=self.authority.tokens.now())
        except BadProofError as bad:
            raise InvalidProofError(str(bad)) from None
        del application
        if not spend(self.db, "dpop", proof.thumbprint, proof.proof_id, proof.spent_until):
            raise InvalidProofError("The DPoP proof was shown before: sign a new one for each request.")
        return proof.thumbprint

    def require_key(self, application: Application) -> None:
        """Refuse an application that must bind its tokens to a key and did not prove to hold one.

        Raises:
            InvalidProofError: there was no proof.
        """
        if application.row.dpop_required and self.thumbprint is None:
            raise InvalidProofError("This application must send a DPoP proof with its request (RFC 9449).")

    # --- what is issued -------------------------------------------------------------------------------------------

    def audience_of(self, request: ProtocolRequest, granted: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Return the resources that a request asks for, by default all that were granted, or the graph.

        Raises:
            InvalidTargetError: it names another one (RFC 8707).
        """
        wanted = tuple(dict.fromkeys(request.payload.datalist.get("resource", [])))
        known = self.authority.resources if granted is None else granted
        if not set(wanted) <= set(known):
            raise InvalidTargetError
        return wanted or (granted if granted is not None else (self.authority.graph,))

    def new_refresh_token(self, grant: Grant, application: Application, text: str | None = None) -> str:
        """Keep and return a refresh token; a public application's is bound to the key that it showed."""
        text = text or make_secret(SecretKind.REFRESH, secrets.token_bytes(SECRET_BYTES))
        self.db.add(
            RefreshToken(
                hash=self.ring.hash(text.encode(), SecretKind.REFRESH.purpose),
                grant_id=grant.id,
                client_id=application.row.id,
                dpop_thumbprint=self.thumbprint if application.is_public else None,
                expires_at=self.idle_end(grant, application),
            )
        )
        self.db.flush()
        return text

    def idle_end(self, grant: Grant, application: Application) -> datetime:
        """Return until when a refresh token lives if nobody uses it."""
        return min(grant.expires_at, self.now + (OWN_GRANT_IDLE if application.is_own else GRANT_IDLE))

    def _generate(
        self,
        *,
        grant_type: str,
        client: Application,
        user: UUID | None = None,
        scope: str | None = None,
        expires_in: int | None = None,
        include_refresh_token: bool = True,
    ) -> dict[str, Any]:
        """Return the token answer for what ``issue`` says. Everything that decides was decided before."""
        del grant_type, scope, expires_in
        issue = self.issue
        assert issue is not None, "every grant says what is to be issued"
        token = self._token(issue, client, user)
        bound = token.thumbprint is not None
        answered: dict[str, Any] = {
            "access_token": self.authority.tokens.mint(token),
            "token_type": "DPoP" if bound else "Bearer",
            "expires_in": token.expires_at - token.issued_at,
        }
        if token.scopes:
            answered["scope"] = " ".join(sorted(token.scopes))
        if include_refresh_token and issue.grant is not None:
            answered["refresh_token"] = issue.refresh_token or self.new_refresh_token(issue.grant, client)
        self.issued = token
        return answered

    def _token(self, issue: Issue, client: Application, user: UUID | None) -> AccessToken:
        tokens, grant = self.authority.tokens, issue.grant
        now = tokens.now()
        ends = [now + int(ACCESS_TOKEN / timedelta(seconds=1))]
        ends += [] if issue.ends_at is None else [issue.ends_at]
        ends += [] if grant is None else [int(grant.expires_at.timestamp())]
        return AccessToken(
            subject=client.row.code if user is None else tokens.subject(user, client.sector),
            client_code=client.row.code,
            client_id=client.row.id,
            scopes=issue.scopes,
            role=issue.standing.role,
            audience=issue.audience,
            issued_at=now,
            expires_at=min(ends),
            sector=client.sector,
            person_id=user,
            grant_id=None if grant is None else grant.id,
            organisation_id=issue.standing.organisation_id,
            party_id=issue.standing.party_id,
            sandbox=client.row.sandbox,
            thumbprint=issue.thumbprint,
            actor=issue.actor,
            authenticated_at=None if grant is None else int(grant.authenticated_at.timestamp()),
            acr=None if grant is None else level_of(grant.methods),
        )

    def note(
        self,
        caller: Caller,
        viewer: Viewer,
        action: str,
        subject_type: str,
        subject_id: UUID | None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Note in the audit what was done by this request."""
        note(self.db, Caller(viewer, caller.request_id, caller.address), action, subject_type, subject_id, details)


def plain(text: str) -> str:
    """Return a description in the letters that the protocol allows (RFC 6749, section 5.2)."""
    return "".join(each if " " <= each <= "~" and each not in '"\\' else "'" for each in text)


def answer(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON answer that nobody keeps."""
    made = Response(status_code=status) if body == "" else JSONResponse(body, status)
    made.headers.update({"cache-control": "no-store", "pragma": "no-cache", "x-content-type-options": "nosniff"})
    for name, value in (headers or {}).items():
        if name.lower() not in ("content-type", "content-length"):
            made.headers[name] = value
    return made
