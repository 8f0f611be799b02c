"""GraphiQL as a person meets it, in a real Chromium that may speak to nobody but the server."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, TypeVar

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Error, Page, expect

Opened = TypeVar("Opened", bound="Ide")

WAIT_S = 30
WATCH_VIOLATIONS = """
globalThis.violations = [];
addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
  violations.push(`${violatedDirective} ${blockedURI}`);
});
"""
TEXT_OF = """
(suffix) => __MONACO.editor.getModels().find((model) => model.uri.path.endsWith(suffix)).getValue()
"""
FILL = """
([suffix, text]) => __MONACO.editor.getModels().find((model) => model.uri.path.endsWith(suffix)).setValue(text)
"""


class Ide:
    """The page, and everything that went wrong on it."""

    def __init__(self, page: Page, site: str) -> None:
        self.page = page
        self.site = site
        self.elsewhere: list[str] = []
        self.complaints: list[str] = []
        page.context.on("request", lambda request: self._note(request.url))
        page.context.on("console", self._hear)
        page.on("pageerror", self._catch)

    async def open(self) -> None:
        """Load the page and wait until somebody could work with it."""
        await self.page.goto(f"{self.site}/graphiql")
        await expect(self.page.locator(".graphiql-query-editor .view-line").first).to_be_visible()
        await expect(self.page.get_by_label("Re-fetch GraphQL schema").locator(".graphiql-spin")).to_have_count(0)

    async def show(self, panel: str) -> None:
        """Open a panel by its button."""
        await self.page.get_by_role("button", name=f"Show {panel}").click()

    async def run(self) -> str:
        """Run the query and return the answer as it is shown."""
        async with self.page.expect_response(f"{self.site}/graphql"):
            await self.page.get_by_role("button", name="Execute query").click()
        async with asyncio.timeout(WAIT_S):
            # The page's policy lets no script of ours wait in it: only the first look would be allowed.
            while not (answer := await self.text("response.json")):  # noqa: ASYNC110 - see above
                await asyncio.sleep(0.02)
        return answer

    async def fill(self, suffix: str, text: str) -> None:
        """Replace what an editor holds at once; typed key by key, it would close every bracket by itself."""
        await self.page.evaluate(FILL, [suffix, text])

    async def text(self, suffix: str) -> str:
        """Return what an editor holds."""
        return await self.page.evaluate(TEXT_OF, suffix)

    async def violations(self) -> list[str]:
        """Return what the page's policy had to stop."""
        return await self.page.evaluate("violations")

    def _note(self, url: str) -> None:
        if not url.startswith((f"{self.site}/", "data:")):
            self.elsewhere.append(url)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def _catch(self, error: Error) -> None:
        self.complaints.append(str(error))


async def opened(
    browser: Browser, site: str, kind: type[Opened] = Ide, **options: Any
) -> tuple[BrowserContext, Opened]:
    """Return a context, as of a visitor who was never here, and the page opened in it."""
    context = await browser.new_context(locale="en-GB", **options)
    await context.add_init_script(WATCH_VIOLATIONS)
    ide = kind(await context.new_page(), site)
    await ide.open()
    return context, ide


@pytest.fixture
async def ide(browser: Browser, site: str) -> AsyncIterator[Ide]:
    """GraphiQL at a first visit. Nothing may have gone wrong on the page when the test is over."""
    context, ide = await opened(browser, site, viewport={"width": 1400, "height": 850})
    yield ide
    violations = await ide.violations()
    await context.close()
    assert violations == []
    assert ide.elsewhere == []
    assert ide.complaints == []


async def test_a_newcomer_runs_an_example_and_finds_it_in_the_history(ide: Ide) -> None:
    assert await ide.page.title() == "Bekal"
    examples = ide.page.get_by_role("region", name="Examples").get_by_role("button")
    await expect(examples.first).to_have_attribute("aria-current", "true")

    answer = await ide.run()

    assert answer.startswith('{\n  "data": {')
    await expect(ide.page.get_by_role("status")).to_contain_text("HTTP 200")
    await ide.show("History")
    name = await ide.page.locator(".graphiql-tab").first.inner_text()
    await expect(ide.page.locator(".graphiql-history-item")).to_have_count(1)
    await expect(ide.page.locator(".graphiql-history-item")).to_contain_text(name)


