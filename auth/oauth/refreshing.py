"""Refresh tokens, and tokens that applications get for themselves.

A confidential application's refresh token is bound to the application and stays the same (FAPI 2.0, section 5.3.2.1);
a public one's is spent each time and followed by a new one, so that a stolen one is noticed (RFC 9700, section 4.14).
"""

import secrets
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidScopeError
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant, RefreshTokenGrant
from sqlalchemy import func, or_, select, update

from auth.lifetimes import LOST_ANSWER
from auth.oauth.clients import Application
from auth.oauth.codes import end_reused, live_standing, narrowed
from auth.oauth.server import METHODS, Issue, ProtocolRequest, Server
from auth.oauth.standings import standing_of
from models.sealing import BrokenSealError
from models.tables import Grant, RefreshToken
from rules.secrets import SECRET_BYTES, SecretKind, is_secret, make_secret

NOT_THIS_TOKEN: Final = "The refresh token does not exist, was used, has expired, or belongs to another application."  # noqa: S105 - a text


@dataclass(frozen=True, slots=True)
class HeldRefreshToken:
    """A refresh token that a request brings, behind the questions that Authlib asks."""

    row: RefreshToken
    grant: Grant

    def check_client(self, client: Application) -> bool:
        """Return whether it was issued to an application."""
        return self.row.client_id == client.row.id

    def get_scope(self) -> str:
        """Return the scopes of the grant."""
        return " ".join(self.grant.scopes)


class RefreshGrant(RefreshTokenGrant):
    """A new access token for a refresh token (RFC 6749, section 6)."""

    TOKEN_ENDPOINT_AUTH_METHODS = METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True
    server: Server
    request: ProtocolRequest

    def authenticate_refresh_token(self, refresh_token: str) -> HeldRefreshToken | None:
        """Find a refresh token. Spending it comes last, so that a mistake in the request does not cost it."""
        self.server.require_key(self.request.client)
        if not is_secret(refresh_token, SecretKind.REFRESH):
            raise InvalidGrantError(NOT_THIS_TOKEN)
        hashes = self.server.ring.hashes(refresh_token.encode(), SecretKind.REFRESH.purpose)
        row = self.server.db.scalar(
            select(RefreshToken).where(
                RefreshToken.hash.in_(hashes),
                RefreshToken.client_id == self.request.client.row.id,
                RefreshToken.expires_at > func.now(),
                or_(
                    RefreshToken.dpop_thumbprint.is_(None),
                    RefreshToken.dpop_thumbprint == self.server.thumbprint,
                ),
            )
        )
        if row is None:
            raise InvalidGrantError(NOT_THIS_TOKEN)
        return HeldRefreshToken(row, self.server.db.get_one(Grant, row.grant_id))

    def _validate_token_scope(self, token: HeldRefreshToken) -> None:
        narrowed(self.request.payload.scope, token.grant.scopes)

    def authenticate_user(self, refresh_token: HeldRefreshToken) -> UUID:
        """Spend the token, and say what will be issued and to whom."""
        grant, client, server = refresh_token.grant, self.request.client, self.server
        standing = live_standing(server, grant)
        audience = server.audience_of(self.request, tuple(grant.audience))
        scopes = narrowed(self.request.payload.scope, grant.scopes)
        followed_by = self._spend(refresh_token.row) if client.is_public else self._keep(refresh_token.row, grant)
        grant.last_used_at = server.now
        server.issue = Issue(
            scopes=scopes & client.scopes_in(" ".join(scopes) or None, standing.role),
            audience=audience,
            standing=standing,
            grant=grant,
            thumbprint=server.thumbprint,
            refresh_token=followed_by,
        )
        return grant.person_id

    def revoke_old_credential(self, refresh_token: HeldRefreshToken) -> None:
        """Do nothing: it was spent before anything was issued."""

    def _keep(self, row: RefreshToken, grant: Grant) -> str:
        """Let a confidential application keep its token, for longer if it comes by."""
        row.expires_at = self.server.idle_end(grant, self.request.client)
        return self.request.form["refresh_token"]

    def _spend(self, row: RefreshToken) -> str:
        """Spend a public application's token, and return the one that follows it.

        Of parallel twins, one finds it unspent. Who comes after is answered the same if the answer may have been lost:
        within seconds, holding the same key, while nobody has used what followed. Else somebody has a stolen token.
        """
        server, client = self.server, self.request.client
        follower = make_secret(SecretKind.REFRESH, secrets.token_bytes(SECRET_BYTES))
        spending = (
            update(RefreshToken)
            .where(RefreshToken.hash == row.hash, RefreshToken.used_at.is_(None))
            .values(
                used_at=func.clock_timestamp(),
                successor_sealed=server.ring.seal(follower.encode(), _place(row.hash)),
            )
            .returning(RefreshToken.hash)
            .execution_options(synchronize_session=False)
        )
        if server.db.scalar(spending) is not None:
            return server.new_refresh_token(server.db.get_one(Grant, row.grant_id), client, follower)
        server.db.refresh(row)
        follower = self._follower_again(row)
        if follower is None:
            end_reused(server, self.request, client, row.grant_id, "refresh_token")
            raise InvalidGrantError("The refresh token came twice, so everything granted with it has ended.")
        return follower

    def _follower_again(self, row: RefreshToken) -> str | None:
        """Return what followed a spent token, if its answer may be given again."""
        server = self.server
        if row.dpop_thumbprint is None or row.used_at is None or row.successor_sealed is None:
            return None
        if server.db.scalar(select(func.clock_timestamp() - row.used_at > LOST_ANSWER)):
            return None
        try:
            follower = server.ring.unseal(row.successor_sealed, _place(row.hash)).decode()
        except BrokenSealError:
            return None
        hashes = server.ring.hashes(follower.encode(), SecretKind.REFRESH.purpose)
        unused = select(RefreshToken.hash).where(RefreshToken.hash.in_(hashes), RefreshToken.used_at.is_(None))
        return None if server.db.scalar(unused) is None else follower


class OwnGrant(ClientCredentialsGrant):
    """A token for an application that speaks for its organisation (RFC 6749, section 4.4)."""

    TOKEN_ENDPOINT_AUTH_METHODS = METHODS
    server: Server
    request: ProtocolRequest

    def validate_token_request(self) -> None:
        """Check the request, and say what will be issued."""
        super().validate_token_request()
        client, server = self.request.client, self.server
        if client.is_public:
            raise InvalidGrantError("An application that can keep no secret cannot speak for itself.")
        server.require_key(client)
        standing = standing_of(server.db, client.row)
        wanted = self.request.payload.scope
        scopes = client.scopes_in(wanted, standing.role) - {"openid"}
        if wanted and not scopes:
            raise InvalidScopeError("The application may have none of these scopes.")
        server.issue = Issue(
            scopes=scopes,
            audience=server.audience_of(self.request),
            standing=standing,
            thumbprint=server.thumbprint,
        )


def _place(hash_: bytes) -> str:
    return f"refresh_tokens.successor_sealed:{hash_.hex()}"
