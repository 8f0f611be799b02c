"""Whatever bytes come to the endpoints of sign-in, the answer is an error that says so, never a broken server."""

import asyncio
import json
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import httpx
import pytest

from tests.clients.conftest import Stage

FORMS = ("token", "par", "introspect", "revoke", "device_authorization")
PAGES = ("/sign-in", "/sign-in/code", "/sign-in/authenticator", "/device", "/device/decision", "/sign-out")
FORM = "application/x-www-form-urlencoded"
HEADER_BYTES = 20_000
CHUNKS_MAX = 5_000

CREDENTIALS = {
    "no bytes of UTF-8": b"Basic " + b64encode(b"\xff\xff\xff\xff"),
    "slashes": b"Basic //////8=",
    "a NUL in the name": b"Basic " + b64encode(b"a\0b:secret"),
    "a NUL in the secret": b"Basic " + b64encode(b"name:a\0b"),
    "an escaped NUL": b"Basic " + b64encode(b"a%00b:secret"),
    "escaped bytes of no UTF-8": b"Basic " + b64encode(b"%ff%fe:secret"),
    "a lone surrogate": b"Basic " + b64encode(b"\xed\xa0\x80:secret"),
    "no colon": b"Basic " + b64encode(b"name"),
    "nothing but a colon": b"Basic " + b64encode(b":"),
    "no base64": b"Basic !!!!",
    "half of base64": b"Basic YTpi=",
    "nothing": b"Basic",
    "ten thousand characters": b"Basic " + b64encode(b"a" * 10_000 + b":b"),
    "another scheme": b"Digest username=a",
    "bytes above 127": b"Basic \xff\xfe",
}

BODIES = {
    "a NUL": b"grant_type=client_credentials&scope=a%00b",
    "a raw NUL": b"grant_type=client_credentials&scope=a\0b",
    "no UTF-8": b"grant_type=client_credentials&scope=%ff%fe",
    "raw bytes of no UTF-8": b"grant_type=\xff\xfe",
    "a lone surrogate": b"grant_type=client_credentials&scope=%ed%a0%80",
    "a parameter twice": b"grant_type=client_credentials&grant_type=refresh_token",
    "a client twice": b"client_id=a&client_id=b&grant_type=client_credentials",
    "too many parameters": b"&".join(b"p%d=1" % number for number in range(200)),
    "too many bytes": b"scope=" + b"a" * 200_000,
    "nothing": b"",
    "only separators": b"&&&===&&&",
    "a broken escape": b"grant_type=%zz%",
    "an unknown grant": b"grant_type=password&username=a&password=b",
    "a code with a NUL": b"grant_type=authorization_code&code=%00&code_verifier=%00&redirect_uri=%00",
    "a token with a NUL": b"token=%00&grant_type=refresh_token&refresh_token=%00",
    "line breaks": b"grant_type=client_credentials%0d%0aSet-Cookie:%20a=b&scope=%0d%0a",
}

QUERIES = {
    "a NUL": "client_id=a%00b&redirect_uri=%00",
    "no UTF-8": "client_id=%ff%fe",
    "a parameter twice": "client_id=a&client_id=b",
    "too many parameters": "&".join(f"p{number}=1" for number in range(500)),
    "too long a value": "state=" + "a" * 20_000,
    "line breaks": "client_id=a&redirect_uri=https://a.example/%0d%0aSet-Cookie:%20a=b",
    "markup": "client_id=<script>alert(1)</script>&error=<b>",
    "nothing": "",
    "a broken escape": "client_id=%zz%",
    "a request object": "client_id=a&request=eyJhbGciOiJub25lIn0.e30.",
}


@pytest.fixture
async def http(stage: Stage) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=stage.world.issuer, timeout=60) as client:
        yield client


def is_oauth_error(response: httpx.Response) -> bool:
    """Return whether a refusal is told as OAuth has it: in JSON, with a word, and kept by nobody."""
    return isinstance(response.json().get("error"), str) and "no-store" in response.headers["cache-control"]


@pytest.mark.parametrize("what", CREDENTIALS)
async def test_odd_credentials_are_told_to_be_none(http: httpx.AsyncClient, what: str) -> None:
    for endpoint in FORMS:
        response = await http.post(
            f"/oauth/{endpoint}",
            content=b"grant_type=client_credentials&token=x",
            headers={b"authorization": CREDENTIALS[what], b"content-type": FORM.encode()},
        )

        assert response.status_code in {400, 401}, (endpoint, response.text)
        assert is_oauth_error(response), (endpoint, response.text)


@pytest.mark.parametrize("what", BODIES)
async def test_an_odd_form_is_told_to_be_one(http: httpx.AsyncClient, stage: Stage, what: str) -> None:
    service = stage.world.clients["service"]
    for endpoint in FORMS:
        response = await http.post(
            f"/oauth/{endpoint}",
            content=BODIES[what],
            headers={"content-type": FORM},
            auth=(service["id"], service["secret"]),
        )

        assert 400 <= response.status_code < 500, (endpoint, response.status_code, response.text)
        assert is_oauth_error(response), (endpoint, response.text)


