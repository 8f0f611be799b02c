"""Mutations: performed in order, each read back by planned statements; the oracle answers and leaves the same rows."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import asyncpg
import hypothesis.strategies as st
import orjson
import pytest
from graphql import parse, validate
from hypothesis import assume, given
from hypothesis_graphql import mutations

from engine.ids import encoder
from engine.run import Ask
from tests.engine.duel import Ring
from tests.engine.library import data
from tests.engine.library.graph import build
from tests.engine.library.reads import Viewer
from tests.engine.library.tables import ARRAY_TYPES
from tests.engine.library.writes import Desk
from tests.engine.operations import Mixer
from tests.engine.test_documents import VIEWERS
from tests.engine.test_oracle import LIBRARY_SCALARS, library_values, repeated

LIBRARIAN = VIEWERS["librarian"]
OPEN, LOCKED = (encoder("Sh")(data.key(data.SHELF, number)) for number in (0, 1))
MEMBER = encoder("Me")(data.key(data.MEMBER, 4))
BOOK, OTHER = (encoder("Bo")(data.key(data.BOOK, number)) for number in (1, 2))

CLASSES = """
    fragment E on UserError { __typename message path ... on TitleTaken { book { title shelf { name } } }
        ... on TitleRefused { longest } }
"""
ADD = f"""mutation Add($input: AddBookInput!) {{ addBook(input: $input) {{
    __typename note by book {{ id title private tags owner {{ name }} shelf {{ name }} }} shelf {{ name books {{ totalCount }} }}
    errors {{ ...E }} }} }} {CLASSES}"""


MANY = """mutation ($input: AddBooksInput!) { addBooks(input: $input) {
    results { index book { id title private owner { name } shelf { name } loans { totalCount } }
        problem { __typename ... on TitleTaken { message book { title } } ... on UserError { path } ... on TitleRefused { longest } } }
    shelves { name } } }"""


def row(title: str, shelf: str = OPEN, **more: Any) -> dict[str, Any]:
    return {"title": title, "shelf": shelf, **more}


class Writing:
    """Engine and oracle over a library whose rows are made what they were before each of them writes."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.desk = Desk(url)
        self.ring = Ring(build(), build(), url, viewer=Viewer(), array_types=ARRAY_TYPES, services=self.desk)

    def restore(self) -> None:
        self.ring.call(data.restore(self.url))
        self.desk.done.clear()

    def answer(self, document: str, viewer: Any = LIBRARIAN, **variables: Any) -> dict[str, Any]:
        """Return what the engine alone answers."""
        self.restore()
        answer = self.ring.engine_answer(Ask(document, None, variables), viewer)
        return orjson.loads(answer.body)

    def fight(self, document: str, viewer: Any = LIBRARIAN, **variables: Any) -> dict[str, Any]:
        """Let both write, and compare their answers and what they left."""
        answer = self.answer(document, viewer, **variables)
        left = self.ring.call(self.rows()), list(self.desk.done)
        self.restore()
        verdict = self.ring.oracle.answer(document, viewer, variables)
        self.ring.judge(answer, verdict, Ask(document, None, variables))
        if "data" in answer:
            assert (self.ring.call(self.rows()), list(self.desk.done)) == left
        return answer

    async def rows(self) -> list[Any]:
        connection: Any = await asyncpg.connect(self.url)
        try:
            return await connection.fetch("SELECT * FROM books ORDER BY id")
        finally:
            await connection.close()


@pytest.fixture(scope="module")
def writing(server: Any) -> Iterator[Writing]:
    url: str = server.create("written")
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, data.make(url)).result()
    writing = Writing(url)
    yield writing
    writing.ring.close()


DOCUMENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "one": (ADD, {"input": {"row": row("New")}}),
    "a nested input": (ADD, {"input": {"row": row("New", tags=["a", "b"]), "ownership": {"owner": MEMBER, "private": True}}}),
    "null is not nothing": (ADD, {"input": {"row": row("New"), "note": None, "ownership": None}}),
    "a note": (ADD, {"input": {"row": row("New"), "note": "it's"}}),
    "a locked shelf": (ADD, {"input": {"row": row("New", LOCKED)}}),
    "a title that is taken": (ADD, {"input": {"row": row("Zinc_ore 0")}}),
    "a title that is too long": (ADD, {"input": {"row": row("x" * 21)}}),
    "a failure": (ADD, {"input": {"row": row("boom")}}),
    "a rejection": (ADD, {"input": {"row": row("reject")}}),
    "a bad id": (ADD, {"input": {"row": row("New", MEMBER)}}),
    "literals": (f"""mutation ($t: String!) {{ addBook(input: {{row: {{title: $t, shelf: "{OPEN}", tags: ["x"]}}, note: "n"}}) {{
        note book {{ title tags }} }} }}""", {"t": "Literal"}),
    "several in order": ("""mutation ($s: ID!) { a: count { books newest { title } }
        b: addBook(input: {row: {title: "B", shelf: $s}}) { book { title loans { totalCount } } errors { message } }
        again: addBook(input: {row: {title: "B", shelf: $s}}) { errors { ...E } } c: count { books newest { title } } }""" + CLASSES,
        {"s": OPEN}),
    "each is read back before the next": (f"""mutation {{ a: retitle(book: "{BOOK}", title: "First") {{ newest {{ title }} }}
        b: retitle(book: "{BOOK}", title: "Second") {{ newest {{ title stars lastLoan {{ book {{ title }} }} }} }} }}""", {}),
    "a failure between": (f"""mutation {{ a: count {{ books }} b: addBook(input: {{row: {{title: "boom", shelf: "{OPEN}"}}}}) {{ note }}
        c: addBook(input: {{row: {{title: "C", shelf: "{OPEN}"}}}}) {{ note fragile book {{ title heft }} }} d: count {{ books }} }}""", {}),
    "a payload that is null": (f'mutation {{ retitle(book: "{encoder("Bo")(data.key(data.BOOK, 999))}", title: "X") {{ books }} }}', {}),
    "only a type name": (f'mutation {{ __typename retitle(book: "{BOOK}", title: "X") {{ __typename }} }}', {}),
    "conditions": (f"""mutation ($no: Boolean!) {{ a: retitle(book: "{BOOK}", title: "A") @skip(if: $no) {{ books }}
        b: retitle(book: "{OTHER}", title: "B") @include(if: $no) {{ books newest @skip(if: $no) {{ title }} }} }}""", {"no": True}),
    "merged": ("mutation { count { books } count { newest { id } } ...F } fragment F on Mutation { count { newest { title } } }", {}),
    "a row that is gone": (f'mutation {{ burn(book: "{BOOK}") {{ books newest {{ title }} }} }}', {}),
    "slots in a payload": (f"""mutation {{ retitle(book: "{BOOK}", title: "X") {{ newest {{ title related {{ title stars
        condition {{ grade reader {{ name near {{ name }} }} }} }} owner {{ things {{ ... on Book {{ title fragile }} }} }} }} }} }}""", {}),
    "a page in a payload": (f"""mutation {{ retitle(book: "{BOOK}", title: "X") {{ newest {{ loans(first: 1) {{
        edges {{ cursor node {{ fee member {{ name }} }} }} pageInfo {{ hasNextPage endCursor }} }} }} }} }}""", {}),
    "many": (MANY, {"input": {"rows": [row("A"), row("Zinc_ore 0"), row("B", LOCKED), row("y" * 30), row("A")]}}),
    "many in lists of lists": (
        MANY, {"input": {"rows": [row("A"), row("B")], "groups": [[{"owner": MEMBER}, {"private": True}], []]}},
    ),
    "none": (MANY, {"input": {"rows": []}}),
    "a bad id among many": (MANY, {"input": {"rows": [row("A"), row("B", "nonsense")]}}),
    "many of which one fails": (MANY, {"input": {"rows": [row("A"), row("boom")]}}),
    "many as literals": (f"""mutation ($t: String!) {{ addBooks(input: {{rows: [{{title: $t, shelf: "{OPEN}"}},
        {{title: "x", shelf: "{LOCKED}", tags: [$t]}}]}}) {{ results {{ book {{ title tags }} }} }} }}""", {"t": "T"}),
}  # fmt: skip


