"""Proofs that who sends a request holds a key (DPoP, RFC 9449), and the register of what may be shown once only."""

import hmac
import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final, cast
from urllib.parse import urlsplit

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import import_key
from joserfc.jws import JWSRegistry
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth.lifetimes import CLOCKS_APART, PROOF_OLD
from models.tables import SpentProof
from rules.client_keys import WeakKey, public_key

ALGORITHMS: Final = ("ES256", "PS256", "Ed25519")
"""FAPI 2.0 Security Profile, section 5.4.1, for everything that others sign."""
PROOF_LENGTH_MAX: Final = 4_096
ID_LENGTH_MAX: Final = 255


class Registry(JWSRegistry):
    """What others sign may carry the signer's RSA key in its header."""

    max_header_length = 2_500


REGISTRY: Final = Registry(algorithms=ALGORITHMS)


class BadProofError(Exception):
    """A proof that proves nothing. The message says why."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What a good proof says."""

    thumbprint: str
    """Of the key that is held (RFC 7638)."""
    proof_id: str
    issued_at: int

    @property
    def spent_until(self) -> datetime:
        """When the proof is too old to be shown again."""
        return datetime.fromtimestamp(self.issued_at, UTC) + PROOF_OLD + timedelta(seconds=1)


def read_proof(text: str, *, method: str, url: str, now: float, access_token: str | None = None) -> Proof:
    """Return what a proof says that came with a request to ``url``, as the world knows it, at ``now`` (epoch seconds).

    With ``access_token`` the proof must be made for that very token. Whether it was shown before is to be asked next.

    Raises:
        BadProofError: it proves nothing about this request.
    """
    if len(text) > PROOF_LENGTH_MAX or not text.isascii():
        raise BadProofError("The DPoP proof is too long or not ASCII.")
    try:
        jwk = _header_key(text)
        key = import_key({**jwk})
        signed = jws.deserialize_compact(text.encode(), key, list(ALGORITHMS), REGISTRY)
        claims: object = json.loads(signed.payload or b"")
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        raise BadProofError("The DPoP proof is no JWT of type dpop+jwt, signed by the key in its header.") from None
    if not isinstance(claims, dict):
        raise BadProofError("The DPoP proof holds no claims.")
    said = cast("dict[str, Any]", claims)
    proof_id, issued_at = said.get("jti"), said.get("iat")
    if not isinstance(proof_id, str) or not 0 < len(proof_id) <= ID_LENGTH_MAX:
        raise BadProofError("The DPoP proof has no jti.")
    if not isinstance(issued_at, int) or isinstance(issued_at, bool):
        raise BadProofError("The DPoP proof has no iat.")
    if not now - PROOF_OLD.total_seconds() <= issued_at <= now + CLOCKS_APART.total_seconds():
        raise BadProofError("The DPoP proof is too old, or from the future: check the clock.")
    if said.get("htm") != method or _plain_url(said.get("htu")) != _plain_url(url):
        raise BadProofError(f"The DPoP proof is for another request: htm must be {method}, htu {url}.")
    if access_token is not None and not _is_for(said.get("ath"), access_token):
        raise BadProofError("The DPoP proof is for another token: ath must be the hash of the access token.")
    return Proof(key.thumbprint(), proof_id, issued_at)


def spend(db: Session, kind: str, owner: str, proof_id: str, until: datetime) -> bool:
    """Note that ``owner`` has shown a proof; return False when it was shown before. Of parallel twins, one is first."""
    digest = sha256(f"{kind}\0{owner}\0{proof_id}".encode("utf-8", "surrogatepass")).digest()
    spent = insert(SpentProof).values(hash=digest, expires_at=until).on_conflict_do_nothing()
    return db.scalar(spent.returning(SpentProof.hash)) is not None


def _header_key(text: str) -> dict[str, str]:
    """Return the public key in the header, if the header is a proof's and the key strong enough."""
    header = jws.extract_compact(text.encode(), registry=REGISTRY).headers()
    jwk: object = header.get("jwk")
    if header.get("typ") != "dpop+jwt" or header.get("alg") not in ALGORITHMS or not isinstance(jwk, dict):
        raise ValueError("no proof")
    # The key has no name and no use here; whatever it says of these must not matter to its thumbprint.
    known = public_key(json.dumps({**jwk, "kid": "proof", "use": "sig", "alg": header["alg"]}))
    if isinstance(known, WeakKey):
        raise ValueError(known)  # noqa: TRY004 - its caller takes all that is wrong with a proof for one thing
    return known


def _is_for(ath: object, access_token: str) -> bool:
    wanted = urlsafe_b64encode(sha256(access_token.encode("ascii", "replace")).digest()).rstrip(b"=")
    return isinstance(ath, str) and hmac.compare_digest(ath.encode("utf-8", "replace"), wanted)


def _plain_url(url: object) -> tuple[str, str, int | None, str] | None:
    """Return what counts of a URL: not its query and fragment, nor how its host and usual port are written."""
    if not isinstance(url, str):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return None
    return parts.scheme.lower(), (parts.hostname or "").lower(), port, parts.path or "/"
