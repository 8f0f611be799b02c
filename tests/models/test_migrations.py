"""Migrations go up and down on a database with rows in it, are safe online, and make what the models describe."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.ext.asyncio import create_async_engine

from api import migrations
from models.reference import load_reference
from models.tables import Base

if TYPE_CHECKING:
    from conftest import Rows
    from sqlalchemy import Connection

ROOT = Path(__file__).parents[2]
SQUAWK = Path(sys.executable).with_name("squawk")
TABLES = [table.name for table in Base.metadata.sorted_tables]

PARTS = {
    "tables": """
        SELECT relname, relkind, reloptions FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind <> 'c' ORDER BY relname
    """,
    "columns": """
        SELECT attrelid::regclass::text, attname, format_type(atttypid, atttypmod), attnotnull, attgenerated,
            pg_get_expr(adbin, adrelid)
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
            LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped
        ORDER BY 1, 2
    """,
    "constraints": """
        SELECT conrelid::regclass::text, conname, contype, convalidated, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2
    """,
    "indexes": """
        SELECT indrelid::regclass::text, relname, pg_get_indexdef(indexrelid), indisvalid
        FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
        WHERE relnamespace = 'public'::regnamespace ORDER BY 1, 2
    """,
    "triggers": """
        SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid), tgenabled FROM pg_trigger
        WHERE NOT tgisinternal ORDER BY 1, 2
    """,
    "functions": """
        SELECT proname, pg_get_functiondef(oid) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace ORDER BY 1, 2
    """,
}
DESCRIBED_BY_MODELS = ("columns", "constraints", "indexes")
"""Triggers, functions and storage settings are the migrations' own."""

MONTH = re.compile(r"_\d{4}_\d{2}$")
"""A part of a table. Models describe the whole; a job makes the parts."""

Schema = dict[str, list[tuple[Any, ...]]]


async def schema_of(url: str) -> Schema:
    """Return everything that makes up the schema, but for Alembic's own table."""
    connection = await asyncpg.connect(url)
    try:
        return {
            part: [tuple(row) for row in await connection.fetch(query) if "alembic_version" not in str(row[0])]
            for part, query in PARTS.items()
        }
    finally:
        await connection.close()


async def contents_of(url: str) -> dict[str, list[Any]]:
    """Return every row of every table that is there."""
    connection = await asyncpg.connect(url)
    try:
        found = await connection.fetch("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')")
        there = {row["relname"] for row in found}
        return {
            table: await connection.fetch(f"SELECT * FROM {table} ORDER BY 1, 2")  # noqa: S608
            for table in TABLES
            if table in there
        }
    finally:
        await connection.close()


async def upgrade(url: str, revision: str = "head") -> None:
    """Migrate from within a running loop."""
    await asyncio.to_thread(migrations.upgrade, url, revision)


async def downgrade(url: str, revision: str) -> None:
    """Migrate down from within a running loop."""
    await asyncio.to_thread(migrations.downgrade, url, revision)


@pytest.fixture
async def seeded_url(fresh_database_url: str, rows_of: "type[Rows]") -> str:
    """A migrated database with at least one row in each table."""
    connection = await asyncpg.connect(fresh_database_url)
    await load_reference(connection)
    rows = rows_of(connection)
    region = await connection.fetchval("SELECT id FROM regions WHERE code = '32.73'")
    category = await connection.fetchval("SELECT id FROM categories WHERE position = 1")
    organisation = await rows.add("organisations", region_id=region)
    buyer = await rows.add("organisations", region_id=region)
    await rows.add("shareholdings", owner_id=buyer, owned_id=organisation)
    provider = await rows.add("providers", organisation_id=organisation, region_id=region)
    shop = await rows.add("marketplaces", organisation_id=await rows.add("organisations", region_id=region))
    await rows.add("payers", organisation_id=buyer)
    course = await rows.add("courses", provider_id=provider, category_id=category, mode="OFFLINE")
    run = await rows.add("runs", course_id=course, region_id=region, venue="Aula")
    await rows.add("sessions", run_id=run)
    await rows.add("listings", course_id=course, marketplace_id=shop)
    await rows.add("course_decisions", course_id=course)
    for stars in (3, 5):
        await rows.add("ratings", course_id=course, stars=stars)
    for table in TABLES:
        if not await connection.fetchval(f"SELECT count(*) FROM {table}"):  # noqa: S608
            await rows.add(table)
    await connection.close()
    assert all((await contents_of(fresh_database_url)).values())
    return fresh_database_url


