"""What a browser does to sign in, without the browser: forms are filled in and redirects followed."""

import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx


@dataclass
class Visitor:
    """A browser at a demo, which signs in to GraphiQL; and every secret that it came to know."""

    http: httpx.AsyncClient
    issuer: str
    secrets: list[str] = field(default_factory=list[str])

    async def sign_in(self, persona: str, scope: str = "openid profile:read sessions:read") -> dict[str, Any]:
        """Sign in as somebody of the demo, and return what GraphiQL gets for the code."""
        verifier = token_urlsafe(32)
        query = urlencode(
            {
                "response_type": "code",
                "client_id": "graphiql",
                "redirect_uri": f"{self.issuer}/graphiql",
                "scope": scope,
                "state": "s",
                "code_challenge": urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode(),
                "code_challenge_method": "S256",
            }
        )
        page = await self.follow(f"/oauth/authorize?{query}")
        form = {"persona": persona, "return_to": f"/oauth/authorize?{query}"}
        left = await self.send("/sign-in/demo", page, form)
        back = await self.follow(left.headers["location"], last="/graphiql")
        if not back.is_redirect:  # the person has a post, and is asked whether to act in it
            post = re.findall(r'name="post" value="([0-9a-f-]{36})"', back.text)[0]
            back = await self.send(f"/oauth/authorize?{query}", back, {"post": post, "decision": "allow"})
        code = parse_qs(urlsplit(back.headers["location"]).query)["code"][0]
        told = await self.token(
            grant_type="authorization_code",
            code=code,
            redirect_uri=f"{self.issuer}/graphiql",
            code_verifier=verifier,
        )
        self.secrets += [code, verifier, *(cookie.value for cookie in self.http.cookies.jar if cookie.value)]
        return told

    async def type_password(self, contact: str, password: str) -> None:
        """Take the first step of signing in by a password."""
        page = await self.follow("/sign-in")
        left = await self.send("/sign-in", page, {"contact": contact, "password": password, "return_to": "/account"})
        assert left.is_redirect, left.text

    async def send(self, path: str, page: httpx.Response, form: dict[str, str]) -> httpx.Response:
        """Send a form of a page."""
        token: str = re.findall(r'name="form_token" value="([^"]+)"', page.text)[0]
        self.secrets.append(token)
        return await self.http.post(f"{self.issuer}{path}", data={"form_token": token, **form})

    async def token(self, **parameters: str) -> dict[str, Any]:
        """Ask for tokens."""
        answer = await self.http.post(f"{self.issuer}/oauth/token", data={"client_id": "graphiql", **parameters})
        assert answer.status_code == 200, answer.text
        told = answer.json()
        self.secrets += [told[name] for name in ("access_token", "refresh_token", "id_token") if name in told]
        return told

    async def revoke(self, refresh_token: str) -> None:
        """End what was granted."""
        form = {"client_id": "graphiql", "token": refresh_token}
        answer = await self.http.post(f"{self.issuer}/oauth/revoke", data=form)
        assert answer.status_code == 200, answer.text

    async def follow(self, path: str, last: str | None = None) -> httpx.Response:
        """Follow redirects within the site; stop before the one that leads to ``last``."""
        answer = await self.http.get(f"{self.issuer}{path}")
        while answer.is_redirect and (last is None or urlsplit(answer.headers["location"]).path != last):
            answer = await self.http.get(
                f"{self.issuer}{urlsplit(answer.headers['location'])._replace(scheme='', netloc='').geturl()}"
            )
        return answer
