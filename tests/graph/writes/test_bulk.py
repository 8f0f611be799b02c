"""A whole catalogue at once: a result for each row, good rows written, and as many statements for one as for 500."""

from typing import Any

import pytest
from sqlalchemy import Engine, event

from tests.graph.writes.world import INSTITUTION, RIVAL, TRIAL, World, as_another, content, together


async def rows(world: World, *codes: str, **changes: Any) -> list[dict[str, Any]]:
    category = await world.category()
    return [content(category=category, ownCode=code, title=f"Kelas {code}") | changes for code in codes]


async def outcomes(world: World, rows: list[dict[str, Any]], who: Any = INSTITUTION, **more: Any) -> list[str]:
    payload = await world.write(who, "upsertCourses", rows=rows, **more)
    assert payload["errors"] == []
    return [result["outcome"] for result in payload["results"]]


async def test_rows_are_created_updated_and_confirmed_by_their_own_codes(world: World) -> None:
    first = await rows(world, "A1", "A2", "A3")
    assert await outcomes(world, first) == ["CREATED"] * 3

    first[1]["price"] = "1000"
    payload = await world.write(INSTITUTION, "upsertCourses", rows=[*first, *await rows(world, "A4")])

    assert [
        (result["outcome"], result["course"]["title"], result["course"]["revision"]) for result in payload["results"]
    ] == [
        ("UNCHANGED", "Kelas A1", 1),
        ("UPDATED", "Kelas A2", 2),
        ("UNCHANGED", "Kelas A3", 1),
        ("CREATED", "Kelas A4", 1),
    ]


async def test_a_bad_row_tells_why_and_the_others_are_written(world: World) -> None:
    good = await rows(world, "B1")
    bad = [
        *await rows(world, "B2", price="900000", hours=0),
        *await rows(world, "B3", "B3"),
        *await rows(world, "B4", ownCode=None),
        *await rows(world, "B5", category=good[0]["category"][:-4] + "AAAA"),
    ]

    payload = await world.write(INSTITUTION, "upsertCourses", rows=[*bad, *good])

    told = [[(error["code"], error["path"]) for error in result["errors"]] for result in payload["results"]]
    assert told == [
        [("BAD_HOURS", ["rows", "0", "hours"]), ("PRICE_ABOVE_OUTSIDE", ["rows", "0", "price"])],
        [("OWN_CODE_TWICE", ["rows", "1", "ownCode"])],
        [("OWN_CODE_TWICE", ["rows", "2", "ownCode"])],
        [("OWN_CODE_MISSING", ["rows", "3", "ownCode"])],
        [("CATEGORY_NOT_FOUND", ["rows", "4", "category"])],
        [],
    ]
    assert [result["outcome"] for result in payload["results"]] == ["REFUSED"] * 5 + ["CREATED"]


async def test_what_was_reviewed_stays_in_bulk_as_well(world: World) -> None:
    made = await rows(world, "C1", "C2", "C3")
    payload = await world.write(INSTITUTION, "upsertCourses", rows=made)
    for result, steps in zip(payload["results"], (1, 2, 3), strict=True):
        for step in ("submitCourse", "approveCourse", "publishCourse")[:steps]:
            await world.step(step, result["course"])

    dearer = [row | {"price": "310000"} for row in made]
    cheaper = [row | {"price": "290000"} for row in made]
    told = (await world.write(INSTITUTION, "upsertCourses", rows=dearer))["results"]

    assert [result["errors"][0]["code"] for result in told] == ["WRONG_STATE", "WRONG_STATE", "PRICE_RAISED"]
    assert await outcomes(world, made) == ["UNCHANGED"] * 3
    assert await outcomes(world, cheaper) == ["REFUSED", "REFUSED", "UPDATED"]


async def test_a_dry_run_tells_all_and_writes_nothing(world: World) -> None:
    known = await rows(world, "D1")
    await outcomes(world, known)
    wish = [*[row | {"hours": 99} for row in known], *await rows(world, "D2"), *await rows(world, "D3", hours=0)]
    before = await world.row("SELECT count(*), sum(revision), max(confirmed_at) FROM courses")

    assert await outcomes(world, wish, dryRun=True) == ["UPDATED", "CREATED", "REFUSED"]

    assert await world.row("SELECT count(*), sum(revision), max(confirmed_at) FROM courses") == before
    assert await outcomes(world, wish) == ["UPDATED", "CREATED", "REFUSED"]


async def test_codes_are_each_institutions_own(world: World) -> None:
    wish = await rows(world, "E1")

    for who in (INSTITUTION, RIVAL, TRIAL):
        assert await outcomes(world, wish, who) == ["CREATED"]
        assert await outcomes(world, wish, who) == ["UNCHANGED"]


@pytest.mark.parametrize("number", [0, 501])
async def test_so_many_rows_are_not_taken(world: World, number: int) -> None:
    wish = await rows(world, *(f"F{n}" for n in range(number)))

    payload = await world.write(INSTITUTION, "upsertCourses", rows=wish)

    assert [(error["code"], error["path"]) for error in payload["errors"]] == [("TOO_MANY_ROWS", ["rows"])]
    assert payload["results"] == []


async def test_five_hundred_rows_take_as_many_statements_as_two(world: World) -> None:
    counted: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        counted.append(statement)

    event.listen(Engine, "before_cursor_execute", count)
    numbers: list[int] = []
    for prefix, number in (("G", 2), ("H", 500)):
        wish = await rows(world, *(f"{prefix}{n}" for n in range(number)))
        await outcomes(world, wish)
        counted.clear()
        wish[0]["hours"] = 99
        more = await rows(world, f"{prefix}X")
        assert await outcomes(world, [*wish[:499], *more]) == [
            "UPDATED",
            *["UNCHANGED"] * (min(number, 499) - 1),
            "CREATED",
        ]
        numbers.append(len(counted))
    event.remove(Engine, "before_cursor_execute", count)

    assert numbers[0] == numbers[1]


async def test_the_same_catalogue_from_many_at_once_is_written_once(world: World) -> None:
    wish = await rows(world, *(f"I{n}" for n in range(20)))

    results = await together(*(outcomes(world, wish, as_another(INSTITUTION, n)) for n in range(6)))

    assert sorted(tuple(result) for result in results) == [("CREATED",) * 20, *[("UNCHANGED",) * 20] * 5]
