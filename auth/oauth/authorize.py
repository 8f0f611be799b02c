"""The authorization endpoint: where a browser comes with an application's request, and leaves with a code."""

import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, cast
from urllib.parse import parse_qsl, urlencode

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749 import AccessDeniedError, InvalidRequestError, OAuth2Error
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from auth.forms import MalformedFormError, is_own
from auth.forms import read_form as read_page_form
from auth.oauth.approvals import Wish, approve, consent_view, standing_consent
from auth.oauth.authority import AUTHORIZE, SIGN_IN, Authority
from auth.oauth.clients import Application
from auth.oauth.codes import CodeGrant
from auth.oauth.pushed import pull, spend_name, validate
from auth.oauth.reading import MalformedError, Parameters, parse
from auth.oauth.server import ProtocolRequest, Server
from auth.oauth.transactions import protocol_request, transact
from auth.pages.consent import ALLOW, DECISION_FIELD, POST_FIELD, ConsentView, consent_page
from auth.pages.rendering import see
from auth.sessions import SignedIn
from engine.errors import Rejected
from rules.access import Viewer

AFTER: Final = "signed_in_after"
"""Added to the address when somebody is sent to sign in anew: since when a sign-in counts, and that we said so."""

SINCE_LENGTH_MAX: Final = 12

PROMPTS: Final = frozenset({"none", "login", "consent", "select_account"})


class InteractionError(OAuth2Error):
    """A page would have to be shown, and the application asked for none (OpenID Connect, section 3.1.2.6)."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a browser, and who is signed in at it."""

    request: Request
    query: str
    parameters: Parameters
    form: dict[str, str] | None
    """The decision, when the consent page was sent."""
    signed_in: SignedIn | None
    after: float | None
    """Since when a sign-in counts, in epoch seconds; None when nobody was sent to sign in anew."""

    @property
    def request_uri(self) -> str | None:
        """The name of the request, when it was pushed."""
        return self.parameters.one.get("request_uri")


async def authorize(authority: Authority, request: Request) -> Response:
    """Answer a browser: with a page, with the way to sign in, or with the way back to the application."""
    pages = authority.pages
    try:
        form = dict(await read_page_form(request)) if request.method == "POST" else None
        parameters = parse(request.scope["query_string"])
    except MalformedFormError as wrong:
        return pages.failure(request, wrong.word, status=wrong.status)
    except MalformedError as wrong:
        return pages.failure(request, "error.bad_request", detail=wrong.description)
    if form is not None and not is_own(authority.site, request, form):
        return pages.failure(request, "error.forged", status=403)
    query, after = _split(authority, parameters)

    async def work(session: AsyncSession) -> Response:
        signed_in = await authority.sessions.of(request, session)
        visit = Visit(request, query, parameters, form, signed_in, after)
        return await session.run_sync(lambda db: _Desk(Server(db, authority), authority, visit).answer())

    try:
        return await transact(authority, work)
    except Rejected:
        return pages.failure(request, "error.unavailable", status=503, retry_after_s=1)