async def test_each_step_down_and_up_again_makes_the_same_schema(seeded_url: str) -> None:
    revisions = await asyncio.to_thread(migrations.pending, await emptied(seeded_url))
    schemas: dict[str, Schema] = {}
    for revision in revisions:
        await upgrade(seeded_url, revision)
        schemas[revision] = await schema_of(seeded_url)

    for revision, below in zip(revisions[::-1], [*revisions[:-1][::-1], "base"], strict=True):
        await downgrade(seeded_url, below)
        await upgrade(seeded_url, revision)
        assert await schema_of(seeded_url) == schemas[revision]
        await downgrade(seeded_url, below)

    assert not any((await schema_of(seeded_url)).values())


async def emptied(url: str) -> str:
    """Take a database down to nothing and return its URL."""
    await downgrade(url, "base")
    return url


def narrowed(rows: list[Any], like: list[Any]) -> list[Any]:
    """Return rows without the columns that younger migrations gave them."""
    return [{column: row[column] for column in like[0].keys()} for row in rows]  # noqa: SIM118 - a record is no dict


async def test_rows_survive_the_way_down_and_up_where_their_table_does(seeded_url: str) -> None:
    before = await contents_of(seeded_url)

    await downgrade(seeded_url, "0004_listings_and_ratings")
    there = await contents_of(seeded_url)
    assert {table: narrowed(rows, rows) for table, rows in there.items()} == {
        table: narrowed(before[table], rows) for table, rows in there.items()
    }
    await downgrade(seeded_url, "0003_courses")
    assert await contents_of(seeded_url) == {
        table: rows for table, rows in there.items() if table not in {"listings", "ratings"}
    }
    await downgrade(seeded_url, "0001_regions")
    kept = await contents_of(seeded_url)
    assert kept == {table: before[table] for table in ("regions", "region_successions", "categories")}

    await upgrade(seeded_url)
    assert {table: rows for table, rows in (await contents_of(seeded_url)).items() if rows} == kept


async def test_figures_are_counted_anew_when_their_triggers_come_back(seeded_url: str) -> None:
    await downgrade(seeded_url, "0004_listings_and_ratings")
    connection = await asyncpg.connect(seeded_url)
    await connection.execute("DELETE FROM ratings WHERE stars = 3")

    await upgrade(seeded_url)

    assert tuple(await connection.fetchrow("SELECT rating_count, rating_sum FROM courses") or ()) == (1, 5)
    await connection.close()


async def test_a_rule_does_not_come_back_over_rows_that_break_it(seeded_url: str) -> None:
    await downgrade(seeded_url, "0006_places_and_times")
    connection = await asyncpg.connect(seeded_url)
    await connection.execute(
        "INSERT INTO shareholdings SELECT marketplaces.organisation_id, providers.organisation_id, 4000"
        " FROM marketplaces, providers; UPDATE shareholdings SET share_bp = 6000"
    )

    with pytest.raises(Exception, match="of its own group"):
        await upgrade(seeded_url)

    await connection.close()
    assert await asyncio.to_thread(migrations.current, seeded_url) == "0006_places_and_times"


