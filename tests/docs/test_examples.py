"""Every operation that the documents show runs, and answers as they say."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from graphql import GraphQLSchema, parse, validate

from engine.run import Ask, Engine
from rules.access import ANONYMOUS
from schema.graph import build
from tests.docs.reading import EXAMPLES, PAGES, ROOT, Block, blocks, example, name

GOOD = sorted(EXAMPLES.glob("*.graphql"))
REFUSED = sorted((EXAMPLES / "errors").glob("*.graphql"))
TEXTS = {example(path): path for path in [*GOOD, *REFUSED]}


async def answer(engine: Engine, path: Path) -> Any:
    values = path.with_suffix(".json")
    variables = orjson.loads(values.read_bytes()) if values.exists() else None
    answered = await engine.answer(Ask(path.read_text(encoding="utf-8"), None, variables), ANONYMOUS, "docs")
    return orjson.loads(answered.body)


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
async def test_an_example_answers_with_data(engine: Engine, path: Path) -> None:
    document = await answer(engine, path)

    assert "errors" not in document
    assert all(value for value in document["data"].values())


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path.stem)
async def test_a_refused_example_is_refused_for_the_reason_that_it_names(engine: Engine, path: Path) -> None:
    document = await answer(engine, path)

    codes = [error["extensions"]["code"] for error in document["errors"]]
    assert codes == [path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")]


def shown(language: str) -> list[Block]:
    return [block for page in PAGES for block in blocks(page) if block.language == language]


@pytest.fixture(scope="module")
def graph() -> GraphQLSchema:
    return build()._schema


@pytest.mark.parametrize("block", shown("graphql"), ids=lambda block: block.place)
def test_an_operation_that_a_page_shows_is_an_example_or_valid(graph: GraphQLSchema, block: Block) -> None:
    assert block.text in TEXTS or validate(graph, parse(block.text)) == []


def answers() -> list[Any]:
    """Pair each example that a page shows with the answer that the page shows after it."""
    pairs: list[Any] = []
    for page in PAGES:
        asked: Path | None = None
        for block in blocks(page):
            if block.language == "graphql":
                asked = TEXTS.get(block.text)
            elif block.language == "json" and asked is not None and ('"data"' in block.text or '"errors"' in block.text):
                pairs.append(pytest.param(asked, block, id=block.place))
    return pairs


@pytest.mark.parametrize(("asked", "block"), answers())
async def test_an_answer_that_a_page_shows_has_the_form_of_the_real_one(
    engine: Engine, asked: Path, block: Block
) -> None:
    real = await answer(engine, asked)

    assert different(orjson.loads(block.text), real) == []


def different(shown: Any, real: Any, path: str = "$") -> list[str]:
    """Return where two answers differ in form: keys and kinds of value; figures and the length of lists may differ."""
    if isinstance(shown, dict) and isinstance(real, dict):
        keys: list[str] = sorted({*shown, *real})
        missing = [f"{path}.{key}" for key in keys if key not in shown or key not in real]
        inner = [each for key in keys if key in shown and key in real for each in different(shown[key], real[key], f"{path}.{key}")]
        return missing + inner
    if isinstance(shown, list) and isinstance(real, list):
        return [each for item in shown for other in real[:1] for each in different(item, other, f"{path}[]")]
    if None in (shown, real) or isinstance(shown, type(real)):
        return []
    return [f"{path} is {shown!r}, in truth {real!r}"]


def test_every_example_is_shown_or_linked() -> None:
    texts = {block.text for block in shown("graphql")}
    pages = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)

    forgotten = [name(path) for text, path in TEXTS.items() if text not in texts and f"{path.name})" not in pages]

    assert forgotten == []


def test_the_plan_on_the_engine_page_is_the_one_that_is_made(engine: Engine) -> None:
    asked = EXAMPLES / "course-page.graphql"
    variables = orjson.loads(asked.with_suffix(".json").read_bytes())

    plan = engine.explain(Ask(asked.read_text(encoding="utf-8"), None, variables), ANONYMOUS)

    page = ROOT / "docs" / "engine.md"
    sql = [without_spaces(block.text) for block in blocks(page) if block.language == "sql"]
    python = [block.text for block in blocks(page) if block.language == "python"]
    assert without_spaces(plan["sql"][0]) in sql, "run 'bekal explain' on docs/examples/course-page.graphql"
    assert plan["functions"][0] in python, "run 'bekal explain' on docs/examples/course-page.graphql"


def without_spaces(text: str) -> str:
    """Return a statement without its white space, which a page lays out to be read."""
    return "".join(text.split())


@pytest.mark.parametrize(("total", "cost"), [("", 240), ("totalCount", 250)])
async def test_an_operation_costs_what_the_page_for_frontends_reckons(engine: Engine, total: str, cost: int) -> None:
    text = "{ courses(first: 20) { %s nodes { code provider { name } runs(first: 10) { nodes { code } } } } }" % total

    assert engine.explain(Ask(text), ANONYMOUS)["cost"] == cost