@pytest.mark.parametrize("what", [what for what in BODIES if what not in {"an unknown grant", "nothing"}])
async def test_an_odd_form_never_breaks_a_page(http: httpx.AsyncClient, what: str) -> None:
    for page in (*PAGES, "/oauth/authorize"):
        response = await http.post(page, content=BODIES[what], headers={"content-type": FORM})

        assert 400 <= response.status_code < 500, (page, response.status_code)
        assert response.headers["content-type"].startswith("text/html"), page
        assert "set-cookie: a=b" not in str(response.headers).lower()


@pytest.mark.parametrize("what", QUERIES)
async def test_an_odd_request_ends_on_a_page_of_ours(http: httpx.AsyncClient, what: str) -> None:
    for page in ("/oauth/authorize", "/sign-in", "/device", "/oauth/end_session"):
        response = await http.get(f"{page}?{QUERIES[what]}")

        assert response.status_code < 500, (page, response.status_code)
        location = response.headers.get("location", "/")
        assert re.match(r"/(?!/)", location), (page, location)
        assert "<script>alert" not in response.text


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""])
async def test_only_forms_are_taken(http: httpx.AsyncClient, kind: str) -> None:
    for endpoint in FORMS:
        response = await http.post(
            f"/oauth/{endpoint}", content=b"grant_type=client_credentials", headers={"content-type": kind}
        )

        assert response.status_code in {400, 401, 415}, (endpoint, response.status_code)
        assert is_oauth_error(response)


@pytest.mark.parametrize("name", ["authorization", "dpop", "cookie", "x-anything"])
async def test_a_header_may_not_be_endless(http: httpx.AsyncClient, name: str) -> None:
    for path in ("/oauth/token", "/graphql", "/sign-in"):
        response = await http.post(path, content=b"{}", headers={name: "a" * HEADER_BYTES})

        assert 400 <= response.status_code < 500, (path, response.status_code)


@pytest.mark.parametrize("path", [f"/oauth/{endpoint}" for endpoint in FORMS])
async def test_what_is_to_be_sent_is_not_fetched(http: httpx.AsyncClient, path: str) -> None:
    response = await http.get(path, params={"grant_type": "client_credentials"})

    assert response.status_code == 405
    assert response.headers["allow"]


async def test_a_body_that_never_ends_is_cut_off(stage: Stage, http: httpx.AsyncClient) -> None:
    """A client says that much will come, and sends for as long as anybody reads."""
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.server.port)
    writer.write(
        b"POST /oauth/token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )
    chunk = b"1000\r\n" + b"a" * 0x1000 + b"\r\n"
    sent = 0
    async with asyncio.timeout(30):
        with suppress(ConnectionError):
            while sent < CHUNKS_MAX:
                writer.write(chunk)
                await writer.drain()
                sent += 1
        with suppress(ConnectionError):
            line = await reader.readline()
            assert line.split()[1:2] in ([], [b"400"], [b"413"])
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    assert sent < CHUNKS_MAX
    assert (await http.get("/livez")).status_code == 200


@pytest.fixture(scope="module")
async def invitation(stage: Stage) -> str:
    """One for all: what is refused does not spend it."""
    return await stage.casting.invitation()


GOOD = {
    "client_name": "Uji",
    "grant_types": ["client_credentials"],
    "token_endpoint_auth_method": "client_secret_basic",
}


@pytest.mark.parametrize(
    "document",
    [
        b"{",
        b"[]",
        b"null",
        b'{"client_name": "\\u0000"}',
        b'{"client_name": "\\ud800"}',
        b'{"client_name": "\xff"}',
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b'{"client_name": ' + b"1" * 5000 + b"}",
        GOOD | {"client_name": "a" * 10_000},
        GOOD | {"client_name": 1},
        GOOD | {"grant_types": "client_credentials"},
        GOOD | {"grant_types": ["implicit"]},
        GOOD | {"redirect_uris": [None]},
        GOOD | {"redirect_uris": ["javascript:alert(1)"], "grant_types": ["authorization_code"]},
        GOOD | {"redirect_uris": ["https://a.example/"] * 1000, "grant_types": ["authorization_code"]},
        GOOD | {"scope": "courses:review"},
        GOOD | {"scope": ["courses:read"]},
        GOOD | {"token_endpoint_auth_method": "none", "grant_types": ["client_credentials"]},
        GOOD | {"token_endpoint_auth_method": "private_key_jwt"},
        GOOD | {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}},
        GOOD | {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": "all"}},
        GOOD | {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "http://169.254.169.254/"},
        GOOD | {"software_statement": "eyJhbGciOiJub25lIn0.e30."},
    ],
    ids=lambda document: str(document)[:60],
)
async def test_an_odd_registration_is_told_to_be_one(http: httpx.AsyncClient, invitation: str, document: Any) -> None:
    response = await http.post(
        "/oauth/register",
        content=document if isinstance(document, bytes) else json.dumps(document),
        headers={"authorization": f"Bearer {invitation}", "content-type": "application/json"},
    )

    assert response.status_code == 400, response.text
    assert response.json()["error"] in {"invalid_client_metadata", "invalid_redirect_uri", "invalid_request"}
