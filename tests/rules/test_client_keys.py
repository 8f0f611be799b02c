"""Which keys an application may prove itself by."""

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from rules.client_keys import JWK_LENGTH_MAX, WeakKey, public_key

EC = ECKey.generate_key("P-256").as_dict(private=False) | {"kid": "one"}
OKP = OKPKey.generate_key("Ed25519").as_dict(private=False) | {"kid": "two"}
RSA = RSAKey.generate_key(2048).as_dict(private=False) | {"kid": "three"}


def modulus(bits: int) -> str:
    number = 2 ** (bits - 1) + 1
    return urlsafe_b64encode(number.to_bytes((bits + 7) // 8)).rstrip(b"=").decode()


def read(jwk: Any, **changes: Any) -> Any:
    return public_key(json.dumps(jwk | changes))


@pytest.mark.parametrize(("jwk", "algorithm"), [(EC, "ES256"), (OKP, "Ed25519"), (RSA, "PS256")])
def test_strong_public_keys_are_taken(jwk: dict[str, Any], algorithm: str) -> None:
    kept = read(jwk, x5u="https://evil.example/", key_ops=["verify"])

    assert kept["alg"] == algorithm
    assert kept["use"] == "sig"
    assert not {"x5u", "key_ops"} & kept.keys()
    assert all(kept[name] == jwk[name] for name in ("kty", "kid"))


def test_a_private_key_is_told_from_a_public_one() -> None:
    for key in (ECKey.generate_key("P-256"), OKPKey.generate_key("Ed25519"), RSAKey.generate_key(2048)):
        assert read(key.as_dict(private=True), kid="k") is WeakKey.KEY_PRIVATE
    assert read(OctKey.generate_key(256).as_dict(private=True), kid="k") is WeakKey.KEY_PRIVATE
    assert read({"kty": "oct", "kid": "k"}) is WeakKey.KEY_PRIVATE


@pytest.mark.parametrize(
    ("jwk", "changes", "wrong"),
    [
        (RSA, {"n": modulus(2_047)}, WeakKey.KEY_UNFIT),
        (RSA, {"n": modulus(8_193)}, WeakKey.KEY_UNFIT),
        (RSA, {"e": "Aw"}, WeakKey.KEY_UNFIT),
        (RSA, {"alg": "RS256"}, WeakKey.KEY_UNFIT),
        (RSA, {"alg": "none"}, WeakKey.KEY_UNFIT),
        (RSA, {"n": None}, WeakKey.KEY_MALFORMED),
        (RSA, {"n": "A" * 5_000}, WeakKey.KEY_MALFORMED),
        (ECKey.generate_key("P-384").as_dict(private=False), {"kid": "k"}, WeakKey.KEY_UNFIT),
        (ECKey.generate_key("secp256k1").as_dict(private=False), {"kid": "k"}, WeakKey.KEY_UNFIT),
        (OKPKey.generate_key("X25519").as_dict(private=False), {"kid": "k"}, WeakKey.KEY_UNFIT),
        (EC, {"y": EC["x"]}, WeakKey.KEY_UNFIT),
        (EC, {"x": "AA"}, WeakKey.KEY_UNFIT),
        (EC, {"x": str(EC["x"]) + "="}, WeakKey.KEY_MALFORMED),
        (EC, {"x": f"!{EC['x']}!"}, WeakKey.KEY_MALFORMED),
        (OKP, {"x": f"{str(OKP['x'])[:20]}.,{str(OKP['x'])[20:]}"}, WeakKey.KEY_MALFORMED),
        (EC, {"x": 5}, WeakKey.KEY_MALFORMED),
        (EC, {"use": "enc"}, WeakKey.KEY_UNFIT),
        (EC, {"kid": ""}, WeakKey.KEY_MALFORMED),
        (EC, {"kid": "k\n"}, WeakKey.KEY_MALFORMED),
        (EC, {"kid": 5}, WeakKey.KEY_MALFORMED),
        (EC, {"kty": "EC2"}, WeakKey.KEY_UNFIT),
        (EC, {"crv": ["P-256"]}, WeakKey.KEY_UNFIT),
    ],
)
def test_other_keys_are_refused(jwk: dict[str, Any], changes: dict[str, Any], wrong: WeakKey) -> None:
    assert read(jwk, **changes) is wrong


@pytest.mark.parametrize(
    "text", ["", "[]", "5", "null", "{", '{"kty":"EC","kty":"RSA"}', "[" * JWK_LENGTH_MAX, "{" * 5_000]
)
def test_what_is_no_key_is_refused(text: str) -> None:
    assert public_key(text) is WeakKey.KEY_MALFORMED


@given(st.dictionaries(st.sampled_from(["kty", "crv", "x", "y", "n", "e", "kid", "alg", "use"]), st.text(max_size=60)))
def test_any_object_is_judged(jwk: dict[str, str]) -> None:
    assert isinstance(read(jwk), (WeakKey, dict))
