"""People see what is theirs, withdraw what they allowed and sign out elsewhere; nobody sees another's."""

from dataclasses import replace
from uuid import UUID, uuid4

from rules.access import Role, Viewer, allowed
from tests.graph import catalogue
from tests.graph.self.world import OFFICER, PASAR, RING, Asked, gid, key_of, somebody

ME = """{ me { subject name locale contacts { kind masked } posts { role organisation { legalName } } } }"""


async def session(graph: Asked, viewer: Viewer) -> UUID:
    return await graph.connection.fetchval(
        """
        INSERT INTO browser_sessions (person_id, hash, methods, device, expires_at)
        VALUES ($1, $2, '{pwd,mca}', 'Firefox di Linux', now() + interval '1 day') RETURNING id
        """,
        viewer.person_id,
        uuid4().bytes,
    )


async def grant(
    graph: Asked, viewer: Viewer, *, consent_id: UUID | None = None, browser_session_id: UUID | None = None
) -> UUID:
    return await graph.connection.fetchval(
        """
        INSERT INTO grants (person_id, client_id, consent_id, browser_session_id, scopes, audience, methods,
                            authenticated_at, expires_at)
        VALUES ($1, $2, $3, $4, '{}', '{}', '{pwd}', now(), now() + interval '1 day') RETURNING id
        """,
        viewer.person_id,
        catalogue.key("clients", 1),
        consent_id,
        browser_session_id,
    )


async def consent(graph: Asked, viewer: Viewer) -> UUID:
    return await graph.connection.fetchval(
        """
        INSERT INTO consents (person_id, client_id, scopes, text_hash, locale)
        VALUES ($1, $2, '{profile:read}', '\\x00', 'id') RETURNING id
        """,
        viewer.person_id,
        catalogue.key("clients", 1),
    )


async def end_of(graph: Asked, key: UUID) -> str | None:
    return await graph.connection.fetchval("SELECT end_reason FROM grants WHERE id = $1", key)


async def test_a_person_reads_of_himself(graph: Asked) -> None:
    organisation = catalogue.key("organisations", 1)
    siti = await somebody(graph, "siti.contoh@contoh.example", posts=((Role.MARKETPLACE, organisation),))
    assert siti.person_id is not None

    me = (await graph.ok(siti, ME))["me"]

    assert me == {
        "subject": RING.subject(siti.person_id, "bekal"),
        "name": "Siti Contoh",
        "locale": "INDONESIAN",
        "contacts": [{"kind": "EMAIL", "masked": "s•••@contoh.example"}],
        "posts": [{"role": "MARKETPLACE", "organisation": {"legalName": "PT Badan 1"}}],
    }


async def test_two_organisations_know_a_person_by_different_names(graph: Asked) -> None:
    siti = await somebody(graph)
    seen = [replace(siti, organisation_id=catalogue.key("organisations", number)) for number in (1, 2)]

    first, second = [(await graph.ok(viewer, "{ me { subject } }"))["me"]["subject"] for viewer in seen]

    assert first != second


async def test_an_application_that_speaks_for_itself_is_nobody(graph: Asked) -> None:
    answer = await graph.ok(PASAR, "{ me { subject } token { role sandbox organisation { legalName } client { id } } }")

    assert answer == {
        "me": None,
        "token": {"role": "MARKETPLACE", "sandbox": False, "organisation": {"legalName": "PT Badan 1"}, "client": None},
    }


async def test_a_token_tells_what_it_may_do_in_words(graph: Asked) -> None:
    siti = await somebody(graph)

    token = (await graph.ok(siti, "{ token { scopes { scope english indonesian } } }"))["token"]

    assert [each["scope"] for each in token["scopes"]] == sorted(allowed(Role.PARTICIPANT))
    assert all(each["english"] != each["indonesian"] for each in token["scopes"])


