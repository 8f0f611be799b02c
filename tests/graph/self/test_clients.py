"""Organisations make, change and give up applications; the office lets them go live and stops them."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from joserfc.jwk import ECKey

from rules.access import Role, Scope, Viewer
from rules.secrets import SecretKind, is_secret
from tests.graph.self.world import CLIENT, LPK, OFFICER, OTHER_PASAR, PASAR, RING, Asked, gid, key_of, name, partner

READ = "query ($id: ID!) { client(by: { id: $id }) { id name state secrets { id hint expiresAt } keys { id kid } } }"
ADDED = "secret client { secrets { hint expiresAt } } clientSecret { id hint }"


def jwk(**more: Any) -> str:
    return json.dumps(ECKey.generate_key("P-256").as_dict(private=False) | {"kid": uuid4().hex} | more)


async def test_an_organisation_makes_an_application_on_trial(graph: Asked) -> None:
    wanted = {**CLIENT, "name": name()}

    payload = await graph.do(
        PASAR,
        "createClient",
        """client { clientId name state sandbox role kind authMethod grantTypes scopes redirectUris
            organisation { id } }""",
        **wanted,
    )

    client = payload["client"]
    assert client.pop("clientId").startswith("app-")
    assert client.pop("organisation")["id"] is not None
    assert client == {**wanted, "state": "SANDBOX", "sandbox": True, "role": "MARKETPLACE", "kind": "CONFIDENTIAL"}


async def test_all_that_is_wrong_is_told_at_once(graph: Asked) -> None:
    wrong = {**CLIENT, "name": "Bekal", "redirectUris": ["http://pasar.example/"], "scopes": ["courses:write"]}

    assert await graph.refused(PASAR, "createClient", **wrong) == [
        ("BAD_NAME", ["name"]),
        ("BAD_REDIRECT_URIS", ["redirectUris", "0"]),
        ("SCOPE_NOT_ALLOWED", ["scopes", "0"]),
    ]


async def test_a_profile_wants_what_it_says(graph: Asked) -> None:
    wanted = {**CLIENT, "name": name(), "fapi2": True}

    assert await graph.refused(PASAR, "createClient", **wanted) == [("AUTH_METHOD_NOT_ALLOWED", ["authMethod"])]
    strict = {**wanted, "authMethod": "PRIVATE_KEY_JWT", "dpopRequired": True}
    assert await graph.refused(PASAR, "createClient", **strict) == []


async def test_people_tell_applications_apart_by_name(graph: Asked) -> None:
    taken = name()
    await graph.client(name=taken)

    assert await graph.refused(PASAR, "createClient", **{**CLIENT, "name": taken}) == [("NAME_TAKEN", ["name"])]
    assert await graph.refused(OTHER_PASAR, "createClient", **{**CLIENT, "name": taken}) == []


async def test_an_organisation_has_twenty_applications_at_most(graph: Asked) -> None:
    payer = partner(Role.PAYER, 5)

    made = await asyncio.gather(
        *(graph.do(payer, "createClient", "client { id }", **{**CLIENT, "name": name()}) for _ in range(24))
    )

    assert sum(each["client"] is not None for each in made) == 20
    assert {error["code"] for each in made for error in each["errors"]} == {"TOO_MANY_CLIENTS"}


async def test_the_office_owns_no_applications(graph: Asked) -> None:
    assert await graph.refused(OFFICER, "createClient", **{**CLIENT, "name": name()}) == [("NOT_A_PARTNER", [])]


async def test_only_what_is_given_changes(graph: Asked) -> None:
    client = await graph.client()

    payload = await graph.do(
        PASAR, "editClient", "client { scopes redirectUris grantTypes }", client=client, scopes=["listings:write"]
    )

    kept = {name: CLIENT[name] for name in ("redirectUris", "grantTypes")}
    assert payload["client"] == {**kept, "scopes": ["listings:write"]}
    (event,) = await graph.rows(
        "SELECT payload FROM events WHERE kind = 'client.edited' AND subject_id = $1", key_of(client)
    )
    assert json.loads(event["payload"])["changed"] == ["scopes"]


async def test_a_secret_is_shown_once_and_opens_by_its_hash(graph: Asked) -> None:
    client, key = await graph.client(), str(uuid4())

    first = await graph.do(PASAR, "addClientSecret", ADDED, under=key, client=client)
    again = await graph.do(PASAR, "addClientSecret", ADDED, under=key, client=client)

    secret = first["secret"]
    assert is_secret(secret, SecretKind.TEST_CLIENT)
    assert again == {**first, "secret": None}
    assert first["clientSecret"]["hint"] == secret[-4:]
    (row,) = await graph.rows("SELECT hash FROM client_secrets WHERE client_id = $1", key_of(client))
    assert row["hash"] == RING.hash(secret.encode(), SecretKind.TEST_CLIENT.purpose)


async def test_the_secret_is_kept_nowhere(graph: Asked) -> None:
    secret = (await graph.do(PASAR, "addClientSecret", "secret", client=await graph.client()))["secret"]

    for table in ("idempotency", "events", "audit_events", "jobs", "client_secrets"):
        kept = await graph.rows(f"SELECT row_to_json(each)::text AS row FROM {table} AS each")  # noqa: S608 - our names
        found = [each["row"] for each in kept if secret[12:40] in each["row"]]
        assert found == []


async def test_one_secret_follows_another_without_a_gap(graph: Asked) -> None:
    client = await graph.client()
    await graph.do(PASAR, "addClientSecret", "secret", client=client)

    payload = await graph.do(PASAR, "addClientSecret", ADDED, client=client, olderExpireInDays=7)
    third = await graph.refused(PASAR, "addClientSecret", client=client)

    assert [each["expiresAt"] is None for each in payload["client"]["secrets"]] == [False, True]
    assert third == [("TWO_SECRETS", ["client"])]
    (left,) = await graph.rows(
        "SELECT expires_at - now() AS left FROM client_secrets WHERE client_id = $1 AND slot = 1", key_of(client)
    )
    assert timedelta(days=6) < left["left"] < timedelta(days=7)


async def test_an_expired_secret_makes_room(graph: Asked) -> None:
    client = await graph.client()
    for _ in range(2):
        await graph.do(PASAR, "addClientSecret", "secret", client=client)
    await graph.connection.execute(
        "UPDATE client_secrets SET expires_at = now() - interval '1 s' WHERE client_id = $1 AND slot = 2",
        key_of(client),
    )

    assert await graph.refused(PASAR, "addClientSecret", client=client) == []


async def test_eight_at_once_get_two_secrets(graph: Asked) -> None:
    client = await graph.client()

    made = await asyncio.gather(*(graph.do(PASAR, "addClientSecret", "secret", client=client) for _ in range(8)))

    assert sum(each["secret"] is not None for each in made) == 2


async def test_a_revoked_secret_is_gone(graph: Asked) -> None:
    client = await graph.client()
    secret = (await graph.do(PASAR, "addClientSecret", ADDED, client=client))["clientSecret"]["id"]

    payload = await graph.do(PASAR, "revokeClientSecret", "client { secrets { id } }", secret=secret)

    assert payload == {"client": {"secrets": []}, "errors": []}
    assert await graph.refused(PASAR, "revokeClientSecret", secret=secret) == [("SECRET_NOT_FOUND", ["secret"])]


async def test_keys_and_secrets_go_where_they_are_of_use(graph: Asked) -> None:
    by_key = await graph.client(authMethod="PRIVATE_KEY_JWT")
    public = await graph.client(authMethod="NONE")
    by_secret = await graph.client()

    for client in (by_key, public):
        assert await graph.refused(PASAR, "addClientSecret", client=client) == [("NO_USE_FOR_SECRETS", ["client"])]
    for client in (by_secret, public):
        assert await graph.refused(PASAR, "addClientKey", client=client, jwk=jwk()) == [("NO_USE_FOR_KEYS", ["client"])]


async def test_two_keys_are_the_most(graph: Asked) -> None:
    client = await graph.client(authMethod="PRIVATE_KEY_JWT")
    first = jwk()

    added = await graph.do(PASAR, "addClientKey", "clientKey { id kid }", client=client, jwk=first)
    twin = await graph.refused(PASAR, "addClientKey", client=client, jwk=jwk(kid=json.loads(first)["kid"]))
    second = await graph.refused(PASAR, "addClientKey", client=client, jwk=jwk())
    third = await graph.refused(PASAR, "addClientKey", client=client, jwk=jwk())

    assert added["clientKey"]["kid"] == json.loads(first)["kid"]
    assert (twin, second, third) == ([("KID_TAKEN", ["jwk"])], [], [("TWO_KEYS", ["client"])])


async def test_a_revoked_key_is_gone(graph: Asked) -> None:
    client = await graph.client(authMethod="PRIVATE_KEY_JWT")
    added = await graph.do(PASAR, "addClientKey", "clientKey { id }", client=client, jwk=jwk())
    key, once = added["clientKey"]["id"], str(uuid4())

    first, replayed = [
        await graph.do(PASAR, "revokeClientKey", "client { keys { id } }", under=once, key=key) for _ in range(2)
    ]

    assert first == replayed == {"client": {"keys": []}, "errors": []}
    assert await graph.refused(PASAR, "revokeClientKey", key=key) == [("KEY_NOT_FOUND", ["key"])]


async def test_a_private_key_is_refused_and_not_kept(graph: Asked) -> None:
    client = await graph.client(authMethod="PRIVATE_KEY_JWT")
    private = ECKey.generate_key("P-256").as_dict(private=True) | {"kid": "mine"}

    assert await graph.refused(PASAR, "addClientKey", client=client, jwk=json.dumps(private)) == [
        ("KEY_PRIVATE", ["jwk"])
    ]
    assert await graph.rows("SELECT 1 FROM client_keys WHERE client_id = $1", key_of(client)) == []
    assert await graph.rows("SELECT 1 FROM idempotency i WHERE i::text LIKE $1", f"%{private['d']}%") == []


async def test_the_office_makes_a_live_twin_that_no_test_secret_opens(graph: Asked) -> None:
    trial = await graph.client()
    await graph.do(PASAR, "addClientSecret", "secret", client=trial)

    payload = await graph.do(
        OFFICER, "approveClient", "client { id clientId state sandbox name secrets { id } }", client=trial
    )
    twin = payload["client"]
    live = await graph.do(PASAR, "addClientSecret", "secret", client=twin["id"])
    again = await graph.refused(OFFICER, "approveClient", client=trial)

    assert (twin["state"], twin["sandbox"], twin["secrets"]) == ("LIVE", False, [])
    assert is_secret(live["secret"], SecretKind.LIVE_CLIENT)
    assert (await graph.ok(PASAR, READ, id=trial))["client"]["state"] == "SANDBOX"
    assert again == [("NAME_TAKEN", ["name"])]
    assert await graph.refused(OFFICER, "approveClient", client=twin["id"]) == [("WRONG_STATE", ["client"])]


async def test_a_suspended_application_waits_and_goes_on(graph: Asked) -> None:
    client = await graph.client()

    stopped = (await graph.do(OFFICER, "suspendClient", "client { state endedAt }", client=client))["client"]
    edit = await graph.refused(PASAR, "editClient", client=client, name=name())
    secret = await graph.refused(PASAR, "addClientSecret", client=client)
    going = (await graph.do(OFFICER, "resumeClient", "client { state endedAt }", client=client))["client"]

    assert stopped["state"] == "SUSPENDED"
    assert stopped["endedAt"] is not None
    assert edit == secret == [("WRONG_STATE", ["client"])]
    assert going == {"state": "SANDBOX", "endedAt": None}
    assert await graph.refused(OFFICER, "resumeClient", client=client) == [("WRONG_STATE", ["client"])]


async def test_a_partner_cannot_ask_for_what_the_office_decides(graph: Asked) -> None:
    client = await graph.client()

    for mutation in ("approveClient", "suspendClient", "resumeClient"):
        answer = await graph(
            PASAR,
            f"mutation ($input: ClientInput!) {{ {mutation}(input: $input) {{ errors {{ code }} }} }}",
            input={"client": client, "idempotencyKey": "k"},
        )
        assert answer["errors"][0]["extensions"] == {
            "code": "FORBIDDEN",
            "missing": ["clients:review"],
            "requestId": "test",
        }


async def test_what_is_revoked_stays_so_and_takes_its_grants_with_it(graph: Asked) -> None:
    client = await graph.client()
    grant = await graph.connection.fetchval(
        """
        INSERT INTO grants (person_id, client_id, scopes, audience, methods, authenticated_at, expires_at)
        SELECT id, $1, '{}', '{}', '{pwd}', now(), now() + interval '1 day' FROM people LIMIT 1 RETURNING id
        """,
        key_of(client),
    )

    payload = await graph.do(PASAR, "revokeClient", "client { state endedAt }", client=client)

    assert payload["client"]["state"] == "REVOKED"
    (row,) = await graph.rows("SELECT end_reason, ended_at FROM grants WHERE id = $1", grant)
    assert row["end_reason"] == "CLIENT_ENDED"
    assert row["ended_at"] is not None
    assert await graph.refused(OFFICER, "suspendClient", client=client) == [("WRONG_STATE", ["client"])]
    assert await graph.refused(PASAR, "revokeClient", client=client) == [("WRONG_STATE", ["client"])]


STRANGERS = {
    "another marketplace": OTHER_PASAR,
    "an institution": LPK,
    "a partner of no organisation": replace(PASAR, organisation_id=None),
}


@pytest.mark.parametrize("stranger", STRANGERS)
async def test_strangers_cannot_tell_another_s_application_from_none(graph: Asked, stranger: str) -> None:
    viewer: Viewer = STRANGERS[stranger]
    client = await graph.client()
    secret = (await graph.do(PASAR, "addClientSecret", ADDED, client=client))["clientSecret"]["id"]
    none = gid("Cl", uuid4())

    for mutation, wish in (
        ("editClient", {"name": name()}),
        ("addClientSecret", {}),
        ("addClientKey", {"jwk": jwk()}),
        ("revokeClient", {}),
    ):
        theirs, nobodys = [await graph.refused(viewer, mutation, client=each, **wish) for each in (client, none)]
        assert theirs == nobodys == [("CLIENT_NOT_FOUND", ["client"])]
    assert await graph.refused(viewer, "revokeClientSecret", secret=secret) == [("SECRET_NOT_FOUND", ["secret"])]
    assert await graph.ok(viewer, READ, id=client) == await graph.ok(viewer, READ, id=none) == {"client": None}
    assert await graph.ok(viewer, "query ($id: ID!) { node(id: $id) { id } }", id=secret) == {"node": None}
    assert (await graph.ok(PASAR, READ, id=client))["client"]["secrets"] != []


async def test_the_office_cannot_make_itself_a_way_to_speak_as_a_partner(graph: Asked) -> None:
    client = await graph.client()

    for mutation, wish in (
        ("editClient", {"redirectUris": ["https://kantor.example/kembali"]}),
        ("addClientSecret", {}),
        ("addClientKey", {"jwk": jwk()}),
    ):
        assert await graph.refused(OFFICER, mutation, client=client, **wish) == [("NOT_A_PARTNER", ["client"])]

    assert (await graph.do(OFFICER, "suspendClient", "client { state }", client=client))["client"][
        "state"
    ] == "SUSPENDED"


async def test_an_application_on_trial_does_not_read_what_live_ones_did(graph: Asked) -> None:
    await graph.client()
    on_trial = replace(PASAR, sandbox=True, client_id=uuid4())
    count = "{ auditEvents(first: 1) { totalCount } }"

    assert (await graph.ok(PASAR, count))["auditEvents"]["totalCount"] > 0
    assert (await graph.ok(on_trial, count))["auditEvents"]["totalCount"] == 0


async def test_an_application_on_trial_does_not_see_live_ones(graph: Asked) -> None:
    trial = await graph.client()
    live = (await graph.do(OFFICER, "approveClient", "client { id }", client=trial))["client"]["id"]
    on_trial = replace(PASAR, sandbox=True)

    assert (await graph.ok(on_trial, READ, id=trial))["client"]["id"] == trial
    assert (await graph.ok(on_trial, READ, id=live))["client"] is None
    assert await graph.refused(on_trial, "revokeClient", client=live) == [("CLIENT_NOT_FOUND", ["client"])]


async def test_deeds_are_in_the_audit_of_whom_they_concern(graph: Asked) -> None:
    client = await graph.client()
    await graph.do(OFFICER, "suspendClient", "client { id }", client=client)
    document = """query ($client: ID!) { auditEvents(filter: { subject: { client: $client } }, orderBy: OLDEST) {
        nodes { action role subjectType subject { ... on Client { id } } details { name value } person address } } }"""

    own = (await graph.ok(PASAR, document, client=client))["auditEvents"]["nodes"]
    others = (await graph.ok(OTHER_PASAR, document, client=client))["auditEvents"]["nodes"]

    assert [(each["action"], each["role"]) for each in own] == [
        ("client.created", "MARKETPLACE"),
        ("client.suspended", "OFFICER"),
    ]
    assert own[0]["details"] == [{"name": "sandbox", "value": "true"}]
    assert {each["subject"]["id"] for each in own} == {client}
    assert others == []


async def test_what_is_missing_is_named_before_any_work(graph: Asked) -> None:
    poor = replace(PASAR, scopes=frozenset({Scope.PROFILE_READ}))

    answer = await graph(poor, "{ clients { nodes { id } } auditEvents { nodes { id } } }")

    assert answer["errors"][0]["extensions"]["missing"] == ["audit:read", "clients:read"]