@pytest.mark.parametrize("viewer", VIEWERS)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_engine_writes_and_answers_as_the_oracle_does(writing: Writing, name: str, viewer: str) -> None:
    document, variables = DOCUMENTS[name]

    writing.fight(document, VIEWERS[viewer], **variables)


def test_a_failure_is_the_error_of_its_field_and_the_rest_goes_on(writing: Writing) -> None:
    document, variables = DOCUMENTS["a failure between"]

    answer = writing.answer(document, **variables)

    assert answer["data"]["b"] is None
    assert answer["data"]["d"]["books"] == answer["data"]["a"]["books"] + 1
    assert [(error["path"], error["extensions"]["code"]) for error in answer["errors"]] == [
        (["b"], "INTERNAL"),
        (["c", "fragile"], "INTERNAL"),
        (["c", "book", "heft"], "INTERNAL"),
    ]
    assert "canary" not in str(answer)


def test_a_rejection_is_told_as_it_is(writing: Writing) -> None:
    (error,) = writing.answer(*DOCUMENTS["a rejection"][:1], **DOCUMENTS["a rejection"][1])["errors"]

    assert (error["message"], error["path"]) == ("No such title. Choose another.", ["addBook"])
    assert (error["extensions"]["code"], error["extensions"]["argument"]) == ("BAD_USER_INPUT", "input.row.title")


def test_a_bad_id_tells_where_it_stands(writing: Writing) -> None:
    (error,) = writing.answer(MANY, input={"rows": [row("A"), row("B", "nonsense")]})["errors"]

    assert (error["extensions"]["code"], error["extensions"]["argument"]) == ("BAD_ID", "input.rows.1.shelf")


def test_a_payload_is_read_by_one_statement_for_each_kind_of_row_however_many_there_are(writing: Writing) -> None:
    def statements(count: int) -> int:
        writing.restore()
        rows = [row(f"Row {number}") for number in range(count)]
        answer = writing.ring.engine_answer(Ask(MANY, None, {"input": {"rows": rows}}, explain=True), LIBRARIAN)
        return orjson.loads(answer.body)["extensions"]["explain"]["statements"]

    assert [statements(1), statements(30)] == [2, 2]


def test_one_plan_serves_whatever_a_mutation_is_given(writing: Writing) -> None:
    inputs: list[Any] = [
        {"row": row("New")},
        {"row": row("New", tags=[]), "note": None},
        {"row": row("New", tags=["x"]), "note": "n", "ownership": {"private": True}},
    ]
    writing.restore()

    before = len(writing.ring.engine._plans)
    document = ADD.replace("Add(", "Planned(")
    for wish in inputs:
        writing.ring.engine_answer(Ask(document, None, {"input": wish}), LIBRARIAN)

    assert len(writing.ring.engine._plans) == before + 1


def test_what_a_payload_is_asked_with_still_shapes_its_plan(writing: Writing) -> None:
    document = """mutation ($b: ID!, $t: String!, $r: Boolean, $f: Fail) { retitle(book: $b, title: $t) {
        newest { title loans(returned: $r) { totalCount } fragile(fail: $f) } } }"""

    for returned in (None, True, False):
        for fail in ("NONE", "SOME"):
            writing.fight(document, b=BOOK, t="T", r=returned, f=fail)
    writing.fight(
        document.replace("title: $t", "title: $t) @include(if: $r").replace("Boolean,", "Boolean!,"),
        b=BOOK,
        t="T",
        r=True,
    )


