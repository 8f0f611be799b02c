"""Random operations over both graphs: the engine answers what graphql-core's own executor answers.

Each part has a seed, so a failure comes again; the message of a failure has the operation and its variables.
``BEKAL_TEST_ORACLE_EXAMPLES=1000`` makes it a long run, ``BEKAL_TEST_ORACLE_SEED`` another one.
"""

from collections.abc import Callable
from random import Random
from typing import Any, cast

import hypothesis.strategies as st
import orjson
import pytest
from graphql import GraphQLSchema, NameNode, ObjectFieldNode, ObjectValueNode, StringValueNode, parse, validate
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis_graphql import nodes, queries
from sqlalchemy import select

from engine.ids import encoder
from engine.run import Ask
from rules.access import ANONYMOUS
from tests.engine.duel import Ring
from tests.engine.following import followed
from tests.engine.library import data
from tests.engine.operations import Mixer, Values
from tests.engine.test_documents import VIEWERS

PARTS = 3

SCALARS = {
    "DateTime": st.sampled_from(["2020-01-02T15:30:00+07:00", "2026-03-01T00:00:00Z"]).map(nodes.String),
    "Date": st.sampled_from(["2021-02-28", "1990-01-03", "2024-05-02"]).map(nodes.String),
}
LIBRARY_SCALARS = SCALARS | {
    "Decimal": st.sampled_from(["0", "1.50", "2.5", "12.125"]).map(nodes.String),
    "UUID": st.integers(0, 9).map(lambda number: nodes.String(f"00000000-0000-0000-0000-{number:012}")),
    "Barcode": st.integers(0, 9).map(nodes.Int),
}
PROGRAMME_SCALARS = SCALARS | {
    "Rupiah": st.sampled_from(["0", "300000", "750000"]).map(nodes.String),
    "RegionCode": st.sampled_from(["32", "31", "32.73", "99"]).map(nodes.String),
    "URL": st.just(nodes.String("https://pasar.example/")),
}


def library_values() -> Values:
    """Return values of the library, by where they are asked for."""
    kinds = {"Sh": (data.SHELF, data.SHELVES), "Me": (data.MEMBER, data.MEMBERS), "Bo": (data.BOOK, data.BOOKS)}
    kinds |= {"Lo": (data.LOAN, data.LOANS), "Ca": (data.CARD, data.CARDS), "Re": (data.LOAN, data.LOANS)}
    coordinates = {
        "BookFilter.shelf": "Sh",
        "BookFilter.owners": "Me",
        "BookBy.id": "Bo",
        "Query.member.id": "Me",
        "Query.shelves.these": "Sh",
        "Wish.book": "Bo",
        "Wish.members": "Me",
        "Query.echo.ids": "Bo",
        "Receipt.id": "Re",
        "Mutation.retitle.book": "Bo",
        "BookRow.shelf": "Sh",
        "Ownership.owner": "Me",
    }

    def value(random: Random, coordinate: str) -> str | None:
        if coordinate in ("BookBy.title", "BookFilter.text", "BookRow.title", "Mutation.retitle.title"):
            return random.choice(["Eve's Road 0", "Zinc_ore 1", "a", "E", "%", "0"])
        code = coordinates.get(coordinate) or (random.choice(list(kinds)) if "node" in coordinate else None)
        if code is None:
            return None
        kind, count = kinds[code]
        return encoder(code)(data.key(kind, random.randrange(count + 1)))

    return value


PROGRAMME_IDS = {
    "CategoryBy.id": "Ca",
    "CourseBy.id": "Co",
    "ProviderBy.id": "Pr",
    "MarketplaceBy.id": "Ma",
    "RegionBy.id": "Re",
    "CourseFilter.category": "Ca",
    "CourseFilter.provider": "Pr",
    "CourseFilter.marketplace": "Ma",
}


