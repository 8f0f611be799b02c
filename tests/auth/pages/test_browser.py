"""The pages in a real Chromium: both languages, without JavaScript, on a small screen; passkeys with it.

``BEKAL_TEST_SCREENSHOTS`` names a folder in which each page is left as a picture.
"""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from auth.pages.consent import ConsentView, consent_page
from auth.pages.desk import Desk, for_signed_in, shown
from auth.pages.device import DeviceView
from auth.pages.rendering import Pages
from auth.pages.routes import people_routes
from auth.sessions import HeldPost, Sessions, SignedIn
from auth.site import Site
from rules.access import Role, Scope
from rules.authenticators import code_at, step_at
from rules.people import Locale

Town = Any

EMAIL = "siti@contoh.id"
OFFICE = "petugas@contoh.id"
SECRET = b"12345678901234567890"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CHROMIUM_ARGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
SMALL = {"width": 320, "height": 720}
HEADINGS = {
    "id": ["Masuk", "Masukkan kode", "Akun saya", "Keluar?", "Anda sudah keluar"],
    "en": ["Sign in", "Enter the code", "My account", "Sign out?", "You are signed out"],
}
CHECK = """
() => {
  const wrong = [];
  const visible = (e) => e.getClientRects().length > 0;
  if (document.documentElement.scrollWidth > innerWidth) wrong.push(`scrolls sideways: ${document.documentElement.scrollWidth}`);
  if (document.querySelectorAll("h1").length !== 1) wrong.push("not one h1");
  if (document.querySelectorAll("main").length !== 1) wrong.push("not one main");
  for (const e of document.querySelectorAll("input:not([type=hidden])"))
    if (!e.labels.length) wrong.push(`no label: ${e.name}`);
  for (const e of document.querySelectorAll("a, button"))
    if (!(e.getAttribute("aria-label") || e.textContent).trim()) wrong.push(`no name: ${e.outerHTML}`);
  for (const e of document.querySelectorAll("[aria-describedby], [aria-labelledby]"))
    for (const id of `${e.getAttribute("aria-describedby") || ""} ${e.getAttribute("aria-labelledby") || ""}`.split(" "))
      if (id && !document.getElementById(id)) wrong.push(`nothing has the id ${id}`);
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  if (new Set(ids).size !== ids.length) wrong.push("an id twice");
  const levels = [...document.querySelectorAll("h1, h2, h3")].map((e) => +e.tagName[1]);
  levels.forEach((level, at) => { if (at && level > levels[at - 1] + 1) wrong.push("a heading level left out"); });
  for (const e of document.querySelectorAll("button, input:not([type=hidden], [type=radio])"))
    if (visible(e) && e.getBoundingClientRect().height < 40) wrong.push(`small: ${e.outerHTML}`);
  const light = (c) => { const [r, g, b] = c.match(/[\\d.]+/g).map((v) => v / 255).map((v) => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; };
  const ground = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (!/, 0\\)|transparent/.test(c)) return c; } return "rgb(255, 255, 255)"; };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !visible(e) || e.closest("svg, script")) continue;
    const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
    if ((a + .05) / (b + .05) < 4.5) wrong.push(`contrast ${((a + .05) / (b + .05)).toFixed(2)}: ${walk.currentNode.data.trim()}`);
  }
  return wrong;
}
"""  # noqa: E501 - what an audit of accessibility looks for first


class QuietServer(uvicorn.Server):
    """Leaves the signals to pytest."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture none."""
        yield


class WaitingDevice:
    """One device that waits."""

    def __init__(self) -> None:
        self.allowed: bool | None = None

    async def find(self, db: Any, signed_in: SignedIn, user_code: str) -> DeviceView | None:
        """Know the one code."""
        del db
        if user_code.upper().replace("-", "") != "BCDFGHJK" or self.allowed is not None:
            return None
        scopes = [Scope.COURSES_REVIEW, Scope.AUDIT_READ]
        return DeviceView("BCDF-GHJK", "Alat Terminal", None, scopes, signed_in.posts, as_participant=True)

    async def decide(self, write: Any, signed_in: SignedIn, user_code: str, *, allow: bool, post_id: Any) -> bool:
        """Remember what was decided."""
        del write, signed_in, user_code, post_id
        self.allowed = allow
        return True


@asynccontextmanager
async def listening(app: Any, listener: socket.socket) -> AsyncGenerator[None]:
    """Serve while the block runs, in this loop: the database's connections belong to it."""
    server = QuietServer(uvicorn.Config(app, log_level="warning", lifespan="off"))
    task = asyncio.create_task(server.serve([listener]))
    yield
    server.should_exit = True
    await task