def test_a_default_stands_in_for_what_is_not_given_but_not_for_null(writing: Writing) -> None:
    document = f'mutation ($t: String = "default") {{ retitle(book: "{BOOK}", title: $t) {{ newest {{ title }} }} }}'

    writing.fight(document)
    writing.fight(document, t="given")
    refused = writing.answer(document, t=None)

    assert "data" not in refused
    assert refused["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert not writing.desk.done


def test_mutations_run_in_the_order_of_the_document(writing: Writing) -> None:
    writing.answer(*DOCUMENTS["several in order"][:1], **DOCUMENTS["several in order"][1])

    assert writing.desk.done == ["count", "add B", "add B", "count"]


def test_what_is_explained_is_not_performed(writing: Writing) -> None:
    async def explained() -> Any:
        return writing.ring.engine.explain(Ask(ADD, None, {"input": {"row": row("New")}}), LIBRARIAN)

    writing.restore()
    plan = writing.ring.call(explained())

    assert not writing.desk.done
    assert len(plan["sql"]) == 3  # the book, the shelf, the book of an error
    assert all(text.startswith("SELECT") for text in plan["sql"])


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (f'mutation {{ burn(book: "{BOOK}") {{ books }} count {{ books }} }}', "MUTATION_ALONE"),
        (f'mutation {{ burn(book: "{BOOK}") {{ books }} b: burn(book: "{OTHER}") {{ books }} }}', "MUTATION_ALONE"),
        (f'mutation {{ ...F b: burn(book: "{OTHER}") {{ books }} }} fragment F on Mutation {{ count {{ books }} }}', "MUTATION_ALONE"),
        ("mutation { " + " ".join(f"c{number}: count {{ books }}" for number in range(11)) + " }", "TOO_MANY_MUTATIONS"),
        ("subscription { count { books } }", "GRAPHQL_VALIDATION_FAILED"),
    ],
)  # fmt: skip
def test_what_may_not_be_sent_together_is_refused_before_anything_is_done(
    writing: Writing, document: str, code: str
) -> None:
    answer = writing.answer(document)

    assert "data" not in answer
    assert [error["extensions"]["code"] for error in answer["errors"]] == [code]
    assert not writing.desk.done


def test_one_field_asked_for_twice_under_one_key_is_one_attempt(writing: Writing) -> None:
    document = f'mutation {{ burn(book: "{BOOK}") {{ books }} burn(book: "{BOOK}") {{ newest {{ id }} }} __typename }}'

    answer = writing.answer(document)

    assert answer["data"]["burn"] == {"books": data.BOOKS - 1, "newest": None}


def test_mutations_that_have_begun_are_finished_when_nobody_waits_any_more(writing: Writing) -> None:
    document, variables = DOCUMENTS["several in order"]

    async def leave_in_the_middle() -> bool:
        begun = asyncio.Event()
        ask = Ask(document, None, variables, on_write=begun.set)
        waiting = asyncio.create_task(writing.ring.engine.answer(ask, LIBRARIAN, "req-gone"))
        await begun.wait()
        waiting.cancel()
        await asyncio.wait([waiting])
        await writing.ring.engine.finish()
        return waiting.cancelled()

    writing.restore()

    assert writing.ring.call(leave_in_the_middle())
    assert writing.desk.done == ["count", "add B", "add B", "count"]
    assert "B" in [each["title"] for each in writing.ring.call(writing.rows())]


@pytest.mark.parametrize("viewer", VIEWERS)
def test_whatever_is_written_is_answered_as_the_oracle_does(
    writing: Writing, viewer: str, oracle_examples: int, oracle_seed: int
) -> None:
    schema = writing.ring.engine.graph.schema
    drawn = [
        mutations(schema, custom_scalars=LIBRARY_SCALARS, allow_x00=False, fields=fields)
        for fields in (["addBook"], ["addBooks"], ["retitle"], ["addBook", "addBooks", "retitle", "count"])
    ]

    @given(text=st.one_of(drawn), number=st.integers(0, 2**32))
    def check(text: str, number: int) -> None:
        operation = Mixer(schema, Random(number), library_values()).mixed(text)  # noqa: S311 - test data
        assume(not validate(schema, parse(operation.document)))
        writing.fight(operation.document, VIEWERS[viewer], **operation.variables)
        writing.fight(operation.document, VIEWERS[viewer], **operation.others)

    repeated(check, oracle_seed, oracle_examples // 4)
