"""Signing in from GraphiQL, as a person of the demo does it with two clicks."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.ide.test_browser import Ide, opened

NOTE = ".bekal-account [role=alert]"
ME = "query { me { name posts { role } } }"


class Demo(Ide):
    """GraphiQL on a demo."""

    async def sign_in(self, persona: str, *, in_post: bool = False) -> None:
        """Sign in as somebody of the demo, and act in the post that the person has besides being a participant."""
        await self.page.get_by_role("button", name="Sign in", exact=True).click()
        await self.page.locator(f'button[name="persona"][value="{persona}"]').click()
        if in_post:
            await self.page.locator('input[name="post"]:not([value="participant"])').check()
            await self.page.locator('button[name="decision"][value="allow"]').click()
        await expect(self.page.locator("details.bekal-account")).to_be_visible()

    async def ask(self, query: str) -> Any:
        """Run an operation and return the answer."""
        await self.fill("operation.graphql", query)
        await self.fill("response.json", "")
        return json.loads(await self.run())


@pytest.fixture
async def demo(browser: Browser, demo_site: str) -> AsyncIterator[Demo]:
    """GraphiQL at a first visit. Nothing may have gone wrong on the page when the test is over."""
    context, ide = await opened(browser, demo_site, Demo, viewport={"width": 1400, "height": 850})
    yield ide
    violations = await ide.violations()
    await context.close()
    assert violations == []
    assert ide.elsewhere == []
    assert ide.complaints == []


async def test_one_click_on_a_person_and_requests_carry_a_token(demo: Demo) -> None:
    await demo.sign_in("peserta")

    answer = await demo.ask(ME)

    assert answer["data"]["me"] == {"name": "Peserta Demo", "posts": []}
    await expect(demo.page.locator("details.bekal-account summary")).to_have_text("Peserta Demo participant")
    assert "code=" not in demo.page.url
    assert "eyJ" not in await demo.page.evaluate("JSON.stringify([localStorage, sessionStorage])")


async def test_an_officer_acts_in_his_role_with_its_scopes(demo: Demo) -> None:
    await demo.sign_in("petugas", in_post=True)

    await demo.page.locator("details.bekal-account summary").click()
    signed_in = demo.page.get_by_role("region", name="Signed in")

    await expect(signed_in).to_contain_text("Petugas Demo as officer")
    await expect(signed_in.locator("code", has_text="courses:review")).to_be_visible()
    await expect(signed_in.locator("code", has_text="courses:write")).to_have_count(0)


async def test_signing_out_lets_somebody_else_in(demo: Demo) -> None:
    await demo.sign_in("peserta")
    await demo.page.locator("details.bekal-account summary").click()
    await demo.page.get_by_role("button", name="Sign out").click()
    await expect(demo.page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()

    await demo.sign_in("auditor", in_post=True)

    assert (await demo.ask(ME))["data"]["me"]["name"] == "Auditor Demo"


async def test_an_old_token_is_renewed_without_a_word(demo: Demo) -> None:
    await demo.sign_in("peserta")
    await pass_minutes(demo.page, 5)

    async with demo.page.expect_response("**/oauth/token") as renewed:
        answer = await demo.ask(ME)

    assert (await renewed.value).status == 200
    assert answer["data"]["me"]["name"] == "Peserta Demo"


async def test_who_was_signed_out_elsewhere_is_told_so(demo: Demo) -> None:
    await demo.sign_in("peserta")
    account = await demo.page.context.new_page()
    await account.goto(f"{demo.site}/sign-out")
    await account.locator("main button[type=submit]").click()
    await pass_minutes(demo.page, 5)

    await demo.ask("{ __typename }")

    await expect(demo.page.locator(NOTE)).to_have_text("Your sign-in has ended.")
    demo.complaints.clear()  # Chromium writes every status of 400 and above into the console


@pytest.mark.parametrize(
    "query", ["code=stolen&state=forged&iss=x", "error=access_denied&error_description=%3Cimg%20src%3Dx%3E&state=s"]
)
async def test_an_answer_to_nothing_that_was_asked_signs_nobody_in(demo: Demo, query: str) -> None:
    tokens: list[str] = []
    demo.page.on("request", lambda request: tokens.append(request.url) if "/oauth/token" in request.url else None)

    await demo.page.goto(f"{demo.site}/graphiql?{query}")

    await expect(demo.page.locator(NOTE)).to_contain_text("belongs to no sign-in")
    assert demo.page.url == f"{demo.site}/graphiql"
    assert tokens == []


async def pass_minutes(page: Page, minutes: int) -> None:
    """Let the page's clock run ahead of the server's, so that a token seems old."""
    await page.evaluate(f"const now = Date.now; Date.now = () => now() + {minutes * 60_000}")
