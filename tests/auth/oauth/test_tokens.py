import base64
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import func, select, update

from auth.oauth.keys import PUBLISHED_AHEAD, SIGNS_FOR, SigningKeys
from auth.oauth.tokens import AccessToken, BadTokenError, ExpiredError, Tokens
from models.database import Database
from models.sealing import KeyRing
from models.tables import SigningKey
from rules.access import Role, Scope

ISSUER = "https://graf.example"
GRAPH = f"{ISSUER}/graphql"
RING = KeyRing({1: b"r" * 32})


@pytest.fixture
async def database(fresh_database_url: str) -> AsyncIterator[Database]:
    database = Database(fresh_database_url)
    yield database
    await database.close()


@pytest.fixture
async def keys(database: Database) -> SigningKeys:
    keys = SigningKeys(database, RING)
    await keys.refresh()
    return keys


@pytest.fixture
def tokens(keys: SigningKeys) -> Tokens:
    return Tokens(ISSUER, keys, RING)


def a_token(tokens: Tokens) -> AccessToken:
    person = uuid4()
    return AccessToken(
        subject=tokens.subject(person, "bekal"),
        client_code="klien",
        client_id=uuid4(),
        scopes=frozenset({"openid", "profile:read"}),
        role=Role.INSTITUTION,
        audience=(GRAPH,),
        issued_at=tokens.now(),
        expires_at=tokens.now() + 300,
        person_id=person,
        grant_id=uuid4(),
        organisation_id=uuid4(),
        party_id=uuid4(),
        sandbox=True,
        thumbprint="t" * 43,
        actor="server",
        authenticated_at=tokens.now(),
        acr="urn:bekal:acr:2",
    )