async def test_two_processes_migrate_at_once(empty_database_url: str, fresh_database_url: str) -> None:
    command = [sys.executable, "-c", "import sys; from api.migrations import upgrade; upgrade(sys.argv[1])"]

    processes = [
        await asyncio.create_subprocess_exec(*command, empty_database_url, cwd=ROOT, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    errors = [(await process.communicate())[1] for process in processes]

    assert [process.returncode for process in processes] == [0, 0], errors
    assert await schema_of(empty_database_url) == await schema_of(fresh_database_url)


async def test_what_is_pending_is_named_oldest_first(empty_database_url: str) -> None:
    assert await asyncio.to_thread(migrations.current, empty_database_url) is None
    lacking = await asyncio.to_thread(migrations.pending, empty_database_url)
    assert lacking == sorted(lacking)

    await upgrade(empty_database_url, lacking[1])

    assert await asyncio.to_thread(migrations.current, empty_database_url) == lacking[1]
    assert await asyncio.to_thread(migrations.pending, empty_database_url) == lacking[2:]


@pytest.mark.parametrize("step", [migrations.upgrade, migrations.pending])
async def test_a_database_of_a_newer_version_is_left_alone(step: Any, fresh_database_url: str) -> None:
    connection = await asyncpg.connect(fresh_database_url)
    await connection.execute("UPDATE alembic_version SET version_num = '9999_future'")
    await connection.close()

    with pytest.raises(migrations.MigrationError, match="this version of Bekal does not know"):
        await asyncio.to_thread(step, fresh_database_url)


async def test_a_revision_that_is_not_there_is_answered_with_those_that_are(fresh_database_url: str) -> None:
    with pytest.raises(migrations.MigrationError, match="0001_regions, 0002_organisations"):
        await upgrade(fresh_database_url, "0042_answer")


async def test_a_table_in_use_is_not_waited_for(seeded_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "TABLE_WAIT_MS", 50)
    reader = await asyncpg.connect(seeded_url)
    transaction = reader.transaction()
    await transaction.start()
    await reader.execute("SELECT FROM listings")

    with pytest.raises(migrations.MigrationError, match="Run it again"):
        await downgrade(seeded_url, "0003_courses")

    await transaction.rollback()
    await reader.close()
    assert await asyncio.to_thread(migrations.current, seeded_url) == "0011_course_decisions"


def test_migrations_give_up_early_instead_of_holding_others_up() -> None:
    printed = migrations.script()

    assert printed.index("SET lock_timeout") < printed.index("CREATE TABLE")
    assert printed.index("SET statement_timeout") < printed.index("CREATE TABLE")


@pytest.mark.parametrize(
    ("span", "down", "allowed"),
    [
        ("base:head", False, ""),
        ("head:base", True, "ban-drop-table,ban-drop-function,ban-drop-column,ban-drop-default,ban-drop-sequence"),
    ],
    ids=["up", "down"],
)
def test_migrations_are_safe_online(span: str, allowed: str, tmp_path: Path, *, down: bool) -> None:
    file = tmp_path / "migrations.sql"
    file.write_text(migrations.script(span, down=down))
    # The command line's exclusions replace those of the file, so they are joined by hand on the way down.
    own = [line.split('"')[1] for line in (ROOT / "alembic/squawk.toml").read_text().splitlines() if '    "' in line]
    exclusions = ["--exclude", ",".join([*own, allowed])] if allowed else []

    found = subprocess.run(  # noqa: S603  the linter of our own environment, on our own migrations
        [SQUAWK, "--config", ROOT / "alembic/squawk.toml", *exclusions, file],
        capture_output=True,
        text=True,
        check=False,
    )

    assert found.returncode == 0, found.stdout


async def test_the_models_describe_what_migrations_make(fresh_database_url: str, empty_database_url: str) -> None:
    engine = create_async_engine(empty_database_url.replace("postgresql://", "postgresql+asyncpg://", 1))
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    await engine.dispose()

    migrated, described = await schema_of(fresh_database_url), await schema_of(empty_database_url)

    for part in DESCRIBED_BY_MODELS:
        assert [row for row in migrated[part] if not MONTH.search(row[0])] == described[part], part


async def test_alembic_finds_nothing_left_to_migrate(fresh_database_url: str) -> None:
    def known_to_alembic(_object: Any, name: str | None, kind: str, _reflected: bool, _to: Any) -> bool:  # noqa: FBT001
        # It compares expressions of indexes by their text; the test above does it through the catalogue.
        return kind != "index" and not MONTH.search(name or "")

    def differences(connection: "Connection") -> list[Any]:
        context = MigrationContext.configure(
            connection,
            opts={"compare_type": True, "compare_server_default": True, "include_object": known_to_alembic},
        )
        return compare_metadata(context, Base.metadata)

    engine = create_async_engine(fresh_database_url.replace("postgresql://", "postgresql+asyncpg://", 1))
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_rows_that_change_often_keep_room_on_their_page(fresh_database_url: str) -> None:
    tables = (await schema_of(fresh_database_url))["tables"]

    roomy = {name for name, _, options in tables if options and "fillfactor=85" in options}
    assert {"attempts", "courses", "runs", "jobs", "event_counter"} <= roomy
