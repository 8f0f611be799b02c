"""Token exchange (RFC 8693): a marketplace's server acts for a participant who signed in at its application.

What comes out speaks for the same person under the same grant, says who acts, is never wider and never lives longer.
"""

from typing import Any, Final

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError, InvalidScopeError
from authlib.oauth2.rfc6749.grants import BaseGrant, TokenEndpointMixin

from auth.oauth.clients import Application
from auth.oauth.codes import live_standing, narrowed, refuse_grant_type
from auth.oauth.server import METHODS, InvalidTargetError, Issue, ProtocolRequest, Server
from auth.oauth.tokens import OPENID, AccessToken, BadTokenError
from models.tables import Client, Consent, Grant
from rules.access import Role, Viewer
from rules.clients import ClientState, GrantType

ACCESS_TOKEN_TYPE: Final = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - the word of the standard
NOT_EXCHANGED: Final = "The subject_token is not one that this application may exchange, or counts no more."


class ExchangeGrant(BaseGrant, TokenEndpointMixin):
    """Exchanges a participant's access token for one that names who acts."""

    GRANT_TYPE = GrantType.TOKEN_EXCHANGE.value
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS
    server: Server
    request: ProtocolRequest

    def validate_token_request(self) -> None:
        """Check who asks, for whom, and whether that person still consents; then say what will be issued."""
        server, form = self.server, self.request.form
        actor = server.authenticate_client(self.request, METHODS)
        refuse_grant_type(actor, GrantType.TOKEN_EXCHANGE)
        server.require_key(actor)
        self._check_types(form)
        subject = self._subject(form.get("subject_token", ""))
        grant = self._consented(subject, actor)
        server.validate_requested_scope(form.get("scope"))
        scopes = narrowed(form.get("scope"), sorted(subject.scopes - {OPENID}))
        scopes &= actor.scopes_in(" ".join(scopes) or None, Role.PARTICIPANT)
        if form.get("scope") and not scopes:
            raise InvalidScopeError("The application may have none of these scopes.")
        self.request.user = grant.person_id
        server.issue = Issue(
            scopes=scopes,
            audience=self._audience(subject),
            standing=live_standing(server, grant),
            grant=grant,
            thumbprint=server.thumbprint,
            actor=actor.row.code,
            ends_at=subject.expires_at,
        )

    def create_token_response(self) -> tuple[int, dict[str, Any], Any]:
        """Return the new token."""
        token = self.generate_token(user=self.request.user, include_refresh_token=False)
        token["issued_token_type"] = ACCESS_TOKEN_TYPE
        row, issue = self.request.client.row, self.server.issue
        assert issue is not None
        assert issue.grant is not None
        viewer = Viewer(
            signed_in=True,
            client_id=row.id,
            organisation_id=row.organisation_id,
            role=row.role,
            grant_id=issue.grant.id,
        )
        details = {"scopes": sorted(issue.scopes)}
        self.server.note(self.request.caller, viewer, "grant.exchanged", "grant", issue.grant.id, details)
        return 200, token, self.TOKEN_RESPONSE_HEADER

    def _check_types(self, form: Any) -> None:
        if form.get("subject_token_type") != ACCESS_TOKEN_TYPE:
            raise InvalidRequestError(f"The subject_token_type must be {ACCESS_TOKEN_TYPE}.")
        if form.get("requested_token_type", ACCESS_TOKEN_TYPE) != ACCESS_TOKEN_TYPE:
            raise InvalidRequestError(f"The requested_token_type can only be {ACCESS_TOKEN_TYPE}.")
        if "actor_token" in form or "actor_token_type" in form:
            raise InvalidRequestError("Who acts is the application that asks: send no actor_token.")

    def _subject(self, text: str) -> AccessToken:
        try:
            subject = self.server.authority.tokens.verify(text)
        except BadTokenError as bad:
            raise InvalidGrantError(NOT_EXCHANGED) from bad
        if subject.grant_id is None or subject.actor is not None or subject.role is not Role.PARTICIPANT:
            raise InvalidGrantError(NOT_EXCHANGED)
        return subject

    def _consented(self, subject: AccessToken, actor: Application) -> Grant:
        """Return the live grant behind a token that was issued to an application of the same marketplace."""
        db, row = self.server.db, actor.row
        issued_to = db.get(Client, subject.client_id)
        grant = db.get(Grant, subject.grant_id)
        if row.role is not Role.MARKETPLACE or actor.is_public or issued_to is None or grant is None:
            raise InvalidGrantError(NOT_EXCHANGED)
        same = issued_to.organisation_id == row.organisation_id and issued_to.sandbox is row.sandbox
        works = issued_to.ended_at is None and issued_to.state in (ClientState.SANDBOX, ClientState.LIVE)
        consent = db.get(Consent, grant.consent_id) if grant.consent_id else None
        if not same or not works or consent is None or consent.withdrawn_at is not None:
            raise InvalidGrantError(NOT_EXCHANGED)
        live_standing(self.server, grant)
        return grant

    def _audience(self, subject: AccessToken) -> tuple[str, ...]:
        """Return what the new token is meant for: some of what the old one was."""
        listed = self.request.payload.datalist
        wanted = tuple(dict.fromkeys([*listed.get("resource", []), *listed.get("audience", [])]))
        if not set(wanted) <= set(subject.audience):
            raise InvalidTargetError
        return wanted or subject.audience
