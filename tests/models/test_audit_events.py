"""Nobody changes or removes what the audit holds, not even who owns the table."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import pytest

from rules.callers import prefix_of

if TYPE_CHECKING:
    from conftest import Rows

    Connection = asyncpg.Connection[asyncpg.Record]


@pytest.fixture
async def part(rows: "Rows", connection: "Connection") -> str:
    """The part that holds the audit's one row."""
    await rows.add("audit_events")
    return await connection.fetchval("SELECT tableoid::regclass::text FROM audit_events")


@pytest.mark.parametrize("where", ["whole", "part"])
@pytest.mark.parametrize("change", ["UPDATE {} SET action = 'a.b'", "DELETE FROM {}", "TRUNCATE {}"])
async def test_a_change_is_refused(change: str, where: str, part: str, connection: "Connection") -> None:
    with pytest.raises(asyncpg.RestrictViolationError, match="never changed or removed") as refused:
        await connection.execute(change.format("audit_events" if where == "whole" else part))

    assert refused.value.constraint_name == "audit_events_kept"


async def test_a_month_that_is_made_later_is_kept_as_well(connection: "Connection") -> None:
    await connection.execute("SELECT make_partitions(5)")
    last = await connection.fetchval(
        "SELECT max(relname) FROM pg_class WHERE relname LIKE 'audit_events_2%' AND relkind = 'r'"
    )

    with pytest.raises(asyncpg.RestrictViolationError):
        await connection.execute(f"TRUNCATE {last}")


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("fe80::1%eth0", "fe80::/48"),
        ("unix", None),
        ("", None),
        (None, None),
    ],
)
def test_of_an_address_its_network_is_kept(address: str | None, kept: str | None) -> None:
    assert prefix_of(address) == kept


LOOKED_UP = {
    "audit_events_by_person": "person_id",
    "audit_events_by_organisation": "organisation_id",
    "audit_events_by_subject": "subject_id",
}


@pytest.mark.parametrize("index", LOOKED_UP)
async def test_who_asks_for_the_latest_deeds_reads_an_index(index: str, connection: "Connection") -> None:
    await connection.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
    await connection.execute("SET LOCAL enable_sort = off")

    plan: list[Any] = await connection.fetch(
        f"EXPLAIN (COSTS off) SELECT * FROM audit_events WHERE {LOOKED_UP[index]} = '{UUID(int=1)}'"  # noqa: S608
        " ORDER BY id DESC LIMIT 20"
    )

    lines = [row[0] for row in plan]
    column = LOOKED_UP[index].removesuffix("_id")
    assert any("Index Scan Backward" in line and f"_{column}" in line for line in lines), lines
    assert not any("Sort" in line for line in lines), lines
