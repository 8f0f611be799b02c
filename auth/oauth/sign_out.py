"""Signing out on an application's wish (OpenID Connect RP-Initiated Logout 1.0)."""

from typing import Any, Final, cast

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Error
from authlib.oidc.rpinitiated import EndSessionEndpoint
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from auth.forms import MalformedFormError
from auth.oauth.authority import END_SESSION, Authority
from auth.oauth.clients import Application
from auth.oauth.reading import MalformedError, parse, read_form
from auth.oauth.server import ProtocolRequest, Server
from auth.oauth.tokens import BadTokenError
from auth.oauth.transactions import protocol_request, transact
from auth.pages.rendering import see
from auth.sessions import SignedIn, end_sessions
from engine.errors import Rejected
from models.audit_events import note
from models.sealing import BrokenSealError

ASK: Final = "/sign-out"
DONE: Final = "/signed-out"


class SignOut(EndSessionEndpoint):
    """Knows who may sign whom out without asking: who shows an ID token of this server about that very person."""

    server: Server

    def _validate_id_token_hint(self, id_token_hint: str) -> dict[str, Any]:
        try:
            return dict(self.server.authority.tokens.verify_id(id_token_hint))
        except BadTokenError:
            raise InvalidRequestError("The id_token_hint is no ID token of this server.") from None

    def _is_valid_post_logout_redirect_uri(self, client: Application, post_logout_redirect_uri: str) -> bool:
        return client.check_redirect_uri(post_logout_redirect_uri)


async def end_session(authority: Authority, request: Request) -> Response:
    """Sign out and lead back, when an ID token says that it is the application's person; else ask on a page."""
    try:
        parameters = await read_form(request) if request.method == "POST" else parse(request.scope["query_string"])
    except (MalformedError, MalformedFormError):
        return authority.pages.failure(request, "error.bad_request")
    asked = protocol_request(authority, request, END_SESSION, parameters)

    async def work(session: AsyncSession) -> Response:
        signed_in = await authority.sessions.of(request, session)
        validated = await session.run_sync(lambda db: _validated(Server(db, authority), asked))
        if validated is None:
            return authority.pages.failure(request, "error.bad_request")
        if signed_in is None:
            return _led_back(validated.redirect_uri)
        if not _is_about(authority, validated, signed_in):
            return see(ASK)
        await end_sessions(session, signed_in.person_id, [signed_in.browser_session_id])
        caller = authority.site.caller(request, signed_in.viewer)
        note(session, caller, "person.signed_out", "browser_session", signed_in.browser_session_id)
        answer = _led_back(validated.redirect_uri)
        authority.sessions.forget(answer)
        return answer

    try:
        return await transact(authority, work)
    except Rejected:
        return authority.pages.failure(request, "error.unavailable", status=503, retry_after_s=1)


def _validated(server: Server, asked: ProtocolRequest) -> Any:
    server.register_endpoint(SignOut)
    try:
        return server.validate_endpoint_request(SignOut.ENDPOINT_NAME, asked)
    except OAuth2Error:
        return None


def _is_about(authority: Authority, validated: Any, signed_in: SignedIn) -> bool:
    """Return whether the hint names the person who is signed in."""
    client = cast("Application | None", validated.client)
    if validated.id_token_claims is None or client is None:
        return False
    try:
        named = authority.site.keys.person(str(validated.id_token_claims.get("sub")), client.sector)
    except BrokenSealError:
        return False
    return named == signed_in.person_id


def _led_back(redirect_uri: str | None) -> Response:
    if redirect_uri is None:
        return see(DONE)
    return RedirectResponse(redirect_uri, 303, {"cache-control": "no-store", "referrer-policy": "no-referrer"})
