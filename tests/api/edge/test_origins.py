from typing import Any

import pytest

Edge = Any
ELSEWHERE = {"origin": "https://elsewhere.example"}
ASKING = ELSEWHERE | {"access-control-request-method": "POST"}
OPEN = [
    "/graphql",
    "/oauth/token",
    "/oauth/userinfo",
    "/oauth/jwks.json",
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
    "/.well-known/oauth-protected-resource",
]
CLOSED = ["/sign-in", "/consent", "/account", "/oauth/authorize", "/oauth/device_authorization", "/graphiql", "/readyz"]


@pytest.mark.parametrize("path", OPEN)
async def test_a_script_of_any_origin_may_ask_with_a_token_and_never_with_a_cookie(edge: Edge, path: str) -> None:
    response = await edge.client.options(path, headers=ASKING)

    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["access-control-allow-origin"] == "*"
    allowed = response.headers["access-control-allow-headers"].split(", ")
    assert {"authorization", "dpop", "content-type"} <= set(allowed)
    assert "access-control-allow-credentials" not in response.headers
    assert edge.script.asked == []


@pytest.mark.parametrize("path", CLOSED)
async def test_pages_are_closed_to_scripts_of_other_origins(edge: Edge, path: str) -> None:
    asked = await edge.client.options(path, headers=ASKING)
    read = await edge.client.get(path, headers=ELSEWHERE)

    assert [name for name in (*asked.headers, *read.headers) if name.startswith("access-control")] == []


async def test_an_answer_may_be_read_by_whoever_asked(edge: Edge) -> None:
    good = await edge.post(**ELSEWHERE)
    refused = await edge.post(authorization="Bearer abc", **ELSEWHERE)

    for response in (good, refused):
        assert response.headers["access-control-allow-origin"] == "*"
        assert "www-authenticate" in response.headers["access-control-expose-headers"]


async def test_who_names_no_origin_is_told_nothing_of_it(edge: Edge) -> None:
    response = await edge.post()

    assert [name for name in response.headers if name.startswith("access-control")] == []


async def test_options_without_a_browsers_question_tell_the_methods(edge: Edge) -> None:
    response = await edge.client.options("/graphql")

    assert (response.status_code, response.headers["allow"]) == (204, "POST, OPTIONS")
    assert [name for name in response.headers if name.startswith("access-control")] == []
