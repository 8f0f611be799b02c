from pathlib import Path

import pytest
from graphql import parse, validate

from benchmarks.workload import QUERIES
from schema.graph import build


@pytest.mark.parametrize("path", sorted(QUERIES.glob("*.graphql")), ids=lambda path: path.stem)
def test_what_the_benchmark_asks_is_valid_for_the_graph(path: Path) -> None:
    document = parse(path.read_text(encoding="utf-8"))

    assert validate(build()._schema, document) == []  # pyright: ignore[reportPrivateUsage]
