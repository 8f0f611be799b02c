"""Applications as the protocol sees them, and how they prove who they are."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast
from urllib.parse import urlsplit

from authlib.oauth2.rfc6749 import ClientMixin, InvalidClientError, OAuth2Request
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key, import_key
from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from auth.lifetimes import ASSERTION_MAX, CLOCKS_APART
from auth.oauth.proofs import ALGORITHMS, ID_LENGTH_MAX, REGISTRY, spend
from auth.oauth.tokens import OPENID, OWN_SECTOR
from models.sealing import KeyRing
from models.tables import Client, ClientKey, ClientSecret
from rules.access import Role, Scope, allowed
from rules.clients import AuthMethod, ClientKind, ClientState, GrantType, is_code
from rules.redirect_uris import LOOPBACK
from rules.secrets import SecretKind, is_secret

USED_TO_THE: Final = timedelta(minutes=1)
"""That something was used is noted once in this time: one write a minute, however busy it is."""
ASSERTION_LENGTH_MAX: Final = 4_096

NOT_PROVEN: Final = (
    "The application is unknown, or did not prove who it is in the way it registered. Check client_id, secret or key."
)
"""One answer for all that may be wrong, so that nobody learns which part was right."""


class Application(ClientMixin):
    """An application (``models.clients.Client``) behind the questions that Authlib asks."""

    def __init__(self, db: Session, ring: KeyRing, row: Client) -> None:
        self._db = db
        self._ring = ring
        self.row = row

    @property
    def is_public(self) -> bool:
        """Whether it can keep no secret."""
        return self.row.kind is ClientKind.PUBLIC

    @property
    def is_own(self) -> bool:
        """Whether it is the programme's."""
        return self.row.organisation_id is None

    @property
    def sector(self) -> str:
        """Within which people have one name: an organisation, or the programme."""
        return OWN_SECTOR if self.row.organisation_id is None else str(self.row.organisation_id)

    def scopes_in(self, requested: str | None, role: Role | None) -> frozenset[str]:
        """Return what of ``requested`` (by default: of all that it may ask for) it gets for somebody in ``role``."""
        wanted = frozenset(requested.split()) if requested else frozenset(self.row.scopes)
        fit = {scope.value for scope in allowed(role)} if role else set[str]()
        return frozenset(s for s in wanted if s == OPENID or (s in fit and s in self.row.scopes))

    def get_client_id(self) -> str:
        """Return the ``client_id`` of the protocol."""
        return self.row.code

    def get_default_redirect_uri(self) -> None:
        """Return no default: a request says where its answer goes."""

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """Return what of ``scope`` it may ask for; None when that is nothing."""
        wanted = (scope or " ".join(self.row.scopes)).split()
        kept = [each for each in wanted if each == OPENID or each in self.row.scopes]
        return " ".join(kept) if kept or not wanted else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Compare character by character; at a PUBLIC one's loopback address any port is good (RFC 8252)."""
        if redirect_uri in self.row.redirect_uris:
            return True
        if not self.is_public:
            return False
        plain = _without_port(redirect_uri)
        return plain is not None and plain in {_without_port(uri) for uri in self.row.redirect_uris}

    def check_client_secret(self, client_secret: str) -> bool:
        """Return whether a secret is one of its live ones, and note that it was used."""
        if not is_secret(client_secret, SecretKind.of_client(sandbox=self.row.sandbox)):
            return False
        hashes = self._ring.hashes(client_secret.encode(), SecretKind.LIVE_CLIENT.purpose)
        found = self._db.scalar(
            select(ClientSecret).where(
                ClientSecret.client_id == self.row.id,
                ClientSecret.hash.in_(hashes),
                or_(ClientSecret.expires_at.is_(None), ClientSecret.expires_at > func.now()),
            )
        )
        if found is None:
            return False
        if _is_old(found.last_used_at):
            self._db.execute(update(ClientSecret).where(ClientSecret.id == found.id).values(last_used_at=func.now()))
        return True

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Each application proves itself in one way, at every endpoint."""
        del endpoint
        return self.row.auth_method == method

    def check_response_type(self, response_type: str) -> bool:
        """There is one kind of answer to a browser: a code."""
        return response_type == "code" and GrantType.AUTHORIZATION_CODE in self.row.grant_types

    def check_grant_type(self, grant_type: str) -> bool:
        """Return whether it may go this way to a token."""
        return grant_type in self.row.grant_types

    def key_for(self, kid: str | None) -> tuple[ClientKey, Key] | None:
        """Return the key of that name; without a name, the only one."""
        keys = self._db.scalars(select(ClientKey).where(ClientKey.client_id == self.row.id)).all()
        named = [key for key in keys if key.kid == kid] if kid is not None else keys
        return (named[0], import_key({**named[0].jwk})) if len(named) == 1 else None

    def note_use(self) -> None:
        """Note that it came by."""
        if _is_old(self.row.last_used_at):
            self._db.execute(
                update(Client)
                .where(Client.id == self.row.id, or_(Client.last_used_at.is_(None), _OLD))
                .values(last_used_at=func.now())
                .execution_options(synchronize_session=False)
            )


class Assertions(JWTBearerClientAssertion):
    """``private_key_jwt`` (RFC 7523): a JWT that an application signs with a key that it registered."""

    CLIENT_AUTH_METHOD = AuthMethod.PRIVATE_KEY_JWT.value  # pyright: ignore[reportGeneralTypeIssues] - made to be set

    def __init__(self, db: Session, issuer: str, token_url: str, now: float) -> None:
        super().__init__(token_url=cast("Any", None))
        self._db = db
        self._issuer = issuer
        self._urls = (issuer, token_url)
        self._now = now
        self._application: Application | None = None
        self._key: ClientKey | None = None
        self._kid: str | None = None

    def extract_assertion(self, assertion: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return header and claims, not yet believed: only to find out whose key must have signed them."""
        try:
            if len(assertion) > ASSERTION_LENGTH_MAX:
                raise ValueError("too long")  # noqa: TRY301 - one answer for all that is no assertion
            header = jws.extract_compact(assertion.encode(), registry=REGISTRY).headers()
            claims: object = json.loads(jws.extract_compact(assertion.encode(), registry=REGISTRY).payload or b"")
        except (JoseError, ValueError, TypeError, RecursionError):
            raise InvalidClientError("The client_assertion is no JWT.", status_code=401) from None
        if not isinstance(claims, dict):
            raise InvalidClientError("The client_assertion holds no claims.", status_code=401)
        kid = header.get("kid")
        self._kid = kid if isinstance(kid, str) else None
        return dict(header), cast("dict[str, Any]", claims)

    def resolve_client_public_key(self, client: Application) -> Any:
        """Return the key that must have signed."""
        found = client.key_for(self._kid)
        if found is None:
            raise InvalidClientError(NOT_PROVEN, status_code=401)
        self._application, (self._key, key) = client, found
        return key

    def process_assertion_claims(self, assertion: str, resolve_key: Any) -> dict[str, Any]:
        """Believe an assertion: signed by the application, for this server, now, and never shown before."""
        try:
            claims = jwt.decode(assertion, resolve_key, list(ALGORITHMS), REGISTRY).claims
        except (JoseError, ValueError, TypeError):
            raise InvalidClientError(NOT_PROVEN, status_code=401) from None
        self.verify_claims(claims)
        assert self._key is not None
        if _is_old(self._key.last_used_at):
            self._db.execute(update(ClientKey).where(ClientKey.id == self._key.id).values(last_used_at=func.now()))
        return claims

    def verify_claims(self, claims: dict[str, Any]) -> None:
        """Check what an assertion says."""
        client, proof_id = self._application, claims.get("jti")
        ends: Any = claims.get("exp")
        assert client is not None
        slack = CLOCKS_APART.total_seconds()
        if claims.get("iss") != client.row.code or claims.get("sub") != client.row.code:
            raise InvalidClientError("In a client_assertion iss and sub are the client_id.", status_code=401)
        if not self._is_for_us(claims.get("aud"), strictly=client.row.fapi2):
            raise InvalidClientError(f"The client_assertion is for others: aud is {self._issuer}", status_code=401)
        if not _is_time(ends) or not self._now - slack < ends <= self._now + ASSERTION_MAX.total_seconds() + slack:
            raise InvalidClientError("The client_assertion must end within five minutes from now.", status_code=401)
        for began in (claims.get("iat"), claims.get("nbf")):
            if began is not None and (not _is_time(began) or began > self._now + slack):
                raise InvalidClientError("The client_assertion is from the future: check the clock.", status_code=401)
        if not isinstance(proof_id, str) or not 0 < len(proof_id) <= ID_LENGTH_MAX:
            raise InvalidClientError("The client_assertion has no jti.", status_code=401)
        until = datetime.fromtimestamp(ends, UTC) + CLOCKS_APART + timedelta(seconds=1)
        if not spend(self._db, "assertion", client.row.code, proof_id, until):
            raise InvalidClientError("The client_assertion was shown before: sign a new one.", status_code=401)

    def _is_for_us(self, audience: object, *, strictly: bool) -> bool:
        """FAPI 2.0, section 5.3.2.1: the issuer, as one string. Others may also name the token endpoint, or a list."""
        if strictly:
            return audience == self._issuer
        named = cast("list[object]", audience) if isinstance(audience, list) else [audience]
        return any(url in named for url in self._urls)


