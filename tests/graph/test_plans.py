"""The statements that the graph makes are good ones under the plans that PostgreSQL keeps."""

import asyncpg

from engine.run import Ask, Engine
from rules.access import ANONYMOUS


async def test_a_generic_plan_reads_a_list_from_the_index_of_what_is_on_sale(
    shared_engine: Engine, seeded_database_url: str
) -> None:
    statement = shared_engine.explain(Ask("{ courses(first: 20, orderBy: CHEAPEST) { nodes { code } } }"), ANONYMOUS)

    connection = await asyncpg.connect(seeded_database_url)
    await connection.execute(
        "SET plan_cache_mode = force_generic_plan; SET enable_sort = off; SET enable_seqscan = off"
    )
    await connection.execute(f"PREPARE page AS {statement['sql'][0]}")
    plan = await connection.fetch("EXPLAIN (COSTS off) EXECUTE page (21)")
    await connection.close()

    assert any("using courses_by_price" in row[0] for row in plan)


async def test_an_explained_node_shows_the_statements_of_the_types_that_are_asked_for(shared_engine: Engine) -> None:
    document = """
    query ($id: ID!) { node(id: $id) { id ... on Course { title } ...Place } }
    fragment Place on Node { ... on Region { name } }
    """

    explained = shared_engine.explain(Ask(document, None, {"id": "any"}), ANONYMOUS)

    assert [text.split("FROM ")[1].split(" ")[0] for text in explained["sql"]] == ["courses", "regions"]
