"""Scopes: whoever lacks one is refused before any work, on every way to what needs it; what he may not meet is null."""

from dataclasses import replace
from typing import Any

import orjson
import pytest
import strawberry

from engine.checks import check
from engine.evolution import breaking_changes
from engine.graph import BadDeclarationError, Graph, Node
from engine.ids import encoder
from engine.pool import Pool
from engine.run import Ask, Engine
from engine.scopes import needs
from engine.sdl import public_sdl, subgraph_sdl
from engine.sources import EVERYONE, PUBLIC, batched, column, mutation
from tests.engine.duel import CURSOR_KEY, Ring
from tests.engine.library import answers, data, writes
from tests.engine.library import tables as rows
from tests.engine.library.graph import build
from tests.engine.library.reads import Viewer

NOWHERE = "postgresql://127.0.0.1:1/nowhere"
"""Nothing listens here: who is refused in time never finds out."""
SIGNED_IN = Viewer(signed_in=True)
LOAN, GONE = (encoder("Re")(data.key(data.LOAN, number)) for number in (2, 999))

RECEIPTS, MONEY = ["receipts:read"], ["money:read", "receipts:read"]
SECRETS = ["members:read", "secrets:read"]
WAYS: dict[str, tuple[str, list[str]]] = {
    "a list of the type": ("{ receipts { nodes { name } } }", RECEIPTS),
    "the type's count": ("{ receipts { totalCount } }", RECEIPTS),
    "the list's type name": ("{ receipts { __typename } }", RECEIPTS),
    "a page's edges": ("{ receipts { edges { node { amount } } } }", MONEY),
    "a field that shows the type": ("{ loans { nodes { receipt { __typename } } } }", RECEIPTS),
    "a field of its own": ("{ members { nodes { secret } } }", SECRETS),
    "a connection of its own": ("{ members { nodes { debts { totalCount } } } }", ["money:read"]),
    "node": ('{ node(id: "x") { ... on Receipt { name } } }', RECEIPTS),
    "node, only the type's name": ('{ node(id: "x") { ... on Receipt { __typename } } }', RECEIPTS),
    "node, only the id": ('{ node(id: "x") { ... on Receipt { id } } }', RECEIPTS),
    "nodes, by a field's own scopes": ("{ nodes(ids: []) { ... on Receipt { amount } } }", MONEY),
    "node, another type": ('{ node(id: "x") { ... on Member { secret } } }', SECRETS),
    "an interface": ("{ named(numbers: []) { ... on Receipt { book { title } } } }", RECEIPTS),
    "a union": ("{ _entities(representations: []) { ... on Receipt { name } } }", RECEIPTS),
    "a union's field": ("{ _entities(representations: []) { ... on Member { secret } } }", SECRETS),
    "an interface in an interface": (
        '{ node(id: "x") { ... on Named { ... on Node { ... on Receipt { name } } } } }', RECEIPTS),
    "a fragment": ('{ node(id: "x") { ...F } } fragment F on Node { ...G } fragment G on Receipt { amount }', MONEY),
    "a fragment without a condition": ("{ ... { receipts { nodes { ... { amount } } } } }", MONEY),
    "what is left out": ("query ($no: Boolean = false) { receipts @include(if: $no) { totalCount } }", RECEIPTS),
    "what is left out for good": ("{ members { nodes { name secret @skip(if: true) } } }", SECRETS),
    "a fragment that is left out": ("{ ...F @skip(if: true) } fragment F on Query { receipts { totalCount } }", RECEIPTS),
    "deep inside": ("{ books(first: 1) { nodes { loans(first: 1) { nodes { member { owned { owner { secret } } } } } } } }", SECRETS),
    "several at once": ("{ receipts { nodes { amount } } members { nodes { secret } } }", sorted({*MONEY, *SECRETS})),
    "under an alias": ("{ a: members { b: nodes { c: secret } } }", SECRETS),
    "a mutation": (f'mutation {{ retitle(book: "{LOAN}", title: "x") {{ books }} }}', ["books:write"]),
    "a mutation's payload": ("mutation { count { newest { loans { nodes { receipt { id } } } } } }", RECEIPTS),
    "beside introspection": ("{ __schema { types { name } } receipts { totalCount } }", RECEIPTS),
}  # fmt: skip


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(build(), Pool(NOWHERE), cursor_key=CURSOR_KEY, viewer=Viewer())


async def answered(engine: Engine, document: str, viewer: Viewer, name: str | None = None) -> tuple[int, Any]:
    answer = await engine.answer(Ask(document, name), viewer, "req-1")
    return answer.status, orjson.loads(answer.body)


@pytest.mark.parametrize("way", WAYS)
async def test_who_lacks_scopes_is_told_all_of_them_before_any_work(engine: Engine, way: str) -> None:
    document, missing = WAYS[way]

    status, answer = await answered(engine, document, SIGNED_IN)

    assert status == 403
    assert answer == {
        "errors": [
            {
                "message": "This token lacks scopes that the operation needs: "
                f"{', '.join(missing)}. Ask for them, or leave those fields out.",
                "extensions": {"code": "FORBIDDEN", "requestId": "req-1", "missing": missing},
            }
        ]
    }


