"""What does not come from a page of ours, or is no form at all, is refused on a page, and never breaks anything."""

import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import Route

from auth.forms import MalformedFormError, parse_form

Town = Any
Visitor = Any

EMAIL = "siti@contoh.id"
FORM = {"content-type": "application/x-www-form-urlencoded"}
MALFORMED: dict[str, tuple[bytes, dict[str, str], int]] = {
    "NUL": (b"contact=a%00b&password=x", FORM, 400),
    "not UTF-8": (b"contact=%ff%fe&password=x", FORM, 400),
    "raw bytes": (b"contact=\xff\xfe&password=x", FORM, 400),
    "half an escape": (b"contact=%E2%82", FORM, 400),
    "twice": (b"contact=a&contact=b", FORM, 400),
    "no pairs": (b"contact", FORM, 400),
    "many fields": (b"&".join(b"f%d=1" % number for number in range(40)), FORM, 400),
    "long": (b"contact=" + b"a" * 20_000, FORM, 413),
    "JSON": (b"{}", {"content-type": "application/json"}, 415),
    "multipart": (b"--x\r\n", {"content-type": "multipart/form-data; boundary=x"}, 415),
    "no type": (b"contact=a", {}, 415),
}


def form_paths(town: Town) -> list[str]:
    """Return every address that takes a form."""
    return [route.path for route in town.app.routes if isinstance(route, Route) and "POST" in (route.methods or ())]


async def visit(town: Town) -> Visitor:
    """Return a person who is signed in, on his account page."""
    await town.add(EMAIL)
    visitor = town.visitor()
    await town.sign_in(visitor, EMAIL)
    return visitor


async def test_no_form_counts_without_the_token_of_its_page(town: Town) -> None:
    visitor = await visit(town)
    stranger = town.visitor()
    await stranger.open("/sign-in")
    tokens = [None, "", "0" * 64, stranger.form_token, "é"]

    for path in form_paths(town):
        for token in tokens:
            form = {"session": "others"} if token is None else {"form_token": token}
            answer = await visitor.client.post(path, data=form)
            assert answer.status_code == 403, (path, token)
            assert "came from another site" in answer.text

    await visitor.open("/account")
    assert visitor.heading == "My account"


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "https://bekal.example.evil.example"},
        {"origin": "http://bekal.example"},
    ],
    ids=str,
)
async def test_nor_one_from_another_site(town: Town, headers: dict[str, str]) -> None:
    visitor = await visit(town)
    form = {"form_token": visitor.form_token}

    for path in form_paths(town):
        assert (await visitor.client.post(path, data=form, headers=headers)).status_code == 403, path

    await visitor.open("/account")
    assert visitor.heading == "My account"


@pytest.mark.parametrize(
    "headers", [{}, {"sec-fetch-site": "same-origin", "origin": "null"}, {"origin": "https://bekal.example"}], ids=str
)
async def test_one_of_our_own_counts_in_every_browser(town: Town, headers: dict[str, str]) -> None:
    visitor = await visit(town)
    form = {"form_token": visitor.form_token, "language": "id"}

    answer = await visitor.client.post("/account/language", data=form, headers=headers)

    assert answer.status_code == 303


async def test_nobody_is_signed_in_to_an_account_of_somebody_else(town: Town) -> None:
    """A form on another site signs the victim's browser in to the attacker's account, and watches what he does."""
    await town.add(EMAIL)
    attacker, victim = town.visitor(), town.visitor()
    await attacker.open("/sign-in")
    form = {"form_token": attacker.form_token, "contact": EMAIL, "password": "kuda laut biru terbang"}
    await victim.open("/sign-in")

    answer = await victim.client.post("/sign-in", data=form, headers={"sec-fetch-site": "cross-site"})
    without = await victim.client.post("/sign-in", data=form)

    assert (answer.status_code, without.status_code) == (403, 403)


@pytest.mark.parametrize("what", MALFORMED)
async def test_what_is_no_form_is_told_so_on_a_page(town: Town, what: str) -> None:
    body, headers, status = MALFORMED[what]
    visitor = await visit(town)

    for path in form_paths(town):
        answer = await visitor.client.post(path, content=body, headers=headers)
        assert answer.status_code == status, path
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "<h1>Something is not right</h1>" in answer.text