def encoded(header: dict[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()


def claims_of(text: str) -> dict[str, object]:
    return json.loads(jws.extract_compact(text.encode()).payload)


async def test_what_a_token_says_is_read_back(tokens: Tokens) -> None:
    token = a_token(tokens)

    assert tokens.verify(tokens.mint(token), GRAPH) == token
    assert token.known_scopes == {Scope.PROFILE_READ}


async def test_an_application_speaks_for_itself(tokens: Tokens) -> None:
    plain = AccessToken(
        subject="klien",
        client_code="klien",
        client_id=uuid4(),
        scopes=frozenset(),
        audience=(GRAPH, "https://lain.example"),
        issued_at=tokens.now(),
        expires_at=tokens.now() + 300,
    )

    read = tokens.verify(tokens.mint(plain), GRAPH)

    assert read == plain
    assert read.person_id is None


async def test_a_token_is_of_its_issuer_audience_and_time(keys: SigningKeys, tokens: Tokens) -> None:
    token = a_token(tokens)
    other = Tokens("https://lain.example", keys, RING)

    with pytest.raises(BadTokenError, match="meant"):
        tokens.verify(tokens.mint(token), "https://lain.example/graphql")
    with pytest.raises(BadTokenError):
        tokens.verify(other.mint(token), GRAPH)
    with pytest.raises(ExpiredError, match="refresh"):
        tokens.verify(tokens.mint(replace(token, expires_at=tokens.now())), GRAPH)
    with pytest.raises(BadTokenError, match="future"):
        tokens.verify(tokens.mint(replace(token, issued_at=tokens.now() + 61, expires_at=tokens.now() + 400)), GRAPH)
    assert tokens.verify(tokens.mint(replace(token, issued_at=tokens.now() + 10)), GRAPH)


async def test_another_algorithm_is_never_believed(keys: SigningKeys, tokens: Tokens) -> None:
    text = tokens.mint(a_token(tokens))
    claims, kid = claims_of(text), keys.signing().kid
    public = keys.signing().key.as_pem(private=False)
    body = text.split(".")[1]
    unsigned = f"{encoded({'alg': 'none', 'typ': 'at+jwt', 'kid': kid})}.{body}."
    shared = f"{encoded({'alg': 'HS256', 'typ': 'at+jwt', 'kid': kid})}.{body}"
    shared += "." + base64.urlsafe_b64encode(hmac.digest(public, shared.encode(), "sha256")).rstrip(b"=").decode()
    rsa = RSAKey.generate_key(2048)
    by_rsa = jwt.encode({"alg": "RS256", "typ": "at+jwt", "kid": kid}, claims, rsa, ["RS256"])
    own = ECKey.generate_key("P-256")
    embedded = {"alg": "ES256", "typ": "at+jwt", "kid": kid, "jwk": own.as_dict(private=False)}
    by_own = jwt.encode(embedded, claims, own, ["ES256"])
    led_astray = {"alg": "ES256", "typ": "at+jwt", "kid": "lain", "jku": "https://evil.example/keys"}

    for forged in (unsigned, shared, by_rsa, by_own, jwt.encode(led_astray, claims, own, ["ES256"])):
        with pytest.raises(BadTokenError):
            tokens.verify(forged, GRAPH)


async def test_an_id_token_is_no_access_token(tokens: Tokens) -> None:
    claims = claims_of(tokens.mint(a_token(tokens)))

    id_token = tokens.mint_id(claims)

    with pytest.raises(BadTokenError):
        tokens.verify(id_token, GRAPH)
    with pytest.raises(BadTokenError):
        tokens.verify_id(tokens.mint(a_token(tokens)))
    assert tokens.verify_id(id_token)["sub"] == claims["sub"]


@pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", "é.é.é", "x" * 5000, "e30.e30.e30", "W10.W10.W10", "\0"])
async def test_what_is_no_token_is_no_failure_either(tokens: Tokens, text: str) -> None:
    with pytest.raises(BadTokenError):
        tokens.verify(text, GRAPH)
    with pytest.raises(BadTokenError):
        tokens.verify_id(text)


async def test_processes_that_start_together_share_one_key(database: Database) -> None:
    both = [SigningKeys(database, RING) for _ in range(4)]

    for keys in both:
        await keys.refresh()

    assert len({keys.signing().kid for keys in both}) == 1


async def test_the_next_key_is_published_before_it_signs(database: Database, keys: SigningKeys, tokens: Tokens) -> None:
    first = keys.signing().kid
    old = tokens.mint(a_token(tokens))
    await age(database, SIGNS_FOR + timedelta(minutes=1))
    later = SigningKeys(database, RING)
    await later.refresh()

    assert later.signing().kid == first
    assert len(later.published()["keys"]) == 2

    await age(database, PUBLISHED_AHEAD - timedelta(seconds=30))
    almost = SigningKeys(database, RING)
    await almost.refresh()
    assert almost.signing().kid == first
    assert len(almost.published()["keys"]) == 2

    await age(database, timedelta(seconds=30))
    at_last = SigningKeys(database, RING)
    await at_last.refresh()

    assert at_last.signing().kid != first
    assert Tokens(ISSUER, at_last, RING).verify(old, GRAPH)


async def test_a_dead_key_is_gone_and_a_new_one_signs_at_once(database: Database, keys: SigningKeys) -> None:
    await age(database, timedelta(days=400))
    later = SigningKeys(database, RING)

    await later.refresh()

    assert [key["kid"] for key in later.published()["keys"]] == [later.signing().kid]
    assert later.signing().kid != keys.signing().kid


async def test_published_keys_are_public(keys: SigningKeys, database: Database) -> None:
    async with database.read() as session:
        row = await session.scalar(select(SigningKey))

    [key] = keys.published()["keys"]

    assert set(key) == {"kty", "crv", "x", "y", "kid", "alg", "use"}
    assert row is not None
    assert row.signs_from <= datetime.now(UTC)
    assert str(keys.signing().key.as_dict(private=True)["d"]).encode() not in row.private_sealed


async def age(database: Database, by: timedelta) -> None:
    """Let time go by: for the keys, it is the same when they were made earlier."""
    async with database.write() as session:
        await session.execute(
            update(SigningKey).values(
                signs_from=SigningKey.signs_from - by, published_until=SigningKey.published_until - by
            )
        )
        assert await session.scalar(select(func.count()).select_from(SigningKey))
