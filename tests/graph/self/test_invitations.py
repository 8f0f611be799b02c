"""The office invites organisations to register applications."""

from dataclasses import replace
from uuid import uuid4

from rules.secrets import SecretKind, is_secret
from tests.graph import catalogue
from tests.graph.self.world import OFFICER, OTHER_PASAR, PASAR, RING, Asked, gid, key_of

PASAR_ID = gid("Or", catalogue.key("organisations", 1))
SHOWN = "token invitation { id role sandbox usedAt organisation { id } }"


async def test_an_invitation_is_bound_to_organisation_and_role(graph: Asked) -> None:
    key = str(uuid4())
    wish = {"organisation": PASAR_ID, "role": "MARKETPLACE"}

    first = await graph.do(OFFICER, "inviteOrganisation", SHOWN, under=key, **wish)
    again = await graph.do(OFFICER, "inviteOrganisation", SHOWN, under=key, **wish)

    invitation = first["invitation"]
    assert is_secret(first["token"], SecretKind.INVITATION)
    assert again == {**first, "token": None}
    assert (invitation["role"], invitation["sandbox"], invitation["organisation"]["id"]) == (
        "MARKETPLACE",
        True,
        PASAR_ID,
    )
    (row,) = await graph.rows("SELECT hash FROM invitations WHERE id = $1", key_of(invitation["id"]))
    assert row["hash"] == RING.hash(first["token"].encode(), SecretKind.INVITATION.purpose)


async def test_who_does_not_play_a_role_is_not_invited_to_it(graph: Asked) -> None:
    for role in ("INSTITUTION", "PAYER", "OFFICER", "PARTICIPANT"):
        refused = await graph.refused(OFFICER, "inviteOrganisation", organisation=PASAR_ID, role=role)
        assert refused == [("ROLE_NOT_PLAYED", ["role"])]
    none = gid("Or", uuid4())
    refused = await graph.refused(OFFICER, "inviteOrganisation", organisation=none, role="PAYER")
    assert refused == [("ORGANISATION_NOT_FOUND", ["organisation"])]


async def test_an_organisation_has_ten_open_invitations_at_most(graph: Asked) -> None:
    lpk = gid("Or", catalogue.key("organisations", 3))

    told = [await graph.refused(OFFICER, "inviteOrganisation", organisation=lpk, role="INSTITUTION") for _ in range(11)]

    assert told == [[]] * 10 + [[("TOO_MANY_INVITATIONS", ["organisation"])]]


async def test_an_invitation_is_taken_back_once(graph: Asked) -> None:
    made = await graph.do(
        OFFICER,
        "inviteOrganisation",
        SHOWN,
        organisation=gid("Or", catalogue.key("organisations", 2)),
        role="MARKETPLACE",
    )
    invitation = made["invitation"]["id"]

    assert await graph.refused(OFFICER, "revokeInvitation", invitation=invitation) == []
    assert await graph.refused(OFFICER, "revokeInvitation", invitation=invitation) == [
        ("INVITATION_OVER", ["invitation"])
    ]


async def test_an_organisation_sees_its_own_invitations_only(graph: Asked) -> None:
    made = await graph.do(OFFICER, "inviteOrganisation", SHOWN, organisation=PASAR_ID, role="MARKETPLACE")
    document = "{ invitations(first: 200) { nodes { id } } }"

    own, others, nobodys = [
        {each["id"] for each in (await graph.ok(viewer, document))["invitations"]["nodes"]}
        for viewer in (PASAR, OTHER_PASAR, replace(PASAR, organisation_id=None))
    ]

    assert made["invitation"]["id"] in own
    assert not own & others
    assert nobodys == set()
