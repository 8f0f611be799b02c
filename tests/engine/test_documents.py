"""Hand-picked operations: what is easy to get wrong, answered by engine and oracle alike, for three viewers."""

from typing import Any

import pytest

from engine.run import Ask
from tests.engine.duel import Ring
from tests.engine.library import data
from tests.engine.library.reads import Viewer

NOBODY = Viewer()
READER = Viewer(
    id=data.key(data.MEMBER, 4),
    rooms=frozenset({"attic", "tower's"}),
    signed_in=True,
    scopes=frozenset({"books:write", "receipts:read", "members:read"}),
)
LIBRARIAN = Viewer(
    librarian=True,
    rooms=frozenset({"attic", "cellar"}),
    signed_in=True,
    scopes=frozenset({"books:write", "receipts:read", "members:read", "money:read", "secrets:read"}),
)
VIEWERS = {"nobody": NOBODY, "reader": READER, "librarian": LIBRARIAN}

BOOK = "Qm8BkAAAAABwAIAAAAAABAAB"
"""The id of a book that everybody sees."""

SCALARS = """
    id title private thickness price binding rebound barcode weight depth ratio isbn boughtAt printedOn checked
    tags marks copies stamps loanCount others topFee proverb remarks jacket cents cover
"""

DOCUMENTS = {
    "every scalar": f"{{ books(first: 50) {{ nodes {{ {SCALARS} }} }} }}",
    "every scalar in records in records": f"""{{
        members(first: 3) {{ nodes {{ owned {{ {SCALARS} }} loans {{ nodes {{ book {{ {SCALARS} }} }} }} }} }}
    }}""",
    "a computed field that fails": "{ books(first: 50) { nodes { id heft } } }",
    "a computed field that overflows": "{ books(first: 50) { nodes { id grains } } }",
    "a missing value behind non-null": "{ books(first: 50) { nodes { id motto } } }",
    "a missing value behind non-null, in edges": "{ books(first: 50) { totalCount edges { cursor node { motto } } } }",
    "a missing value behind non-null, below an edge": "{ loans(first: 9) { nodes { id book { motto title } } } }",
    "a missing item behind non-null": "{ books(first: 50) { nodes { id chapters } } }",
    "a missing item of a list behind non-null": "{ loans(first: 9) { nodes { id book { chapters } } } }",
    "a missing expression behind non-null": "{ loans { nodes { id book { sureFee } } } }",
    "a list that breaks": "{ members(first: 4) { nodes { name owned { motto } } } }",
    "a batched scalar": "{ books(first: 50) { nodes { stars more: stars(add: 2) } } }",
    "a batched row": "{ books(first: 50) { nodes { lastLoan { id dueOn member { name } book { title } } } } }",
    "batched rows": "{ books(first: 50) { nodes { related { id title } few: related(count: 1) { title } } } }",
    "batched rows that break": "{ books(first: 9) { nodes { related { id motto heft } } } }",
    "batched objects": """{ books(first: 50) { nodes { condition {
        __typename grade note seenAt reader { name card { number } } best { number torn }
        leaves { number worm { name nick } } } } } }""",
    "batched objects that break": "{ books(first: 50) { nodes { condition { leaves { number torn worm { name } } } } } }",
    "batched failures": "{ books(first: 50) { nodes { id fragile a: fragile(fail: ALL) n: fragile(fail: NONE) } } }",
    "batched lists in lists": "{ books(first: 50) { nodes { id matrix } } }",
    "slots in slots": """{ members { nodes { name things { __typename ... on Book { title related { title stars
        condition { reader { name near { name ... on Shelf { room books(first: 2) { totalCount nodes { title } } } } } }
        } } ... on Member { nick mentor { name near { __typename name } } } } } } }""",
    "a union": """{ members(first: 20) { nodes { things {
        __typename ... on Book { title owner { name } } ... on Member { name } ... on Node { id } } } } }""",
    "a union that may not be null": "{ members(first: 20) { nodes { name best { ... on Book { title } } } } }",
    "an interface of rows": """{ named(numbers: [0, 1, 2, 3, 4, 5, 99]) {
        __typename name ... on Shelf { room firstBooks { title } } ... on Member { nick card { number } } } }""",
    "an edge hidden by a rule": "{ books(first: 50) { nodes { id shelf { name room } place { name room } } } }",
    "the same edge with and without a rule": "{ books(first: 50) { nodes { place { name } shelf { name } } } }",
    "an edge below a hidden one": "{ loans(first: 50) { nodes { book { owner { name mentor { name } } place { name } } } } }",
    "an edge of its own kind": "{ members { nodes { name mentor { name mentor { name mentor { name } } } } } }",
    "a one-to-one edge": "{ members { nodes { name card { number member { name card { number } } } } } }",
    "rows without an id": "{ members { nodes { favourites { stars rank book { title } member { name } } } } }",
    "lists in lists": "{ shelves { name firstBooks { title lately { dueOn fee member { name owned { title } } } } } }",
    "pages in pages": """{ shelves { name books(first: 2, orderBy: THICKEST) { totalCount pageInfo { hasNextPage }
        nodes { title loans(last: 1, orderBy: FEE) { totalCount edges { cursor node { fee } }
        pageInfo { hasPreviousPage hasNextPage startCursor endCursor } } } } } }""",
    "only a count": "{ books { totalCount } shelves { books { totalCount } } }",
    "only a type name": "{ __typename books { __typename } shelves { __typename books { __typename } } }",
    "only type names inside": "{ books(first: 2) { __typename edges { __typename node { __typename } } pageInfo { __typename } } }",
    "edges twice": "{ books(first: 2) { a: edges { cursor } b: edges { node { id } c: node { title } } edges { cursor } } }",
    "no rows": "{ books(first: 0) { nodes { id } totalCount pageInfo { hasNextPage endCursor } } }",
    "no rows, backward": "{ books(last: 0) { nodes { id } totalCount pageInfo { hasPreviousPage startCursor } } }",
    "merged fields": "{ books(first: 2) { nodes { id } nodes { title } } ... on Query { books(first: 2) { totalCount } } }",
    "merged edges": "{ books { nodes { owner { id } ... { owner { name } } ...F } } } fragment F on Book { owner { nick } }",
    "nested fragments, twice": """{ a: books(first: 1) { ...C } b: books(first: 2) { ...C ...D } }
        fragment C on BookConnection { nodes { ...B } ...D } fragment D on BookConnection { totalCount nodes { title } }
        fragment B on Book { id owner { ...M } } fragment M on Member { name mentor { name } }""",
    "a fragment on an interface": "{ books(first: 2) { nodes { ...N } } } fragment N on Node { __typename id }",
    "type conditions that do not hold": "{ members(first: 2) { nodes { ... on Named { name ... on Shelf { room } } } } }",
    "aliases of everything": "{ x: books(first: 1) { y: nodes { z: id z2: id t: title } p: pageInfo { q: hasNextPage } c: totalCount } }",
    "same key, other types": f"""{{ nodes(ids: ["{BOOK}", "TWUBkAAAAABwAIAAAAAAAgAF"]) {{ id
        ... on Book {{ x: lastLoan {{ dueOn }} }} ... on Member {{ x: mentor {{ name best {{ ... on Book {{ motto }} }} }} }}
    }} }}""",
    "same key, other types, in a failing object": """{ members(first: 12) { nodes { things {
        ... on Book { x: condition { note leaves { torn } } } ... on Member { x: card { number } y: mentor { best { __typename } } }
    } } } }""",
    "skip and include": """{ books(first: 2) { totalCount @skip(if: true) nodes @include(if: true) { id
        title @include(if: false) owner @skip(if: false) { name } ... @skip(if: true) { price } } } }""",
    "nothing selected at all": "{ books(first: 2) { nodes { id @skip(if: true) } } shelves @include(if: false) { id } }",
    "an empty object in an edge": "{ loans(first: 3) { nodes { book { id @skip(if: true) } } } }",
    "one row": f'{{ book(by: {{id: "{BOOK}"}}) {{ title }} missing: book(by: {{title: "none"}}) {{ title }} }}',
    "one row by a text": """{ book(by: {title: "Eve's Road 0"}) { title loans { totalCount } } }""",
    "nodes of all kinds": f"""{{ nodes(ids: ["{BOOK}", "TWUBkAAAAABwAIAAAAAAAgAE", "nonsense", "{BOOK}", "",
        "WFgBkAAAAABwAIAAAAAABAAB", "Qm8BkAAAAABwAIAAAAAABP__"]) {{ __typename id ... on Book {{ title heft }} }} }}""",
    "a bad id": '{ node(id: "nonsense") { id } books(first: 1) { nodes { id } } }',
    "introspection beside data": """{ __schema { queryType { name } types { name } } books(first: 1) { totalCount }
        t: __type(name: "Book") { name fields { name type { name kind ofType { name } } args { name defaultValue } } }
        none: __type(name: "Nothing") { name } __typename }""",
    "introspection in a fragment": '{ ...Q } fragment Q on Query { __type(name: "Book") { ...T } } fragment T on __Type { name }',
    "arguments": """{ a: echo(text: "it's", count: null, first: 1)
        b: echo(wish: {text: "", size: SMALL, count: 1, ratio: 1.5, members: [], bindings: [HARD, SOFT], price: {min: "1.10"},
            day: "2024-02-29", at: "2024-02-29T01:02:03+07:00", isbn: "00000000-0000-0000-0000-00000000000f", exact: 2.50,
            grid: [[1, 2], []], sure: true})
        c: echo(wish: {text: "x", count: null, members: "TWUBkAAAAABwAIAAAAAAAgAE", bindings: LOOSE, price: null})
        d: echo(ids: ["Qm8BkAAAAABwAIAAAAAABAAB"], sizes: [SMALL, null, LARGE])
        e: echo(sizes: null, ids: "Qm8BkAAAAABwAIAAAAAABAAB") }""",
    "constants with awkward characters": "{ books(first: 50) { nodes { proverb } } }",
    "many roots": "{ a: shelves { name } b: books { totalCount } c: members { nodes { name } } d: echo e: named(numbers: 1) { name } }",
}  # fmt: skip