async def consent(desk: Desk, request: Request, db: Any, signed_in: SignedIn) -> Response:
    """Show a page of consent such as the OAuth server asks for."""
    del db
    posts = [
        HeldPost(signed_in.person_id, Role.INSTITUTION, None, "Lembaga Kursus Tunas Karya"),
        HeldPost(signed_in.browser_session_id, Role.MARKETPLACE, None, "PT Pasar Pelatihan Nusantara"),
    ]
    from datetime import timedelta  # noqa: PLC0415

    view = ConsentView(
        signed_in,
        "Toko Pelatihan",
        "PT Pasar Pelatihan Nusantara",
        [Scope.PROFILE_READ, Scope.LISTINGS_WRITE, Scope.CONSENTS_READ],
        timedelta(days=30),
        "/oauth/authorize",
        "https://pasar.example/kembali",
        posts=posts if "posts" in request.query_params else (),
        sandbox="posts" in request.query_params,
    )
    return consent_page(desk.pages, request, view)


class Site_:  # noqa: N801
    """The served pages."""

    def __init__(self, town: Town, url: str, device: WaitingDevice) -> None:
        self.town = town
        self.url = url
        self.device = device


@pytest.fixture
async def served(town: Town) -> AsyncIterator[Site_]:
    """The pages on a port of localhost."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://localhost:{listener.getsockname()[1]}"
        site = Site(url, town.desk.site.keys)
        desk = replace(town.desk, site=site, sessions=Sessions(site), pages=Pages(site))
        device = WaitingDevice()
        extra = Route("/consent", shown(desk, for_signed_in(consent)))
        app = Starlette(routes=[*people_routes(desk, device), extra])
        async with listening(app, listener):
            yield Site_(town, url, device)


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One Chromium; each test opens a context of its own."""
    if CHROMIUM is None:
        report = pytest.fail if os.environ.get("CI") else pytest.skip
        report("There is no Chromium on the PATH (Debian: apt-get install chromium).")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        yield browser
        await browser.close()


class Reader:
    """A person before a browser, who looks at every page."""

    def __init__(self, page: Page, language: str) -> None:
        self.page = page
        self.language = language
        self.pictures = Path(os.environ["BEKAL_TEST_SCREENSHOTS"]) if "BEKAL_TEST_SCREENSHOTS" in os.environ else None
        self.count = 0

    async def look(self, name: str) -> str:
        """Check the page as far as it can be checked, and return its heading."""
        await self.page.wait_for_load_state()
        assert await self.page.evaluate(CHECK) == []
        assert await self.page.locator("html").get_attribute("lang") == self.language
        if self.pictures is not None:
            self.count += 1
            path = self.pictures / f"{self.language}-{self.page.viewport_size['width']}-{name}.png"  # type: ignore[index]
            await self.page.screenshot(path=path, full_page=True)
        return (await self.page.locator("h1").text_content() or "").strip()

    async def fill(self, **fields: str) -> None:
        """Fill in fields by their names."""
        for name, value in fields.items():
            await self.page.locator(f"[name={name}]:not([type=hidden])").fill(value)

    async def press(self, form: str) -> None:
        """Send a form."""
        await self.page.locator(f"form[action='{form}'] button").first.click()


@asynccontextmanager
async def reader(browser: Browser, language: str, *, scripts: bool = False, **options: Any) -> AsyncGenerator[Reader]:
    """Open a browser that prefers a language."""
    context: BrowserContext = await browser.new_context(
        java_script_enabled=scripts, locale="id-ID" if language == "id" else "en-GB", **options
    )
    yield Reader(await context.new_page(), language)
    await context.close()


@pytest.mark.parametrize("size", [SMALL, {"width": 900, "height": 900}], ids=["small", "large-and-dark"])
@pytest.mark.parametrize("language", ["id", "en"])
async def test_a_participant_comes_in_and_out_without_a_script(
    chromium: Browser, served: Site_, language: str, size: dict[str, int]
) -> None:
    await served.town.add(EMAIL, locale=Locale(language))
    seen: list[str] = []
    scheme = "light" if size is SMALL else "dark"
    async with reader(chromium, language, viewport=size, color_scheme=scheme) as person:
        await person.page.goto(f"{served.url}/sign-in")
        seen.append(await person.look("sign-in"))
        await person.press("/sign-in")
        await person.look("sign-in-empty")
        await person.fill(contact=EMAIL, password="salah sekali ini")
        await person.press("/sign-in")
        await person.look("sign-in-wrong")
        await person.fill(contact=EMAIL, password="kuda laut biru terbang")
        await person.press("/sign-in")
        seen.append(await person.look("code"))
        await person.fill(code="000000")
        await person.press("/sign-in/code")
        await person.look("code-wrong")
        await person.fill(code=await served.town.code(EMAIL))
        await person.press("/sign-in/code")
        seen.append(await person.look("account"))
        for name in ("consent", "consent?posts"):
            await person.page.goto(f"{served.url}/{name}")
            await person.look(name.replace("?", "-"))
        await person.page.goto(f"{served.url}/sign-out")
        seen.append(await person.look("sign-out"))
        await person.press("/sign-out")
        seen.append(await person.look("signed-out"))

    assert seen == HEADINGS[language]


