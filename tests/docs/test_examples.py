"""Every operation that the documents show runs, and answers as they say."""

import ast
import re
from collections.abc import AsyncIterator, Iterator
from datetime import date
from pathlib import Path
from typing import Any, cast

import asyncpg
import orjson
import pytest
from graphql import GraphQLSchema, parse, validate

from demo.programme import programme
from demo.recipes import Recipe
from engine.graph import Graph
from engine.pool import Pool
from engine.run import Ask, Engine
from models.reference import load_reference
from rules.access import ANONYMOUS
from schema.graph import build
from tests.docs.reading import EXAMPLES, PAGES, ROOT, Block, blocks, example, name

GOOD = sorted(EXAMPLES.glob("*.graphql"))
REFUSED = sorted((EXAMPLES / "errors").glob("*.graphql"))
TEXTS = {example(path): path for path in [*GOOD, *REFUSED]}


def asked_by(path: Path) -> Ask:
    """Return what an example asks, with the variables that lie beside it."""
    values = path.with_suffix(".json")
    variables = orjson.loads(values.read_bytes()) if values.exists() else None
    return Ask(path.read_text(encoding="utf-8"), None, variables)


async def answer(engine: Engine, path: Path) -> Any:
    answered = await engine.answer(asked_by(path), ANONYMOUS, "docs")
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
    assert codes == [asked_by(path).document.splitlines()[0].removeprefix("# ")]


def shown(language: str) -> list[Block]:
    return [block for page in PAGES for block in blocks(page) if block.language == language]


@pytest.fixture(scope="module")
def graph() -> GraphQLSchema:
    return Graph(build()).schema


@pytest.mark.parametrize("block", shown("graphql"), ids=lambda block: block.place)
def test_an_operation_that_a_page_shows_is_an_example_or_valid(graph: GraphQLSchema, block: Block) -> None:
    assert block.text in TEXTS or validate(graph, parse(block.text)) == []


def pairs(page: Path) -> Iterator[tuple[Path, Block]]:
    """Pair each example that a page shows with the answer that the page shows after it."""
    asked: Path | None = None
    for block in blocks(page):
        if block.language == "graphql":
            asked = TEXTS.get(block.text)
        elif block.language == "json" and asked is not None and re.search('"(data|errors)"', block.text):
            yield asked, block


ANSWERS = [pytest.param(asked, block, id=block.place) for page in PAGES for asked, block in pairs(page)]


@pytest.mark.parametrize(("asked", "block"), ANSWERS)
async def test_an_answer_that_a_page_shows_has_the_form_of_the_real_one(
    engine: Engine, asked: Path, block: Block
) -> None:
    real = await answer(engine, asked)

    assert different(orjson.loads(block.text), real) == []


def different(shown: Any, real: Any, path: str = "$") -> list[str]:
    """Return where two answers differ in form: keys and kinds of value; figures and the length of lists may differ."""
    if isinstance(shown, dict) and isinstance(real, dict):
        one, other = cast("dict[str, Any]", shown), cast("dict[str, Any]", real)
        missing = [f"{path}.{key}" for key in sorted(one.keys() ^ other.keys())]
        return missing + [each for key in one.keys() & other.keys() for each in different(one[key], other[key], path)]
    if isinstance(shown, list) and isinstance(real, list):
        items, others = cast("list[Any]", shown), cast("list[Any]", real)
        return [f"{path}[] {item!r}" for item in items if others and all(different(item, each) for each in others)]
    if None in (shown, real) or isinstance(shown, type(real)):
        return []
    return [f"{path} is {shown!r}, in truth {real!r}"]


def test_every_example_is_shown_or_linked() -> None:
    texts = {block.text for block in shown("graphql")}
    pages = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)

    forgotten = [name(path) for text, path in TEXTS.items() if text not in texts and f"{path.name})" not in pages]

    assert forgotten == []


def test_the_plan_on_the_engine_page_is_the_one_that_is_made(engine: Engine) -> None:
    plan = engine.explain(asked_by(EXAMPLES / "course-page.graphql"), ANONYMOUS)

    page = ROOT / "docs" / "engine.md"
    sql = [without_spaces(block.text) for block in blocks(page) if block.language == "sql"]
    python = [ast.unparse(ast.parse(block.text)) for block in blocks(page) if block.language == "python"]
    assert without_spaces(plan["sql"][0]) in sql, "run 'bekal explain' on docs/examples/course-page.graphql"
    assert ast.unparse(ast.parse(plan["functions"][0])) in python, (
        "run 'bekal explain' on docs/examples/course-page.graphql"
    )


def without_spaces(text: str) -> str:
    """Return a statement without its white space, which a page lays out to be read."""
    return "".join(text.split())


@pytest.mark.parametrize(("total", "cost"), [("", 240), ("totalCount", 250)])
async def test_an_operation_costs_what_the_page_for_frontends_reckons(engine: Engine, total: str, cost: int) -> None:
    row = "nodes { code provider { name } runs(first: 10) { nodes { code } } }"

    assert engine.explain(Ask(f"{{ courses(first: 20) {{ {total} {row} }} }}"), ANONYMOUS)["cost"] == cost


@pytest.fixture(scope="module")
async def whole_programme(server: Any, migrated_template: str) -> AsyncIterator[Engine]:
    """The programme that ``make demo`` loads, as far as the README asks for it: up to its courses."""
    url: str = server.create("whole", migrated_template)
    connection = await asyncpg.connect(url)
    await load_reference(connection)
    for made in programme(Recipe(seed=1, on=date(2026, 11, 1))):
        await connection.copy_records_to_table(made.table, columns=made.columns, records=made.rows)
        if made.table == "courses":
            break
    await connection.close()
    pool = Pool(url, size=1)
    await pool.open()
    yield Engine(build(), pool, cursor_key=b"a key that only tests use, 32 byt", viewer=ANONYMOUS)
    await pool.close()
    server.drop(url)


async def test_the_answers_in_the_readme_are_those_of_the_demo(whole_programme: Engine) -> None:
    told = [(asked, block) for asked, block in pairs(ROOT / "README.md")]

    for asked, block in told:
        assert orjson.loads(block.text) == await answer(whole_programme, asked), asked.name
    assert len(told) == 3