@pytest.mark.parametrize("viewer", VIEWERS)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_engine_answers_as_the_oracle_does(library: Ring, name: str, viewer: str) -> None:
    library.fight(Ask(DOCUMENTS[name]), VIEWERS[viewer])


FILTERS: dict[str, Any] = {
    "nothing": {},
    "null": None,
    "a shelf": {"shelf": "U2gBkAAAAABwAIAAAAAAAQAB"},
    "owners": {"owners": ["TWUBkAAAAABwAIAAAAAAAgAE", "TWUBkAAAAABwAIAAAAAAAgAH"]},
    "no owners": {"owners": []},
    "an enum": {"binding": "HARD"},
    "a list of enums": {"bindings": ["HARD", "LOOSE"]},
    "a flag": {"private": False},
    "numbers": {"pagesMin": 110, "pagesAny": [100, 120, 140]},
    "a nested range": {"price": {"min": "1.50", "max": "3.5"}},
    "half a range": {"price": {"max": 2}},
    "an empty range": {"price": {}},
    "a text": {"text": "ROAD"},
    "a text with wildcards": {"text": "0% m"},
    "an instant": {"boughtFrom": "2020-01-02T15:30:00+07:00"},
    "a day": {"printedOn": "1990-01-03"},
    "a uuid": {"isbn": "00000000-0000-0000-0000-000000000004"},
    "a word in an array": {"tagged": "old"},
    "a float": {"ratioMax": 1.5},
    "all at once": {"private": False, "binding": "SOFT", "price": {"min": 0}, "text": "e", "pagesMin": 1},
}


@pytest.mark.parametrize("viewer", VIEWERS)
@pytest.mark.parametrize("name", FILTERS)
def test_filters_by_variables_narrow_as_they_say(library: Ring, name: str, viewer: str) -> None:
    document = "query ($f: BookFilter) { books(filter: $f, first: 50) { totalCount nodes { id } edges { cursor } } }"

    library.fight(Ask(document, None, {"f": FILTERS[name]}), VIEWERS[viewer])