@pytest.mark.parametrize("language", ["id", "en"])
async def test_an_account_is_made_by_a_link_without_a_script(chromium: Browser, served: Site_, language: str) -> None:
    async with reader(chromium, language, viewport=SMALL) as person:
        await person.page.goto(f"{served.url}/sign-in")
        await person.page.locator("a[href^='/sign-in/link']").click()
        await person.look("link")
        await person.fill(contact="0812 3456 7890")
        await person.press("/sign-in/link")
        await person.look("link-sent")
        text = (await served.town.messages("0812 3456 7890"))[0]
        await person.page.goto(next(word for word in text.split() if word.startswith("http")))
        await person.look("password")
        await person.fill(name="Orang Baru", password="1234567890")
        await person.press("/sign-in/password")
        await person.look("password-common")
        await person.fill(name="Orang Baru", password="kuda laut biru terbang")
        await person.press("/sign-in/password")
        await person.look("password-set")
        await person.fill(contact="+62 812-3456-7890", password="kuda laut biru terbang")
        await person.press("/sign-in")
        await person.look("code-phone")
        await person.fill(code=await served.town.code("081234567890"))
        await person.press("/sign-in/code")

        assert "Orang Baru" in await person.page.locator("main").inner_text()


@pytest.mark.parametrize("language", ["id", "en"])
async def test_staff_set_up_an_authenticator_and_let_a_device_in(
    chromium: Browser, served: Site_, language: str
) -> None:
    await served.town.add(OFFICE, role=Role.OFFICER, locale=Locale(language))
    async with reader(chromium, language, viewport=SMALL) as person:
        await person.page.goto(f"{served.url}/device?user_code=BCDF-GHJK")
        await person.fill(contact=OFFICE, password="kuda laut biru terbang")
        await person.press("/sign-in")
        await person.fill(code=await served.town.code(OFFICE))
        await person.press("/sign-in/code")
        await person.look("enrol")
        await person.fill(code="000000")
        await person.press("/sign-in/enrol")
        await person.look("enrol-wrong")
        await person.fill(code=await authenticator_code(person.page))
        await person.press("/sign-in/enrol")
        await person.look("device")
        await person.press("/device")
        await person.look("device-confirm")
        await person.press("/device/decision")
        await person.look("device-allowed")
        assert served.device.allowed is True
        await person.page.goto(f"{served.url}/account")
        await person.look("account-staff")


async def authenticator_code(page: Page) -> str:
    """Return what an application shows that was given the key of the page."""
    from base64 import b32decode  # noqa: PLC0415
    from datetime import UTC, datetime  # noqa: PLC0415

    key = (await page.locator("code.key").inner_text()).replace(" ", "")
    return code_at(b32decode(key), step_at(datetime.now(UTC)))


async def test_staff_use_a_passkey(chromium: Browser, served: Site_) -> None:
    await served.town.add(OFFICE, role=Role.OFFICER, secret=SECRET)
    async with reader(chromium, "en", scripts=True, viewport=SMALL) as person:
        wire: Any = await person.page.context.new_cdp_session(person.page)
        await wire.send("WebAuthn.enable")
        options = {"protocol": "ctap2", "transport": "internal", "hasUserVerification": True, "isUserVerified": True}
        options |= {"hasResidentKey": True, "automaticPresenceSimulation": True}
        await wire.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        await person.page.goto(f"{served.url}/sign-in")
        await person.fill(contact=OFFICE, password="kuda laut biru terbang")
        await person.press("/sign-in")
        await person.look("factor")
        await person.fill(code=served.town.authenticator_code(SECRET))
        await person.press("/sign-in/authenticator")
        await person.page.locator("a[href='/account/passkeys']").click()
        await person.look("passkey")
        await person.fill(name="Laptop")
        await person.press("/account/passkeys")
        await person.page.locator("text=The second proof is saved.").wait_for()
        await person.look("account-passkey")
        await person.press("/sign-out")
        await person.page.goto(f"{served.url}/sign-in")
        await person.fill(contact=OFFICE, password="kuda laut biru terbang")
        await person.press("/sign-in")
        await person.look("factor-both")
        await person.press("/sign-in/passkey")
        await person.page.wait_for_url("**/account")

        assert "Laptop" in await person.page.locator("main").inner_text()
