"""How a page becomes an answer: one layout, one policy, nothing of another host, nothing kept by caches."""

import hashlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from auth.forms import FormToken, form_token
from auth.pages.words import LANGUAGE_COOKIE, LANGUAGE_LIFE, Words, chosen_language, language_of
from auth.sessions import SignedIn
from auth.site import Site
from rules.people import Locale

_HERE = Path(__file__).parent
STYLE = (_HERE / "style.css").read_bytes()
STYLE_PATH = f"/pages/style.{hashlib.sha256(STYLE).hexdigest()[:12]}.css"
"""Named by its content, so that it may be kept for ever."""
PASSKEY_SCRIPT = (_HERE / "passkey.js").read_text("utf-8")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a form, and the field that mends it."""

    field: str
    text: str


class Pages:
    """Makes answers out of templates."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def words(self, request: Request, signed_in: SignedIn | None = None) -> Words:
        """Return the words in the language of who asks."""
        return Words(language_of(self.site, request, signed_in))

    def page(
        self,
        request: Request,
        template: str,
        values: Mapping[str, Any] | None = None,
        *,
        signed_in: SignedIn | None = None,
        problems: Sequence[Problem] = (),
        status: int = 200,
        leads_to: Sequence[str] = (),
        token: FormToken | None = None,
        passkeys: bool = False,
    ) -> Response:
        """Return a page.

        ``leads_to`` names other origins to which its forms may lead in the end, after redirects. ``token`` is for
        answers that set the cookie which their forms are bound to. ``passkeys`` lets the one script run.
        """
        words = self.words(request, signed_in)
        token = token or form_token(self.site, request)
        html = (
            environment()
            .get_template(f"{template}.html")
            .render(
                t=words,
                lang=words.locale.value,
                languages=_language_links(request),
                style=STYLE_PATH,
                form_token=token.value,
                problems=problems,
                problem_of={problem.field: problem.text for problem in problems},
                signed_in=signed_in,
                passkey_script=PASSKEY_SCRIPT,
                **(values or {}),
            )
        )
        headers = headers_for(leads_to=leads_to, passkeys=passkeys)
        answer = Response(html, status, headers | {"content-language": words.locale.value}, "text/html; charset=utf-8")
        token.keep(self.site, answer)
        self._remember_language(request, answer)
        return answer

    def failure(
        self,
        request: Request,
        word: str,
        *,
        status: int = 400,
        retry_after_s: int | None = None,
        detail: str | None = None,
        signed_in: SignedIn | None = None,
    ) -> Response:
        """Return the page that says what went wrong and what to do: texts ``{word}`` and ``{word}_remedy``.

        ``detail`` is a line for who built the application that led here; it must hold nothing secret.
        """
        values = {"word": word, "detail": detail, "retry_after_s": retry_after_s}
        answer = self.page(request, "failure", values, status=status, signed_in=signed_in)
        if retry_after_s is not None:
            answer.headers["retry-after"] = str(retry_after_s)
        return answer

    def _remember_language(self, request: Request, answer: Response) -> None:
        if (chosen := chosen_language(request)) is not None:
            self.site.set_cookie(answer, LANGUAGE_COOKIE, chosen.value, life_s=int(LANGUAGE_LIFE.total_seconds()))


def path_to(path: str, **query: str) -> str:
    """Return the address of a page of ours."""
    return f"{path}?{urlencode(query)}" if query else path


def see(path: str, **query: str) -> RedirectResponse:
    """Send the browser to a page of ours, to be fetched with GET."""
    answer = RedirectResponse(path_to(path, **query), 303)
    answer.headers["cache-control"] = "no-store"
    return answer


def headers_for(*, leads_to: Sequence[str] = (), passkeys: bool = False) -> dict[str, str]:
    """Return the headers of a page."""
    policy = {
        "default-src": "'none'",
        "style-src": "'self'",
        "form-action": " ".join(["'self'", *leads_to]),
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    if passkeys:
        digest = b64encode(hashlib.sha256(PASSKEY_SCRIPT.encode()).digest()).decode()
        policy["script-src"] = f"'sha256-{digest}'"
    return {
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "cache-control": "no-store",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=()",
        # Under no-referrer, browsers send "Origin: null" with our own forms, and older ones could not be told apart.
        "referrer-policy": "same-origin",
        "vary": "Cookie, Accept-Language",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
    }


def origin_for_policy(uri: str) -> str:
    """Return the source expression of a redirect URI: its origin, or its scheme where an application owns that."""
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https"):
        return f"{parts.scheme}:"
    if parts.hostname in ("127.0.0.1", "localhost", "::1"):
        host = "[::1]" if parts.hostname == "::1" else parts.hostname
        return f"{parts.scheme}://{host}:*"
    return f"{parts.scheme}://{parts.netloc}"


@cache
def environment() -> Environment:
    """Return the one environment of all templates: everything is escaped, and a missing name is a bug."""
    return Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def _language_links(request: Request) -> dict[str, str]:
    """Return for each language the address of this page in it."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return {locale.value: f"{request.url.path}?{urlencode([*kept, ('lang', locale.value)])}" for locale in Locale}
