from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from auth.viewers import KNOWN_MAX, UnauthenticatedError
from engine.errors import Code
from rules.access import Role, Scope

Door = Any
METADATA = 'resource_metadata="https://graf.example/.well-known/oauth-protected-resource/graphql"'


async def refused(door: Door, header: bytes, proof: bytes | None = None) -> UnauthenticatedError:
    with pytest.raises(UnauthenticatedError) as raised:
        await door.viewers.identify(header, proof)
    assert raised.value.code is Code.UNAUTHENTICATED
    assert METADATA in raised.value.challenge.decode("ascii")
    return raised.value


async def test_a_token_tells_all_that_row_rules_judge_by(door: Door) -> None:
    person, grant, client, organisation, party = (uuid4() for _ in range(5))
    sector = str(organisation)
    token = door.token(
        grant,
        client,
        subject=door.tokens.subject(person, sector),
        sector=sector,
        person_id=person,
        role=Role.MARKETPLACE,
        organisation_id=organisation,
        party_id=party,
        sandbox=True,
        scopes=frozenset({"openid", "listings:write", "from-another-time:read"}),
    )

    viewer = await door.viewers.identify(door.header(token), None)

    assert viewer.signed_in
    assert (viewer.role, viewer.scopes, viewer.sandbox) == (Role.MARKETPLACE, {Scope.LISTINGS_WRITE}, True)
    assert (viewer.person_id, viewer.grant_id, viewer.client_id) == (person, grant, client)
    assert (viewer.organisation_id, viewer.marketplace_id, viewer.provider_id) == (organisation, party, None)


async def test_an_application_that_speaks_for_itself_is_no_person(door: Door) -> None:
    viewer = await door.viewers.identify(door.header(door.token(role=Role.PAYER)), None)

    assert viewer.signed_in
    assert (viewer.person_id, viewer.grant_id) == (None, None)


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
async def test_the_scheme_is_read_in_any_case_and_with_more_spaces(door: Door, scheme: str) -> None:
    assert (await door.viewers.identify(door.header(door.token(), scheme), None)).signed_in


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"Bearer",
        b"Bearer ",
        b"Basic dTpw",
        b"Bearer a b",
        b"Bearer abc, Bearer abc",
        b"Bearer \x00",
        b"Bearer caf\xc3\xa9",
        b"\xff\xfe",
        b"Bearer " + b"a" * 5000,
        b"Bearer a.b.c",
        b"Bearer " + b"." * 4000,
        b"Bearer eyJhbGciOiJub25lIn0.e30.",
        b"DPoP abc",
        b"Bearer bkl_rt_000000000000000000000000000000000000000000000000000",
    ],
)
async def test_what_is_no_token_of_ours_is_refused_and_said_so(door: Door, header: bytes) -> None:
    wrong = await refused(door, header)

    assert 'error="invalid_token"' in wrong.challenge.decode()
    assert wrong.message.endswith(".")


async def test_a_changed_letter_makes_it_another_token(door: Door) -> None:
    header = door.header(door.token())
    place = len(header) - 20
    other = b"A" if header[place : place + 1] != b"A" else b"B"

    await door.viewers.identify(header, None)

    await refused(door, header[:place] + other + header[place + 1 :])


async def test_a_token_for_another_audience_opens_nothing(door: Door) -> None:
    await refused(door, door.header(door.token(audience=("https://graf.example/oauth/userinfo",))))


async def test_a_token_expires_for_those_who_know_it_and_for_those_who_do_not(
    door: Door, later: Callable[[float], None]
) -> None:
    header = door.header(door.token())
    gone = door.token(expires_at=door.tokens.now() - 1)
    await door.viewers.identify(header, None)
    later(301)

    known = await refused(door, header)
    unknown = await refused(door, door.header(gone))

    assert "has expired" in known.message
    assert "has expired" in unknown.message


async def test_a_known_token_is_not_read_again(door: Door) -> None:
    header = door.header(door.token())

    first = await door.viewers.identify(header, None)

    assert await door.viewers.identify(header, None) is first


async def test_no_more_tokens_are_known_than_fit(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auth.viewers.KNOWN_MAX", 3)
    assert KNOWN_MAX > 3
    headers = [door.header(door.token()) for _ in range(4)]
    viewers = [await door.viewers.identify(header, None) for header in headers[:3]]

    await door.viewers.identify(headers[0], None)
    await door.viewers.identify(headers[3], None)

    assert await door.viewers.identify(headers[0], None) is viewers[0]
    assert await door.viewers.identify(headers[1], None) is not viewers[1]


async def test_a_bound_token_is_of_no_use_as_a_bearers(door: Door) -> None:
    bound = door.token(thumbprint="x" * 43)

    wrong = await refused(door, door.header(bound), b"good")

    assert "bound to a key" in wrong.message
    assert wrong.challenge.startswith(b"DPoP ")
    assert door.proofs == []


async def test_a_bound_token_counts_with_a_proof_each_time(door: Door) -> None:
    token = door.tokens.mint(door.token(thumbprint="x" * 43))
    header = b"DPoP " + token.encode()

    await door.viewers.identify(header, b"good")
    await door.viewers.identify(header, b"good")
    wrong = await refused(door, header, b"bad")
    await refused(door, header, None)

    assert door.proofs[:2] == [(b"good", token, "x" * 43)] * 2
    assert 'DPoP realm="bekal", error="invalid_dpop_proof"' in wrong.challenge.decode()


async def test_a_bearers_token_is_not_sent_as_a_bound_one(door: Door) -> None:
    assert "Bearer TOKEN" in (await refused(door, door.header(door.token(), "DPoP"), b"good")).message


async def test_who_has_no_token_is_asked_for_one_and_who_has_a_weak_one_for_a_better(door: Door) -> None:
    assert door.viewers.challenge(Code.UNAUTHENTICATED).decode() == f'Bearer realm="bekal", {METADATA}'
    assert 'error="insufficient_scope"' in door.viewers.challenge(Code.FORBIDDEN).decode()
