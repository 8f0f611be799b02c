from collections.abc import Awaitable, Callable
from typing import Any

Answering = Callable[..., Awaitable[Any]]


async def test_a_category_counts_the_courses_that_it_lists(ask: Answering) -> None:
    answer = await ask("{ categories { courseCount courses(first: 0) { totalCount } } }")

    counts = [(each["courseCount"], each["courses"]["totalCount"]) for each in answer["data"]["categories"]]
    assert len(counts) == 14
    assert all(counted == listed for counted, listed in counts)