def programme_values(ring: Ring) -> Values:
    """Return values of the demo data, by where they are asked for."""
    graph = ring.engine.graph
    ids = {
        code: [graph.encoders[info.name](row[0]) for row in ring.rows(info.table.select().limit(40))]
        for code, info in graph.codes.items()
    }
    codes = {
        f"{info.name}By.code": [row[0] for row in ring.rows(select(info.table.c.code).limit(40))]
        for info in graph.types.values()
        if "code" in info.table.c
    }

    def value(random: Random, coordinate: str) -> str | None:
        code = PROGRAMME_IDS.get(coordinate) or (random.choice(list(ids)) if "node" in coordinate else None)
        known = codes.get(coordinate) or ids.get(code or "")  # nothing of a type that the demo has no rows of
        return random.choice(known) if known else None

    return value


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("viewer", VIEWERS)
def test_the_library_is_answered_as_the_oracle_does(
    library: Ring, viewer: str, part: int, oracle_examples: int, oracle_seed: int
) -> None:
    values = library_values()
    names = {"Book": "BookBy.id", "Member": "Query.member.id", "Receipt": "Receipt.id"}
    strategy = trees(library.engine.graph.schema, LIBRARY_SCALARS | {"_Any": entity_keys(values, names)})

    check = checker(library, VIEWERS[viewer], values, strategy)

    repeated(check, oracle_seed + part, oracle_examples // len(VIEWERS))


@pytest.mark.parametrize("part", range(PARTS))
def test_the_programme_is_answered_as_the_oracle_does(
    programme: Ring, part: int, oracle_examples: int, oracle_seed: int
) -> None:
    values = programme_values(programme)
    scalars = PROGRAMME_SCALARS | {
        "_Any": entity_keys(values, {name: f"{name}By.id" for name in ("Course", "Region", "Provider")})
    }
    strategy = trees(programme.engine.graph.schema, scalars)

    check = checker(programme, ANONYMOUS, values, strategy)

    repeated(check, oracle_seed + part, oracle_examples)


def trees(schema: GraphQLSchema, scalars: dict[str, Any]) -> st.SearchStrategy[str]:
    """Return valid operations with literals: each starts at one field of the root, or at any."""
    assert schema.query_type is not None
    drawn = [
        queries(schema, custom_scalars=scalars, allow_x00=False, fields=[name] if name else None)
        for name in (None, *schema.query_type.fields)
    ]
    return st.one_of(drawn)


def entity_keys(values: Values, names: dict[str, str]) -> st.SearchStrategy[ObjectValueNode]:
    """Return keys of entities that are there."""
    random = Random(5)  # noqa: S311 - test data
    texts = [(name, values(random, names[name]) or "") for name in [*names] * 9]
    return st.sampled_from([_object({"__typename": name, "id": text}) for name, text in texts])


def _object(fields: dict[str, str]) -> ObjectValueNode:
    return nodes.Object(
        [ObjectFieldNode(name=NameNode(value=name), value=StringValueNode(value=fields[name])) for name in fields]
    )


def repeated(check: Callable[[], None], number: int, examples: int) -> None:
    """Run a property with a seed. Nothing is shrunk: the mixing has a seed of its own."""
    seed(number)(
        settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=(Phase.generate,),
            suppress_health_check=cast("Any", list(HealthCheck)),
        )(check)
    )()


def checker(ring: Ring, viewer: Any, values: Values, strategy: Any) -> Callable[[], None]:
    """Return the property: whatever is drawn, the answers are the same, also page by page and with other variables."""
    schema: GraphQLSchema = ring.engine.graph.schema

    @given(text=strategy, number=st.integers(0, 2**32))
    def check(text: str, number: int) -> None:
        operation = Mixer(schema, Random(number), values).mixed(text)  # noqa: S311 - test data
        assume(not validate(schema, parse(operation.document)))
        answer = ring.fight(Ask(operation.document, None, operation.variables), viewer)
        ring.fight(Ask(operation.document, None, operation.others), viewer)
        for document in followed(operation.document, answer.get("data") or {}):
            ring.fight(Ask(document, None, operation.variables), viewer)

    return check


def test_the_oracle_sees_a_difference(library: Ring) -> None:
    verdict = library.oracle.answer("{ books(first: 2) { nodes { title } } }", VIEWERS["librarian"])
    answer = library.engine_answer(Ask("{ books(first: 1) { nodes { title } } }"), VIEWERS["librarian"])

    with pytest.raises(AssertionError, match="data differs"):
        library.judge(orjson.loads(answer.body), verdict)