ODD = ["\U0001f600", "a" * 5_000, "' OR 1=1 --", "{{7*7}}", "<script>alert(1)</script>", "%s%n", "\u202e\u0000"[:1]]


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
async def test_odd_words_in_any_field_break_nothing(town: Town, odd: str) -> None:
    visitor = await visit(town)
    token = visitor.form_token
    names = ["contact", "password", "code", "name", "link", "session", "consent", "factor", "language", "answer"]

    for path in form_paths(town):
        if path == "/sign-out":
            continue
        form = {"form_token": token} | dict.fromkeys([*names, "challenge", "return_to", "user_code"], odd)
        answer = await visitor.client.post(path, data=form)
        assert answer.status_code < 500, (path, answer.text)
        assert "<script>alert(1)" not in answer.text


@pytest.mark.parametrize("odd", ["%00", "%ff%fe", "%2500", "a" * 3_000, "%F0%9F%98%80", "&lang=%00&note=%00"])
async def test_odd_addresses_break_nothing(town: Town, odd: str) -> None:
    visitor = await visit(town)
    paths = [route.path for route in town.app.routes if isinstance(route, Route) and "GET" in (route.methods or ())]

    for path in paths:
        for name in ("return_to", "link", "note", "wait", "lang", "user_code", "sent"):
            answer = await visitor.client.get(f"{path}?{name}={odd}")
            assert answer.status_code < 500, (path, name)


@pytest.mark.parametrize("odd", [b"\xff\xfe", b"a" * 4_000, b"=;=;", b"%00", b'"\\000"'])
async def test_odd_cookies_break_nothing(town: Town, odd: bytes) -> None:
    names = (b"session", b"sign-in", b"device", b"form", b"language")
    cookie = b"; ".join(b"__Host-bekal-" + name + b"=" + odd for name in names)
    visitor = town.visitor()

    for path in ("/sign-in", "/account", "/sign-in/code", "/sign-in/factor", "/sign-in/link", "/signed-out"):
        answer = await visitor.client.get(path, headers={"cookie": cookie})
        assert answer.status_code < 500, path


@given(st.binary(max_size=300))
def test_any_bytes_are_a_form_or_none(body: bytes) -> None:
    try:
        fields = parse_form(body)
    except MalformedFormError:
        return

    assert "\x00" not in "".join([*fields, *fields.values()])


async def test_pages_are_not_kept_framed_or_sent_elsewhere(town: Town) -> None:
    visitor = town.visitor()

    headers = (await visitor.open("/sign-in")).headers

    policy = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    assert headers["content-security-policy"] == policy
    assert headers["cache-control"] == "no-store"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"


async def test_the_policy_names_where_a_registered_application_is(town: Town) -> None:
    await town.add(EMAIL)
    await town.run(
        "INSERT INTO clients (code, name, kind, state, sandbox, auth_method, grant_types, scopes, redirect_uris,"
        " dpop_required, fapi2) VALUES ('toko', 'Toko', 'PUBLIC', 'LIVE', false, 'none', '{}', '{}',"
        " '{https://toko.example/kembali,http://127.0.0.1/cb,com.toko.app:/cb}', false, false)"
    )
    visitor = town.visitor()

    await visitor.open("/sign-in?return_to=/oauth/authorize%3Fclient_id%3Dtoko%26redirect_uri%3Dhttps://evil.example")
    await visitor.send(contact=EMAIL, password="kuda laut biru terbang")

    policy = visitor.answer.headers["content-security-policy"]
    assert "form-action 'self' com.toko.app: http://127.0.0.1:* https://toko.example;" in policy
    assert "evil" not in policy


async def test_nothing_secret_is_logged(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await town.add(EMAIL)
    visitor = town.visitor()

    await visitor.open("/sign-in/link")
    await visitor.send(contact=EMAIL)
    link = next(word for word in (await town.messages(EMAIL))[0].split() if "link=" in word)
    await town.sign_in(visitor, EMAIL)
    code = await town.code(EMAIL)
    secrets = [code, link.partition("link=")[2], "kuda laut biru terbang", EMAIL, visitor.form_token]
    secrets += [cookie.value or "" for cookie in visitor.client.cookies.jar]
    await visitor.send("/sign-out")

    logged = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert len(caplog.records) > 10
    assert [secret for secret in secrets if secret and secret in logged] == []
