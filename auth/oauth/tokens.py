"""Access tokens and ID tokens: signed JWTs (RFC 9068, OpenID Connect) that say all that a request needs to know."""

import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any, Final
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry

from auth.lifetimes import CLOCKS_APART
from auth.oauth.keys import ALGORITHM, SigningKeys
from models.sealing import BrokenSealError, KeyRing
from rules.access import Role, Scope

TOKEN_LENGTH_MAX: Final = 4_096
"""Characters. Ours have some 900."""
TYPE: Final = "at+jwt"
OWN_SECTOR: Final = "bekal"
"""The sector of the programme's own applications; a partner's is its organisation."""
OPENID: Final = "openid"


class BadTokenError(Exception):
    """An access token that does not count. The message says why, and may be shown."""


class ExpiredError(BadTokenError):
    """An access token whose time is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """What an access token says."""

    subject: str
    """Who it speaks for: a person's name in this sector, or the application's own code."""
    client_code: str
    client_id: UUID
    scopes: frozenset[str]
    role: Role | None = None
    audience: tuple[str, ...]
    issued_at: int
    expires_at: int
    token_id: str = field(default_factory=lambda: token_urlsafe(16))
    sector: str = OWN_SECTOR
    person_id: UUID | None = None
    grant_id: UUID | None = None
    organisation_id: UUID | None = None
    party_id: UUID | None = None
    sandbox: bool = False
    thumbprint: str | None = None
    """Of the key that the token is bound to (RFC 9449); a bound token counts only with a proof of that key."""
    actor: str | None = None
    """The application that acts for the person by a token that another one was given (RFC 8693)."""
    authenticated_at: int | None = None
    acr: str | None = None

    @property
    def known_scopes(self) -> frozenset[Scope]:
        """The scopes that fields and mutations ask for."""
        return frozenset(Scope(scope) for scope in self.scopes if scope in _SCOPES)


class Tokens:
    """Makes tokens and reads them. Reading asks nobody: what ended before its time is ``auth.endings``' to say."""

    def __init__(
        self, issuer: str, keys: SigningKeys, ring: KeyRing, *, clock: Callable[[], float] = time.time
    ) -> None:
        self.issuer = issuer
        self._keys = keys
        self._ring = ring
        self._clock = clock

    def now(self) -> int:
        """Return the time in seconds that tokens are made and read by."""
        return int(self._clock())

    def subject(self, person_id: UUID, sector: str) -> str:
        """Return the name of a person for a sector: two sectors cannot tell that they speak of the same one."""
        return self._ring.subject(person_id, sector)

    def mint(self, token: AccessToken) -> str:
        """Return the signed text of a token.

        Raises:
            NoSigningKeyError: the database was never reached.
        """
        return self._sign(TYPE, _written(self.issuer, token))

    def mint_id(self, claims: Mapping[str, Any]) -> str:
        """Return a signed ID token with these claims besides ``iss`` and ``iat``."""
        return self._sign("JWT", {"iss": self.issuer, "iat": self.now(), **claims})

    def verify(self, text: str, audience: str | None = None) -> AccessToken:
        """Return what an access token of ours says.

        Raises:
            ExpiredError: its time is over.
            BadTokenError: it is none, is not yet good, or is meant for others than ``audience``.
        """
        claims = self._read(text, TYPE)
        now = self.now()
        try:
            token = self._understood(claims)
        except (KeyError, TypeError, ValueError, BrokenSealError) as wrong:
            raise BadTokenError("The access token is malformed.") from wrong
        if token.expires_at <= now:
            raise ExpiredError("The access token has expired. Get a new one with the refresh token, or sign in again.")
        if token.issued_at > now + CLOCKS_APART.total_seconds():
            raise BadTokenError("The access token was issued in the future: a clock is wrong.")
        if audience is not None and audience not in token.audience:
            raise BadTokenError(f"The access token is not meant for {audience}.")
        return token

    def verify_id(self, text: str) -> Mapping[str, Any]:
        """Return the claims of an ID token of ours, also of one that has expired: it only hints at who signs out.

        Raises:
            BadTokenError: it is none.
        """
        return self._read(text, "JWT")

    def _sign(self, kind: str, claims: dict[str, Any]) -> str:
        signing = self._keys.signing()
        return jwt.encode({"typ": kind, "alg": ALGORITHM, "kid": signing.kid}, claims, signing.key, [ALGORITHM])

    def _read(self, text: str, kind: str) -> dict[str, Any]:
        if len(text) > TOKEN_LENGTH_MAX or not text.isascii():
            raise BadTokenError("This is no access token of this server.")
        try:
            read = jwt.decode(text, self._key_for, [ALGORITHM], _REGISTRY)
        except (JoseError, ValueError, TypeError, KeyError, RecursionError) as wrong:
            raise BadTokenError("This is no access token of this server.") from wrong
        if read.header.get("typ") != kind or read.claims.get("iss") != self.issuer:
            raise BadTokenError("This is no access token of this server.")
        return read.claims

    def _key_for(self, token: Any) -> Any:
        key = self._keys.find(token.headers().get("kid"))
        if key is None:
            raise ValueError("unknown kid")
        return key

    def _understood(self, claims: Mapping[str, Any]) -> AccessToken:
        audience, grant = claims["aud"], claims.get("gid")
        sector, subject = claims.get("sector", OWN_SECTOR), claims["sub"]
        return AccessToken(
            subject=subject,
            client_code=claims["client_id"],
            client_id=UUID(claims["cid"]),
            scopes=frozenset(claims["scope"].split()),
            role=Role(claims["role"]) if "role" in claims else None,
            audience=tuple(audience) if isinstance(audience, list) else (audience,),  # pyright: ignore[reportUnknownArgumentType]
            issued_at=int(claims["iat"]),
            expires_at=int(claims["exp"]),
            token_id=claims["jti"],
            sector=sector,
            person_id=self._ring.person(subject, sector) if grant else None,
            grant_id=UUID(grant) if grant else None,
            organisation_id=UUID(claims["org"]) if "org" in claims else None,
            party_id=UUID(claims["party"]) if "party" in claims else None,
            sandbox=claims.get("sandbox", False),
            thumbprint=claims["cnf"]["jkt"] if "cnf" in claims else None,
            actor=claims["act"]["sub"] if "act" in claims else None,
            authenticated_at=claims.get("auth_time"),
            acr=claims.get("acr"),
        )