async def test_an_example_opens_in_its_own_tab_and_only_once(ide: Ide) -> None:
    examples = ide.page.get_by_role("region", name="Examples").get_by_role("button")
    tabs = ide.page.locator(".graphiql-tab")
    first = await ide.text("operation.graphql")

    await examples.nth(1).click()
    await expect(tabs).to_have_count(2)
    second = await ide.text("operation.graphql")
    await examples.nth(0).click()
    await examples.nth(1).click()

    assert second != first
    await expect(tabs).to_have_count(2)
    assert await ide.text("operation.graphql") == second


async def test_the_schema_is_read_searched_and_completed_from(ide: Ide) -> None:
    await ide.show("Documentation Explorer")
    docs = ide.page.get_by_role("region", name="Documentation Explorer")
    await expect(docs).to_contain_text("query: Query")
    await docs.get_by_role("link", name="Query").click()
    await expect(docs.get_by_role("link", name="courses", exact=True)).to_be_visible()

    await ide.fill("operation.graphql", "")
    await ide.page.locator(".graphiql-query-editor .view-lines").click()
    await ide.page.keyboard.type("{ cou")

    await expect(ide.page.get_by_role("option", name="courses", exact=True)).to_be_visible()


async def test_the_explorer_builds_a_query(ide: Ide) -> None:
    await ide.fill("operation.graphql", "query Built { __typename }")

    await ide.show("Explorer")
    await ide.page.locator(".graphiql-explorer-root").get_by_text("categories", exact=True).click()

    await ide.page.wait_for_function(f"({TEXT_OF})('operation.graphql').includes('categories')")


async def test_headers_are_sent_and_never_kept(ide: Ide) -> None:
    await ide.page.get_by_role("button", name="Headers").click()
    assert "Bekal-Explain" in await ide.text("request-headers.json")
    await ide.fill("request-headers.json", '{"Bekal-Explain": "1", "X-Token": "secret-of-mine"}')

    async with ide.page.expect_request(lambda request: request.headers.get("x-token") == "secret-of-mine"):
        answer = await ide.run()

    assert '"explain": {' in answer
    await ide.show("History")
    await expect(ide.page.locator(".graphiql-history-item").first).to_be_visible()
    await ide.page.wait_for_function("JSON.stringify(localStorage).includes('tabState')")
    assert "secret-of-mine" not in await ide.page.evaluate("JSON.stringify(localStorage)")


async def test_a_refused_query_is_shown_as_the_server_answered(ide: Ide) -> None:
    await ide.fill("operation.graphql", "{ noSuchField }")

    answer = await ide.run()

    assert '"errors"' in answer
    assert "noSuchField" in answer
    ide.complaints.clear()  # Chromium writes every status of 400 and above into the console


async def test_the_page_follows_the_systems_colours(ide: Ide) -> None:
    ground = "getComputedStyle(document.querySelector('.graphiql-container')).backgroundColor"

    await ide.page.emulate_media(color_scheme="dark")
    dark = await ide.page.evaluate(ground)
    await ide.page.emulate_media(color_scheme="light")
    light = await ide.page.evaluate(ground)

    assert (dark, light) == ("rgb(33, 42, 59)", "rgb(255, 255, 255)")


async def test_on_a_narrow_window_the_answer_is_below_the_query_and_a_panel_covers_both(
    browser: Browser, site: str
) -> None:
    context, ide = await opened(browser, site, viewport={"width": 420, "height": 800})
    query, answer = ide.page.locator(".graphiql-editors"), ide.page.locator(".graphiql-response")

    boxes = [await query.bounding_box(), await answer.bounding_box()]
    await ide.show("Examples")
    covered = not await query.is_visible()
    await ide.page.get_by_role("region", name="Examples").get_by_role("button").nth(1).click()
    await expect(query).to_be_visible()
    tabs = await ide.page.locator(".graphiql-tab").count()
    await context.close()

    assert boxes[0] and boxes[1]  # noqa: PT018
    assert boxes[0]["y"] + boxes[0]["height"] <= boxes[1]["y"]
    assert boxes[0]["width"] > 300
    assert covered
    assert tabs == 2
