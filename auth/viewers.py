"""From the credentials of a request to the viewer that row rules judge, without asking the database.

A token's signature is checked once in each process; after that the token is known by its hash until it expires. What
may change in between is looked at each time: whether its grant or application has ended (``auth.endings``), and for a
token that is bound to a key, whether whoever sends it holds that key.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from time import time
from typing import Final

from auth.endings import Endings
from auth.oauth.tokens import AccessToken, BadTokenError, ExpiredError, Tokens
from engine.errors import Code, Rejected
from rules.access import Viewer

KNOWN_MAX: Final = 8192
"""Tokens that a process remembers, about a kilobyte each; the one that was not seen for longest goes first."""

BEARER: Final = "Bearer"
DPOP: Final = "DPoP"

_TOKEN_BYTES = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")

Prove = Callable[[bytes, str, str], Awaitable[str | None]]
"""Says what is wrong with a proof (RFC 9449) that came with a token and should be of a thumbprint's key, or None."""


class UnauthenticatedError(Rejected):
    """Credentials that do not count. ``challenge`` says so in the words of RFC 6750 and RFC 9449."""

    def __init__(self, message: str, challenge: bytes) -> None:
        super().__init__(Code.UNAUTHENTICATED, message)
        self.challenge = challenge


@dataclass(frozen=True, slots=True)
class _Known:
    """A token whose signature was found good."""

    viewer: Viewer
    expires_at: float
    grant: str | None
    client: str
    text: str
    thumbprint: str | None
    """Of the key that the token is bound to; the text is kept only with it, for the proof names it."""


class Viewers:
    """Makes viewers of access tokens."""

    def __init__(self, *, tokens: Tokens, prove: Prove, endings: Endings) -> None:
        """Prepare: ``tokens`` reads them, ``prove`` checks who holds a key, ``endings`` knows what counts no more."""
        self._tokens = tokens
        self._prove = prove
        self._endings = endings
        self._audience = f"{tokens.issuer}/graphql"
        self._metadata = f"{tokens.issuer}/.well-known/oauth-protected-resource/graphql"
        self._known: OrderedDict[bytes, _Known] = OrderedDict()

    async def identify(self, authorization: bytes, proof: bytes | None) -> Viewer:
        """Return who calls, by the headers ``Authorization`` and ``DPoP`` as they came.

        Raises:
            UnauthenticatedError: the credentials are none, or do not count any more.
            Rejected: UNAVAILABLE, while nobody can say which tokens still count.
        """
        if not self._endings.known:
            raise Rejected(
                Code.UNAVAILABLE,
                "The server cannot find out whether this token still counts. Try again in a moment; what is public "
                "is answered without a token.",
            )
        digest = sha256(authorization).digest()
        known = self._known.get(digest)
        if known is None:
            known = self._known[digest] = self._read(authorization)
            if len(self._known) > KNOWN_MAX:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(digest)
        if known.expires_at <= time():
            del self._known[digest]
            raise self._bad("The access token has expired. Get a new one with the refresh token, or sign in again.")
        if self._endings.has(known.grant) or self._endings.has(known.client):
            raise self._bad("The access token counts no more: what it was issued under has ended. Sign in again.")
        if known.thumbprint is not None:
            wrong = await self._prove(proof or b"", known.text, known.thumbprint)
            if wrong is not None:
                raise self._bad(wrong, DPOP, "invalid_dpop_proof")
        return known.viewer

    def challenge(self, code: Code | None) -> bytes:
        """Return what ``WWW-Authenticate`` says to who sent no credentials, or too weak ones."""
        error = ', error="insufficient_scope"' if code is Code.FORBIDDEN else ""
        return f'Bearer realm="bekal"{error}, resource_metadata="{self._metadata}"'.encode()

    def _read(self, authorization: bytes) -> _Known:
        """Return what a header's token says, once its signature was found good."""
        scheme, _, text = authorization.partition(b" ")
        text = text.strip(b" ")
        named = {b"bearer": BEARER, b"dpop": DPOP}.get(scheme.lower())
        if named is None or not text or not _TOKEN_BYTES.issuperset(text):
            raise self._bad(
                "The Authorization header must be 'Bearer TOKEN', or 'DPoP TOKEN' beside a proof in the DPoP header. "
                "Send one of these, or none to read what is public."
            )
        try:
            token = self._tokens.verify(text.decode(), self._audience)
        except ExpiredError as expired:
            raise self._bad(str(expired), named) from expired
        except BadTokenError as bad:
            raise self._bad(f"{bad} Sign in again, or send none to read what is public.", named) from bad
        if named is BEARER and token.thumbprint is not None:
            raise self._bad("The access token is bound to a key: send it as 'DPoP TOKEN', with a proof.", DPOP)
        if named is DPOP and token.thumbprint is None:
            raise self._bad("The access token is bound to no key: send it as 'Bearer TOKEN'.", DPOP)
        return _known(token, text.decode() if token.thumbprint else "")

    def _bad(self, message: str, scheme: str = BEARER, error: str = "invalid_token") -> UnauthenticatedError:
        assert message.isascii()
        assert not {'"', "\\"} & set(message), "the grammar of the header has no room for them"
        challenge = (
            f'{scheme} realm="bekal", error="{error}", error_description="{message}", '
            f'resource_metadata="{self._metadata}"'
        )
        return UnauthenticatedError(message, challenge.encode())


def _known(token: AccessToken, text: str) -> _Known:
    viewer = Viewer(
        signed_in=True,
        role=token.role,
        scopes=token.known_scopes,
        person_id=token.person_id,
        organisation_id=token.organisation_id,
        party_id=token.party_id,
        client_id=token.client_id,
        grant_id=token.grant_id,
        sandbox=token.sandbox,
    )
    grant = None if token.grant_id is None else str(token.grant_id)
    return _Known(viewer, token.expires_at, grant, str(token.client_id), text, token.thumbprint)