def half_hash(text: str) -> str:
    """Return the left half of a hash: ``at_hash`` of OpenID Connect, for tokens that ES256 signs."""
    return urlsafe_b64encode(sha256(text.encode("ascii")).digest()[:16]).rstrip(b"=").decode()


def _written(issuer: str, token: AccessToken) -> dict[str, Any]:
    """Return the claims of a token; what it does not say is left out."""
    audience = token.audience
    claims = {
        "iss": issuer,
        "sub": token.subject,
        "aud": audience[0] if len(audience) == 1 else list(audience),
        "iat": token.issued_at,
        "exp": token.expires_at,
        "jti": token.token_id,
        "client_id": token.client_code,
        "cid": str(token.client_id),
        "scope": " ".join(sorted(token.scopes)),
        "role": token.role,
        "sector": None if token.sector == OWN_SECTOR else token.sector,
        "gid": token.grant_id and str(token.grant_id),
        "org": token.organisation_id and str(token.organisation_id),
        "party": token.party_id and str(token.party_id),
        "sandbox": token.sandbox or None,
        "cnf": token.thumbprint and {"jkt": token.thumbprint},
        "act": token.actor and {"sub": token.actor},
        "auth_time": token.authenticated_at,
        "acr": token.acr,
    }
    return {name: value for name, value in claims.items() if value is not None}


_SCOPES = frozenset(Scope)
_REGISTRY = JWSRegistry(algorithms=[ALGORITHM])
