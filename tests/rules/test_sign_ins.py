from datetime import UTC, datetime, timedelta

import pytest

from rules.passwords import PasswordRefusal, normal_password, refuse_password
from rules.sign_ins import HOME, own_path, session_ends

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "path", ["/account", "/device?user_code=BCDF-GHJK", "/oauth/authorize?client_id=a&state=%2F%2Fx"]
)
def test_a_sign_in_leads_back_to_pages_of_ours(path: str) -> None:
    assert own_path(path) == path


@pytest.mark.parametrize(
    "wanted",
    [
        None,
        "",
        "account",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\evil.example",
        "\\\\evil.example/account",
        "https://evil.example/account",
        "https:evil.example",
        "javascript:alert(1)",
        "/account@evil.example",
        "@evil.example/account",
        "/%2f%2fevil.example",
        "/%2e%2e//evil.example",
        "/account/..//evil.example",
        "/account#@evil.example",
        "/account?\r\nset-cookie: a=b",
        "/account?a=\x00",
        "/account\t",
        " /account",
        "/graphql",
        "/sign-out",
        "/oauth/authorize/../../evil",
        "/account?" + "a" * 5_000,
        "/acc\u2215ount",
    ],
)
def test_and_nowhere_else(wanted: str | None) -> None:
    assert own_path(wanted) == HOME


def test_a_session_ends_after_a_time_without_a_request() -> None:
    assert session_ends(authenticated_at=NOW, last_seen_at=NOW, staff=False) == NOW + timedelta(hours=8)
    assert session_ends(authenticated_at=NOW, last_seen_at=NOW, staff=True) == NOW + timedelta(minutes=30)


def test_and_in_any_case_after_a_longer_one() -> None:
    late = NOW + timedelta(days=29, hours=23)

    assert session_ends(authenticated_at=NOW, last_seen_at=late, staff=False) == NOW + timedelta(days=30)
    assert session_ends(authenticated_at=NOW, last_seen_at=late, staff=True) == NOW + timedelta(hours=8)


@pytest.mark.parametrize(
    ("password", "refusal"),
    [
        ("kuda laut biru", None),
        ("\U0001f40e\U0001f41f\U0001f426\U0001f98b\U0001f99c\U0001f422\U0001f40c\U0001f41d\U0001f41e\U0001f997", None),
        ("pendek", PasswordRefusal.TOO_SHORT),
        ("a b c d e" * 30, PasswordRefusal.TOO_LONG),
        ("1234567890", PasswordRefusal.TOO_COMMON),
        ("Password-123", PasswordRefusal.TOO_COMMON),
        ("aaaaaaaaaaaaaa", PasswordRefusal.TOO_COMMON),
        ("siti@contoh.id", PasswordRefusal.TOO_COMMON),
        ("SITI@contoh.id", PasswordRefusal.TOO_COMMON),
    ],
)
def test_a_password_is_long_and_not_the_first_guess(password: str, refusal: PasswordRefusal | None) -> None:
    assert refuse_password(password, "siti@contoh.id") == refusal


def test_nobodys_number_is_his_password() -> None:
    assert refuse_password("081234567890", "+6281234567890") is PasswordRefusal.TOO_COMMON


def test_a_password_is_the_same_from_every_keyboard() -> None:
    assert normal_password("cafe\u0301") == normal_password("caf\u00e9")