def find_application(db: Session, ring: KeyRing, code: str) -> Application | None:
    """Return the application of that ``client_id``, if it may come in."""
    if not is_code(code):
        return None
    row = db.scalar(
        select(Client).where(
            Client.code == code,
            Client.state.in_((ClientState.SANDBOX, ClientState.LIVE)),
            Client.ended_at.is_(None),
        )
    )
    return None if row is None else Application(db, ring, row)


def is_scope(word: str) -> bool:
    """Return whether a word of ``scope`` is one that exists."""
    return word == OPENID or word in _SCOPES


def carries_assertion(request: OAuth2Request) -> bool:
    """Return whether a request brings an assertion of its sender."""
    return "client_assertion" in request.form or "client_assertion_type" in request.form


def _is_old(at: datetime | None) -> bool:
    return at is None or datetime.now(UTC) - at >= USED_TO_THE


def _is_time(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**33


def _without_port(uri: str) -> str | None:
    """Return a loopback address without its port; None for any other."""
    try:
        parts = urlsplit(uri)
        if parts.scheme != "http" or parts.hostname not in LOOPBACK or "@" in parts.netloc or parts.fragment:
            return None
        _ = parts.port
    except ValueError:
        return None
    return f"{parts.hostname}{parts.path}?{parts.query}"


_SCOPES = frozenset(Scope)
_OLD = Client.last_used_at < func.now() - USED_TO_THE