@pytest.mark.parametrize("way", WAYS)
async def test_who_is_not_signed_in_is_asked_to(engine: Engine, way: str) -> None:
    document, missing = WAYS[way]

    status, answer = await answered(engine, document, Viewer())

    (error,) = answer["errors"]
    assert status == 401
    assert (error["extensions"]["code"], error["extensions"]["missing"]) == ("UNAUTHENTICATED", missing)
    assert error["message"].startswith(f"The operation needs a token with these scopes: {', '.join(missing)}. Sign in")


@pytest.mark.parametrize("way", WAYS)
async def test_all_but_one_scope_is_not_enough(engine: Engine, way: str) -> None:
    document, missing = WAYS[way]

    for lacking in missing:
        viewer = replace(SIGNED_IN, scopes=frozenset(missing) - {lacking})
        status, answer = await answered(engine, document, viewer)

        assert status == 403
        assert answer["errors"][0]["extensions"]["missing"] == [lacking]


@pytest.mark.parametrize("way", WAYS)
async def test_whoever_holds_them_is_let_through(engine: Engine, way: str) -> None:
    document, missing = WAYS[way]

    status, answer = await answered(engine, document, replace(SIGNED_IN, scopes=frozenset(missing)))

    codes = {error["extensions"]["code"] for error in answer.get("errors", [])}
    assert status not in (401, 403)
    assert codes <= {"UNAVAILABLE", "BAD_ID", "INTERNAL"}  # there is no database


async def test_only_the_operation_that_is_run_needs_scopes(engine: Engine) -> None:
    document = "query A { __typename } query B { receipts { totalCount } }"

    assert (await answered(engine, document, SIGNED_IN, "A"))[1] == {"data": {"__typename": "Query"}}
    assert (await answered(engine, document, SIGNED_IN, "B"))[0] == 403


@pytest.mark.parametrize(
    ("document", "nothing"),
    [
        ("query ($id: ID!) { node(id: $id) { id __typename } }", {"node": None}),
        ("query ($id: ID!) { nodes(ids: [$id]) { id } }", {"nodes": [None]}),
        ("query ($id: ID!) { node(id: $id) { ... on Named { name } } }", {"node": None}),
        (
            'query ($id: ID!) { _entities(representations: [{__typename: "Receipt", id: $id}]) { __typename } }',
            {"_entities": [None]},
        ),
    ],
)
def test_what_a_caller_may_not_meet_is_not_there(library: Ring, document: str, nothing: dict[str, Any]) -> None:
    def asked(text: str, *scopes: str) -> bytes:
        viewer = replace(SIGNED_IN, scopes=frozenset(scopes))
        return library.engine_answer(Ask(document, None, {"id": text}), viewer).body

    assert orjson.loads(asked(LOAN)) == {"data": nothing}
    assert asked(LOAN) == asked(GONE) == asked(GONE, "receipts:read")
    assert orjson.loads(asked(LOAN, "receipts:read")) != {"data": nothing}


def test_one_plan_serves_who_may_meet_a_type_and_who_may_not(library: Ring) -> None:
    document = f'{{ planned: node(id: "{LOAN}") {{ id }} }}'
    holding = replace(SIGNED_IN, scopes=frozenset({"receipts:read", "other:scope"}))

    before = len(library.engine._plans)
    answers_ = [library.engine_answer(Ask(document), viewer).body for viewer in (holding, SIGNED_IN, holding)]

    assert [orjson.loads(answer)["data"]["planned"] for answer in answers_] == [{"id": LOAN}, None, {"id": LOAN}]
    assert len(library.engine._plans) == before + 1


