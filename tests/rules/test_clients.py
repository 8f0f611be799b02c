"""What organisations may say of their applications."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.access import SCOPES, Role, Scope, allowed
from rules.clients import (
    OWN_AFFAIRS,
    ClientKind,
    ClientRefusal,
    ClientSettings,
    ClientState,
    GrantType,
    faults_of,
    free_slot,
    is_name,
    new_code,
    offered_grant_types,
    offered_scopes,
    refuse_change,
    refuse_move,
)
from rules.redirect_uris import is_redirect_uri

GOOD = ClientSettings(
    name="Pasar Belajar",
    redirect_uris=("https://pasar.example/masuk",),
    scopes=("profile:read", "listings:write"),
    grant_types=(GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN),
)


def faults(role: Role = Role.MARKETPLACE, kind: ClientKind = ClientKind.CONFIDENTIAL, **changes: Any) -> list[Any]:
    return [(fault.code, fault.path) for fault in faults_of(replace(GOOD, **changes), role, kind)]


def test_good_settings_have_no_faults() -> None:
    assert faults() == []


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"name": " "}, "BAD_NAME", ("name",)),
        ({"name": "Bekal resmi"}, "BAD_NAME", ("name",)),
        ({"name": "\uff22\uff25\uff2b\uff21\uff2c"}, "BAD_NAME", ("name",)),
        ({"name": "Pasar\u202egnidam"}, "BAD_NAME", ("name",)),
        ({"name": "a\x00b"}, "BAD_NAME", ("name",)),
        ({"name": "x" * 61}, "BAD_NAME", ("name",)),
        ({"redirect_uris": ("https://pasar.example/*",)}, "BAD_REDIRECT_URIS", ("redirectUris", 0)),
        ({"redirect_uris": ("https://a.example/", "https://a.example/")}, "BAD_REDIRECT_URIS", ("redirectUris", 1)),
        ({"redirect_uris": ()}, "BAD_REDIRECT_URIS", ("redirectUris",)),
        ({"grant_types": (GrantType.CLIENT_CREDENTIALS,)}, "BAD_REDIRECT_URIS", ("redirectUris",)),
        ({"scopes": ("courses:write",)}, "SCOPE_NOT_ALLOWED", ("scopes", 0)),
        ({"scopes": ("profile:read", "consents:write")}, "SCOPE_NOT_ALLOWED", ("scopes", 1)),
        ({"scopes": ("nonsense",)}, "SCOPE_NOT_ALLOWED", ("scopes", 0)),
        ({"scopes": ("profile:read", "profile:read")}, "SCOPE_NOT_ALLOWED", ("scopes", 1)),
        ({"grant_types": (GrantType.AUTHORIZATION_CODE, GrantType.DEVICE_CODE)}, "GRANT_TYPE_NOT_ALLOWED",
         ("grantTypes", 1)),
        ({"grant_types": (), "redirect_uris": ()}, "GRANT_TYPE_NOT_ALLOWED", ("grantTypes",)),
        ({"grant_types": (GrantType.CLIENT_CREDENTIALS, GrantType.REFRESH_TOKEN), "redirect_uris": ()},
         "GRANT_TYPE_NOT_ALLOWED", ("grantTypes",)),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_field(changes: Any, code: str, path: tuple[Any, ...]) -> None:
    assert faults(**changes) == [(code, path)]


def test_eleven_redirect_uris_are_too_many() -> None:
    uris = tuple(f"https://pasar.example/{n}" for n in range(11))

    assert faults(redirect_uris=uris) == [("BAD_REDIRECT_URIS", ("redirectUris",))]
    assert faults(redirect_uris=uris[:10]) == []


def test_who_keeps_no_secret_does_not_speak_for_itself() -> None:
    ways = (GrantType.AUTHORIZATION_CODE, GrantType.CLIENT_CREDENTIALS)

    assert faults(grant_types=ways) == []
    assert faults(grant_types=ways, kind=ClientKind.PUBLIC) == [("GRANT_TYPE_NOT_ALLOWED", ("grantTypes", 1))]


def test_only_marketplaces_exchange_tokens() -> None:
    roles = [role for role in Role if GrantType.TOKEN_EXCHANGE in offered_grant_types(role, ClientKind.CONFIDENTIAL)]

    assert roles == [Role.MARKETPLACE]


@pytest.mark.parametrize("role", [Role.INSTITUTION, Role.MARKETPLACE, Role.PAYER])
def test_no_organisation_s_application_manages_what_people_allowed_to_it(role: Role) -> None:
    assert not offered_scopes(role) & OWN_AFFAIRS
    assert offered_scopes(role) <= allowed(role) | allowed(Role.PARTICIPANT)


def test_partners_never_get_what_the_office_alone_may_do() -> None:
    office = {scope for scope, info in SCOPES.items() if set(info.roles) <= {Role.OFFICER, Role.AUDITOR}}

    assert office >= {Scope.COURSES_REVIEW, Scope.INVITATIONS_WRITE}
    assert not any(office & offered_scopes(role) for role in Role if role not in (Role.OFFICER, Role.AUDITOR))


@pytest.mark.parametrize(
    ("uri", "web", "native"),
    [
        ("https://pasar.example/masuk", True, True),
        ("https://pasar.example:8443/masuk?tenant=1", True, True),
        ("http://127.0.0.1:8400/callback", True, True),
        ("http://[::1]/callback", True, True),
        ("org.example.pasar:/selesai", False, True),
        ("http://pasar.example/masuk", False, False),
        ("http://localhost:3000/masuk", False, False),
        ("http://127.0.0.1.evil.example/", False, False),
        ("http://127.0.0.1@evil.example/", False, False),
        ("https://user@pasar.example/", False, False),
        ("https://pasar.example/#token", False, False),
        ("https://pasar.example;sandbox/", False, False),
        ("https://pasar.example,x.example/", False, False),
        ("https://pasar.example$/", False, False),
        ("https://.example/", False, False),
        ("https://[::1].example/", False, False),
        ("https://*.example/", False, False),
        ("https://pasar.example:port/", False, False),
        ("https://[::1/", False, False),
        ("https://pasar.example:/", False, False),
        ("https://pas\u0430r.example/", False, False),
        ("https://pasar.example/\x00", False, False),
        ("https://pasar.example/\n", False, False),
        ("https:///masuk", False, False),
        ("https://pasar/masuk", False, False),
        ("javascript:alert(1)", False, False),
        ("data:text/html,x", False, False),
        ("pasar:/selesai", False, False),
        ("org.example.pasar://selesai", False, False),
        ("//pasar.example/", False, False),
        ("/masuk", False, False),
        ("", False, False),
        ("https://pasar.example/" + "x" * 500, False, False),
    ],
)
def test_browsers_are_sent_to_safe_addresses_only(uri: str, *, web: bool, native: bool) -> None:
    assert is_redirect_uri(uri, native=False) is web
    assert is_redirect_uri(uri, native=True) is native


@given(st.text(max_size=50), st.booleans())
def test_any_text_is_judged(text: str, native: bool) -> None:  # noqa: FBT001 - drawn
    assert is_redirect_uri(text, native=native) in (True, False)
    assert is_name(text) in (True, False)


def test_what_is_revoked_stays_so() -> None:
    for to in (ClientState.SUSPENDED, ClientState.REVOKED):
        assert refuse_move(ClientState.REVOKED, to) is ClientRefusal.WRONG_STATE
    assert refuse_change(ClientState.REVOKED) is ClientRefusal.WRONG_STATE
    assert refuse_change(ClientState.SUSPENDED) is ClientRefusal.WRONG_STATE
    assert refuse_change(ClientState.LIVE) is None
    assert refuse_move(ClientState.SUSPENDED, ClientState.REVOKED) is None


def test_two_places_are_all_there_are() -> None:
    assert [free_slot(taken) for taken in ((), (1,), (2,), (1, 2))] == [1, 2, 1, None]


def test_a_client_id_is_made_of_chance_alone() -> None:
    assert new_code(bytes(10)) == "app-" + "a" * 16
    assert len({new_code(bytes([n] * 10)) for n in range(256)}) == 256
