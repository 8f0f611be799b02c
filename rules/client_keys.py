"""Keys by which applications prove who they are: public JWKs (RFC 7517) that are strong enough, and nothing else.

Source: FAPI 2.0 Security Profile, section 5.4.1: PS256, ES256 or Ed25519; RSA of 2048 bits or more.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

JWK_LENGTH_MAX = 4_096
"""Characters. The public part of an RSA key of 8192 bits takes some 1,500."""
KID_LENGTH_MAX = 100
RSA_BITS_MIN, RSA_BITS_MAX = 2_048, 8_192
"""Below, keys are too weak; above, checking one signature would be work for an attacker to ask for."""
RSA_EXPONENT_MIN = 65_537

PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})
"""RFC 7518, section 6: what is nobody's business but the owner's. ``k`` is a shared secret."""
COORDINATE_BYTES = 32

_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
"""The curve P-256: y^2 = x^3 - 3x + b (FIPS 186-5)."""


class WeakKey(StrEnum):
    """What is wrong with a key."""

    KEY_MALFORMED = "KEY_MALFORMED"
    KEY_PRIVATE = "KEY_PRIVATE"
    KEY_UNFIT = "KEY_UNFIT"


KINDS: Final[Mapping[tuple[str, str | None], tuple[str, tuple[str, ...]]]] = {
    ("EC", "P-256"): ("ES256", ("x", "y")),
    ("OKP", "Ed25519"): ("Ed25519", ("x",)),
    ("RSA", None): ("PS256", ("n", "e")),
}
"""The algorithm and the public members of each kind of key that may be registered."""

SAME_ALGORITHM: Final[Mapping[str, str]] = {"EdDSA": "Ed25519"}
"""Older words for an algorithm."""


def public_key(text: str) -> dict[str, str] | WeakKey:
    """Return a public JWK with just the members that count, or what is wrong with it.

    It has ``kty``, ``kid``, ``alg``, ``use`` and the members of its kind.
    """
    jwk = _read(text)
    if jwk is None:
        return WeakKey.KEY_MALFORMED
    if PRIVATE_MEMBERS & jwk.keys() or jwk.get("kty") == "oct":
        return WeakKey.KEY_PRIVATE
    kind = KINDS.get((str(jwk.get("kty")), str(jwk["crv"]) if "crv" in jwk else None))
    kid = jwk.get("kid")
    if not isinstance(kid, str) or not (kid.isascii() and kid.isprintable() and 0 < len(kid) <= KID_LENGTH_MAX):
        return WeakKey.KEY_MALFORMED
    if kind is None or not _is_for_signing(jwk, kind[0]):
        return WeakKey.KEY_UNFIT
    algorithm, members = kind
    numbers = {name: _number(jwk.get(name)) for name in members}
    if None in numbers.values():
        return WeakKey.KEY_MALFORMED
    if not _is_strong(algorithm, {name: number for name, number in numbers.items() if number is not None}):
        return WeakKey.KEY_UNFIT
    names = ("kty", "crv", *members) if "crv" in jwk else ("kty", *members)
    return {name: str(jwk[name]) for name in names} | {"kid": kid, "alg": algorithm, "use": "sig"}


def _read(text: str) -> dict[str, Any] | None:
    """Return a JSON object; None for anything else, also for one that says a thing twice."""
    if len(text) > JWK_LENGTH_MAX:
        return None
    try:
        read: object = json.loads(text, object_pairs_hook=_once_each)
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None  # pyright: ignore[reportUnknownVariableType]


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member twice")
    return members


def _is_for_signing(jwk: Mapping[str, Any], algorithm: str) -> bool:
    named = jwk.get("alg", algorithm)
    return jwk.get("use", "sig") == "sig" and SAME_ALGORITHM.get(str(named), named) == algorithm


def _number(value: object) -> bytes | None:
    """Return the bytes of a base64url member, None for what is not one in the one form that it has."""
    if not isinstance(value, str) or not value or set(value) & set("+/= \n\r\t"):
        return None
    try:
        number = urlsafe_b64decode(value.encode("ascii") + b"=" * (-len(value) % 4))
    except ValueError:
        return None
    # The decoder passes over letters that it does not know, and over bits beyond the last byte.
    return number if urlsafe_b64encode(number).rstrip(b"=").decode() == value else None


def _is_strong(algorithm: str, members: Mapping[str, bytes]) -> bool:
    if algorithm == "PS256":
        modulus, exponent = (int.from_bytes(members[name]) for name in ("n", "e"))
        fits = RSA_BITS_MIN <= modulus.bit_length() <= RSA_BITS_MAX and modulus % 2 == 1
        return fits and exponent >= RSA_EXPONENT_MIN and exponent % 2 == 1 and exponent.bit_length() <= COORDINATE_BYTES
    if any(len(member) != COORDINATE_BYTES for member in members.values()):
        return False
    return algorithm == "Ed25519" or _is_on_curve(*(int.from_bytes(members[name]) for name in ("x", "y")))


def _is_on_curve(x: int, y: int) -> bool:
    """Return whether a point is on P-256: one that is not makes a verifier compute on another, weaker curve."""
    return x < _P and y < _P and (y * y - (x * x * x - 3 * x + _B)) % _P == 0
