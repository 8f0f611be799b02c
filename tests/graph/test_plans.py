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