class _Desk:
    """Works on one visit."""

    def __init__(self, server: Server, authority: Authority, visit: Visit) -> None:
        self._server = server
        self._authority = authority
        self._visit = visit
        self._asked = self._protocol_request(visit.parameters)

    def answer(self) -> Response:
        """Return the answer to the browser."""
        try:
            grant = self._grant()
            self._check_prompts(grant.redirect_uri)
            return self._proceed(grant)
        except OAuth2Error as error:
            return self._refuse(error)

    def _grant(self) -> CodeGrant:
        """Return Authlib's grant for the request, which is good."""
        uri, code = self._visit.request_uri, self._visit.parameters.one.get("client_id", "")
        if uri is not None:
            self._asked = self._protocol_request(pull(self._server, uri, code))
            self._asked.pushed = True
        return cast("CodeGrant", validate(self._server, self._asked))

    def _check_prompts(self, redirect_uri: str) -> None:
        prompts = self._prompts
        if prompts - PROMPTS or ("none" in prompts and len(prompts) > 1):
            raise InvalidRequestError("The prompt is unknown, or none beside others.", redirect_uri=redirect_uri)

    def _proceed(self, grant: CodeGrant) -> Response:
        visit, prompts = self._visit, self._prompts
        if visit.signed_in is None or not self._is_fresh(visit.signed_in):
            if "none" in prompts:
                raise InteractionError("Nobody is signed in.", redirect_uri=grant.redirect_uri, error="login_required")
            return self._to_sign_in()
        wish = Wish(
            application=self._asked.client,
            signed_in=visit.signed_in,
            scope=self._asked.payload.scope,
            audience=self._server.audience_of(self._asked),
            thumbprint=self._asked.payload.data.get("dpop_jkt"),
        )
        view = consent_view(self._server.db, wish, f"{AUTHORIZE}?{self._query}", grant.redirect_uri)
        if visit.form is not None:
            return self._decided(grant, wish, view, visit.form)
        consent_id = None if wish.application.is_own else standing_consent(self._server.db, wish)
        if "consent" not in prompts and not wish.posts and (wish.application.is_own or consent_id is not None):
            self._spend(wish.application)
            grant.approved = approve(self._server, self._asked.caller, wish, None, consent_id=consent_id)
            return self._with_code(grant, wish)
        if "none" in prompts:
            error = "interaction_required" if wish.application.is_own else "consent_required"
            raise InteractionError("The person must be asked.", redirect_uri=grant.redirect_uri, error=error)
        return consent_page(self._authority.pages, visit.request, view)

    def _decided(self, grant: CodeGrant, wish: Wish, view: ConsentView, form: dict[str, str]) -> Response:
        """Do what the person decided."""
        if form.get(DECISION_FIELD) != ALLOW:
            self._spend(wish.application)
            viewer = Viewer(signed_in=True, person_id=wish.signed_in.person_id, client_id=wish.application.row.id)
            self._server.note(self._asked.caller, viewer, "grant.denied", "client", wish.application.row.id)
            raise AccessDeniedError("The person did not allow it.", redirect_uri=grant.redirect_uri)
        post, known = wish.chosen(form.get(POST_FIELD))
        if not known:
            return consent_page(self._authority.pages, self._visit.request, view)
        self._spend(wish.application)
        locale = self._authority.pages.words(self._visit.request, wish.signed_in).locale
        grant.approved = approve(self._server, self._asked.caller, wish, post, view=view, locale=locale)
        return self._with_code(grant, wish)

    def _spend(self, application: Application) -> None:
        uri = self._visit.request_uri
        if uri is not None and not spend_name(self._server, uri, application):
            # Its redirect URI is no longer to be used: whoever decided first has been sent there.
            raise InvalidRequestError("The request_uri was used.")

    def _with_code(self, grant: CodeGrant, wish: Wish) -> Response:
        self._asked.user = wish.signed_in.person_id
        response = self._server.create_authorization_response(
            self._asked, grant_user=wish.signed_in.person_id, grant=grant
        )
        return self._signed(cast("Response", response))

    def _refuse(self, error: OAuth2Error) -> Response:
        """Tell the application if the redirect URI is proven to be its own; else the person, on a page of ours."""
        if error.redirect_uri:
            error.state = self._asked.payload.state
            return self._signed(self._server.handle_error_response(self._asked, error))
        known = self._server.query_client(self._visit.parameters.one.get("client_id", ""))
        word = "error.unknown_client" if known is None else "error.bad_request"
        return self._authority.pages.failure(self._visit.request, word, detail=f"{error.error}: {error.description}")

    def _signed(self, response: Response) -> Response:
        """Say in the answer who gives it (RFC 9207), so that an application is not led to the wrong server."""
        location = response.headers.get("location")
        if location is not None:
            response.headers["location"] = add_params_to_uri(location, [("iss", self._authority.issuer)])
        return response

    def _is_fresh(self, signed_in: SignedIn) -> bool:
        """Return whether the sign-in is as recent as the application asks for."""
        at = signed_in.authenticated_at.timestamp()
        if self._visit.after is not None and at >= self._visit.after:
            return True
        max_age = self._asked.payload.data.get("max_age")
        if {"login", "select_account"} & self._prompts or max_age == "0":
            return False
        return max_age is None or signed_in.authenticated_at >= self._server.now - _seconds(max_age)

    def _to_sign_in(self) -> Response:
        anew = bool({"login", "select_account"} & self._prompts) or "max_age" in self._asked.payload.data
        query = self._visit.query
        if anew:
            since = int(self._server.now.timestamp())
            query += "&" + urlencode({AFTER: f"{since}.{_seal(self._authority, since, query)}"})
        return see(SIGN_IN, return_to=f"{AUTHORIZE}?{query}")

    @property
    def _query(self) -> str:
        """The query to come back with: since when a sign-in counts must not be lost on the way."""
        after = self._visit.after
        if after is None:
            return self._visit.query
        since = int(after)
        sealed = _seal(self._authority, since, self._visit.query)
        return f"{self._visit.query}&{urlencode({AFTER: f'{since}.{sealed}'})}"

    @property
    def _prompts(self) -> frozenset[str]:
        return frozenset(self._asked.payload.data.get("prompt", "").split())

    def _protocol_request(self, parameters: Parameters) -> ProtocolRequest:
        return protocol_request(self._authority, self._visit.request, AUTHORIZE, parameters, in_body=False)


def _split(authority: Authority, parameters: Parameters) -> tuple[str, float | None]:
    """Return the query as the application made it, and since when a sign-in counts if we said so."""
    pairs = [(name, value) for name, values in parameters.every.items() if name != AFTER for value in values]
    since, _, sealed = parameters.one.get(AFTER, "").partition(".")
    query = urlencode(pairs)
    if not (since.isdecimal() and since.isascii() and len(since) < SINCE_LENGTH_MAX):
        return query, None
    if not hmac.compare_digest(sealed.encode(), _seal(authority, int(since), query).encode()):
        return query, None
    return query, float(since)


def _seal(authority: Authority, since: int, query: str) -> str:
    """Return what only this server can add to a request; the language of the page makes no difference."""
    kept = sorted((name, value) for name, value in parse_qsl(query) if name != "lang")
    return authority.site.keys.hash(f"{since} {urlencode(kept)}".encode(), "signed-in-after").hex()


def _seconds(text: str) -> timedelta:
    return timedelta(seconds=min(int(text[:10]), 10**9))