async def test_sessions_are_listed_and_the_own_one_is_known(graph: Asked) -> None:
    siti = await somebody(graph)
    here, elsewhere = await session(graph, siti), await session(graph, siti)
    viewer = replace(siti, grant_id=await grant(graph, siti, browser_session_id=here))

    found = (await graph.ok(viewer, "{ me { sessions { nodes { id device methods isCurrent } } } }"))["me"]["sessions"]

    assert {each["id"]: each["isCurrent"] for each in found["nodes"]} == {
        gid("Bs", here): True,
        gid("Bs", elsewhere): False,
    }
    assert found["nodes"][0]["methods"] == ["PASSWORD", "CODE"]


async def test_signing_out_elsewhere_ends_what_was_granted_there(graph: Asked) -> None:
    siti = await somebody(graph)
    sessions = [await session(graph, siti) for _ in range(3)]
    grants = [await grant(graph, siti, browser_session_id=each) for each in sessions]
    viewer = replace(siti, grant_id=grants[0])

    one = await graph.do(viewer, "revokeSession", "ended", session=gid("Bs", sessions[1]))
    again = await graph.refused(viewer, "revokeSession", session=gid("Bs", sessions[1]))
    rest = await graph.do(viewer, "revokeAllOtherSessions", "ended")

    assert (one["ended"], again, rest["ended"]) == (1, [("SESSION_NOT_FOUND", ["session"])], 1)
    assert [await end_of(graph, each) for each in grants] == [None, "SIGNED_OUT", "SIGNED_OUT"]
    left = (await graph.ok(viewer, "{ me { sessions { nodes { id } } } }"))["me"]["sessions"]["nodes"]
    assert left == [{"id": gid("Bs", sessions[0])}]


async def test_a_withdrawn_consent_ends_its_grants_and_tells_the_organisation(graph: Asked) -> None:
    siti = await somebody(graph)
    given = await consent(graph, siti)
    under_it, other = await grant(graph, siti, consent_id=given), await grant(graph, siti)

    payload = await graph.do(
        siti,
        "withdrawConsent",
        "consent { withdrawnAt application { name organisation { legalName } } scopes { scope indonesian } }",
        consent=gid("Cn", given),
    )
    again = await graph.refused(siti, "withdrawConsent", consent=gid("Cn", given))

    shown = payload["consent"]
    assert shown.pop("withdrawnAt") is not None
    assert shown == {
        "application": {"name": "Aplikasi 0", "organisation": {"legalName": "PT Badan 2"}},
        "scopes": [{"scope": "profile:read", "indonesian": "Melihat nama dan cara menghubungi Anda"}],
    }
    assert again == [("ALREADY_WITHDRAWN", ["consent"])]
    assert (await end_of(graph, under_it), await end_of(graph, other)) == ("WITHDRAWN", None)
    (audit,) = await graph.rows(
        "SELECT action, person_id, organisation_id FROM audit_events WHERE subject_id = $1", given
    )
    assert tuple(audit) == ("consent.withdrawn", siti.person_id, catalogue.key("organisations", 2))
    (event,) = await graph.rows("SELECT kind, payload FROM events WHERE subject_id = $1", given)
    assert str(siti.person_id) not in event["payload"]


async def test_nobody_sees_or_ends_what_is_another_s(graph: Asked) -> None:
    siti, budi = await somebody(graph), await somebody(graph)
    given, signed_in = await consent(graph, siti), await session(graph, siti)
    ids = [gid("Cn", given), gid("Bs", signed_in)]
    nobody = replace(PASAR, scopes=allowed(Role.PARTICIPANT))

    for stranger in (budi, nobody, OFFICER):
        assert await graph.refused(stranger, "withdrawConsent", consent=ids[0]) == [("CONSENT_NOT_FOUND", ["consent"])]
        assert await graph.refused(stranger, "revokeSession", session=ids[1]) == [("SESSION_NOT_FOUND", ["session"])]
        seen = await graph.ok(stranger, "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)
        assert seen == {"nodes": [None, None]}
    own = await graph.ok(siti, "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)
    assert own == {"nodes": [{"id": each} for each in ids]}
    assert await graph.rows("SELECT 1 FROM consents WHERE id = $1 AND withdrawn_at IS NOT NULL", key_of(ids[0])) == []