def test_a_rule_may_depend_on_a_scope(library: Ring) -> None:
    def count(*scopes: str) -> int:
        viewer = replace(SIGNED_IN, scopes=frozenset({"receipts:read", *scopes}))
        return library.fight(Ask("{ receipts { totalCount } }"), viewer)["data"]["receipts"]["totalCount"]

    assert (count(), count("money:read")) == (data.LOANS // 2, data.LOANS)


def test_a_graph_lists_what_its_types_and_fields_need() -> None:
    listed = needs(Graph(build()))

    assert {coordinate: sorted(scopes) for coordinate, scopes in listed.items() if scopes} == {
        "Loan.receipt": RECEIPTS,
        "Member.debts": ["money:read"],
        "Member.secret": SECRETS,
        "Mutation.addBook": ["books:write"],
        "Mutation.addBooks": ["books:write"],
        "Mutation.burn": ["books:write"],
        "Mutation.retitle": ["books:write"],
        "Query.receipts": RECEIPTS,
        "Receipt": RECEIPTS,
        "Receipt.amount": MONEY,
        "Receipt.book": RECEIPTS,
        "Receipt.id": RECEIPTS,
        "Receipt.name": RECEIPTS,
        "ReceiptConnection": RECEIPTS,
        "ReceiptConnection.edges": RECEIPTS,
        "ReceiptConnection.nodes": RECEIPTS,
        "ReceiptConnection.pageInfo": RECEIPTS,
        "ReceiptConnection.totalCount": RECEIPTS,
        "ReceiptEdge": RECEIPTS,
        "ReceiptEdge.cursor": RECEIPTS,
        "ReceiptEdge.node": RECEIPTS,
    }
    assert listed["Query.books"] == listed["Book"] == frozenset()


def test_both_schemas_show_what_is_needed() -> None:
    graph = Graph(build())
    public, subgraph = public_sdl(graph), subgraph_sdl(graph)

    for sdl in (public, subgraph):
        assert '@requiresScopes(scopes: [["money:read", "receipts:read"]])' in sdl
        assert (
            'addBook(input: AddBookInput!): AddBookPayload @cost(weight: 10) @requiresScopes(scopes: [["books:write"]])'
            in sdl
        )
        assert "count(strange: Boolean! = false): CountPayload @cost(weight: 10)\n" in sdl
        assert "results: [BookResult!]! @listSize(assumedSize: 100)" in sdl
    assert 'type Receipt implements Node & Named @requiresScopes(scopes: [["receipts:read"]])' in public
    assert "directive @requiresScopes(scopes: [[federation__Scope!]!]!)" in public
    assert "scalar federation__Scope" in public
    assert "scalar federation__Scope" not in subgraph
    assert '"@requiresScopes"' in subgraph


def start(**fields: tuple[Any, Any]) -> None:
    """Start a graph with these fields at its roots: mutations beside a query."""

    def root(name: str, chosen: dict[str, tuple[Any, Any]]) -> Any:
        body: dict[str, Any] = {"__annotations__": {field: annotation for field, (annotation, _) in chosen.items()}}
        return strawberry.type(type(name, (), body | {field: made for field, (_, made) in chosen.items()}))

    query = {"echo": (str, batched(answers.echo, description="It."))}
    check(Graph(strawberry.Schema(root("Query", query), root("Mutation", fields))), Viewer())


@strawberry.type(description="A payload.")
class Payload:
    books: int = strawberry.field(description="How many.")


def refusal(annotation: Any, declared: Any) -> str:
    with pytest.raises(BadDeclarationError) as refused:
        start(change=(annotation, declared))
    return str(refused.value)


def test_a_mutation_says_what_it_needs() -> None:
    unsaid = refusal(Payload | None, mutation(writes.count, description="It."))

    assert unsaid == (
        "Mutation.change does not say what it needs. Write scopes=(...), or scopes=PUBLIC for what anybody may do."
    )
    start(change=(Payload | None, mutation(writes.count, description="It.", scopes=PUBLIC)))


def test_a_mutation_is_nullable_and_in_its_place() -> None:
    certain = refusal(Payload, mutation(writes.count, description="It.", scopes=PUBLIC))
    elsewhere = refusal(str, batched(answers.echo, description="It."))
    plain = refusal(str, strawberry.field(resolver=lambda: "x", description="It."))

    assert certain.startswith("Mutation.change may fail, and would take with it what other mutations did.")
    assert elsewhere.startswith("Mutation.change is not in its place: mutation() and nothing else stands in")
    assert plain.startswith("Mutation.change is not in its place")


@pytest.mark.parametrize("scopes", ["books:write", ("two words",), ("",), ('"',)])
def test_a_scope_is_a_word_in_a_tuple(scopes: Any) -> None:
    if isinstance(scopes, str):
        with pytest.raises(AssertionError, match="in a tuple"):
            mutation(writes.count, description="It.", scopes=scopes)
    else:
        declared = mutation(writes.count, description="It.", scopes=scopes)
        assert "needs what is no scope. Write words like" in refusal(Payload | None, declared)


def test_a_type_needs_words_too() -> None:
    @strawberry.type(description="A book.")
    class Book(Node, table=rows.Book, visible=EVERYONE, code="Bo", scopes=("two words",)):
        title: str = column(rows.Book.title, description="It.")

    query = strawberry.type(
        type("Query", (), {"__annotations__": {"book": Book | None}, "book": batched(answers.echo, description="It.")})
    )
    with pytest.raises(BadDeclarationError, match="Book needs what is no scope"):
        check(Graph(strawberry.Schema(query)), Viewer())


def test_a_type_that_newly_needs_a_scope_breaks_clients() -> None:
    now = public_sdl(Graph(build()))
    before = now.replace(' @requiresScopes(scopes: [["receipts:read"]])', "", 1)

    assert [str(change) for change in breaking_changes(before, now)] == [
        "SCOPES_CHANGED: Receipt needs receipts:read, not no scope."
    ]
    assert breaking_changes(now, before) == []
